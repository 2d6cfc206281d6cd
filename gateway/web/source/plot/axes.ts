// Ranges and labels of logarithmic axes: above zero, of some width, from one tick to another.
import type uPlot from "uplot";

/** What lies further below the highest value is not shown: a model that dies out would press everything else together. */
const MOST_DECADES = 8;

export function logRange(low: number | null, high: number | null): [number, number] {
  const lowest = low && low > 0 ? low : 1e-3;
  const most = high && high > lowest ? high : lowest * 10;
  const least = Math.max(lowest, most / 10 ** MOST_DECADES);
  return [tick(least / 1.3, Math.floor), tick(most * 1.3, Math.ceil)];
}

/** The same as uPlot asks for it. */
export function decades(_: uPlot, low: number | null, high: number | null): [number, number] {
  return logRange(low, high);
}

/** What stands at the ticks; uPlot itself would write 0 for what is below a thousandth. */
export function logLabels(_: uPlot, ticks: (number | null)[]): string[] {
  return ticks.map((value) => (value === null ? "" : String(Number(value.toPrecision(3)))));
}

/**
 * Round to one digit. uPlot counts ticks up from the lower end, and rounds what it counts to the digits of a tick: from
 * an end such as 0.097 it comes to zero, and goes on until the browser has no memory left.
 */
function tick(value: number, round: (digit: number) => number): number {
  const exponent = Math.floor(Math.log10(value));
  // A logarithm may be rounded up to the next whole number.
  return Number(`${Math.max(1, round(value / 10 ** exponent))}e${exponent}`);
}
