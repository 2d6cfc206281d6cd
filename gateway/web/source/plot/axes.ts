// Ranges of logarithmic axes: always above zero and always of some width, which uPlot does not see to itself.
import type uPlot from "uplot";

export function decades(_: uPlot, low: number | null, high: number | null): [number, number] {
  const least = low && low > 0 ? low : 1e-3;
  const most = high && high > least ? high : least * 10;
  return [least / 1.3, most * 1.3];
}
