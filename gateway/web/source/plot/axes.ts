// Ticks and ranges of axes: round values, at least two of them, at logarithmic axes 2, 3 and 5 where there is room.

/** What lies further below the highest value is not shown: a model that dies out would press everything else together. */
const MOST_DECADES = 8;
const DECIMAL = [1, 2, 5];
/** Digits of the ticks of a decade, from many to few. */
const LOG_DIGITS = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5], [1, 2, 5], [1, 3], [1]];

export interface Ticks {
  places: number[];
  step: number;
}

/** Steps that people count in, from well below *span* to above it. */
export function decimalSteps(span: number): number[] {
  const most = Math.ceil(Math.log10(span)) + 1;
  return Array.from({ length: 6 }, (_, place) => most - 5 + place).flatMap((exponent) =>
    DECIMAL.map((digit) => Number(`${digit}e${exponent}`)),
  );
}

/** Ticks a round step apart, counted from *zero*: at most *most*, but not fewer than two. */
export function roundTicks(low: number, high: number, most: number, zero = 0, steps = decimalSteps(high - low)): Ticks {
  const count = (step: number) => Math.floor((high - zero) / step + 1e-6) - Math.ceil((low - zero) / step - 1e-6) + 1;
  const wide = steps.findIndex((step) => count(step) <= Math.max(2, most));
  let chosen = wide < 0 ? steps.length - 1 : wide;
  while (chosen > 0 && count(steps[chosen] as number) < 2) chosen--;
  const step = steps[chosen] as number;
  const first = Math.ceil((low - zero) / step - 1e-6);
  return { places: Array.from({ length: Math.max(0, count(step)) }, (_, number) => zero + (first + number) * step), step };
}

/** A number to the digits that a step has. */
export function toStep(value: number, step: number): string {
  if (step >= 1e6 || step < 1e-6) return String(Number(value.toPrecision(4))).replace("-", "−");
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-3));
  return (Object.is(Number(value.toFixed(digits)), -0) ? 0 : value).toFixed(digits).replace("-", "−");
}

/** Ticks of a logarithmic axis of *length* pixels, whose labels need *room* pixels each. */
export function logTicks(low: number, high: number, length: number, room: number): number[] {
  const pixels = length / Math.log10(high / low);
  const [first, last] = [Math.floor(Math.log10(low) - 1e-9), Math.ceil(Math.log10(high) + 1e-9)];
  const inside = (value: number) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const all = LOG_DIGITS.map((digits) =>
    Array.from({ length: last - first + 1 }, (_, place) => first + place)
      .flatMap((exponent) => digits.map((digit) => Number(`${digit}e${exponent}`)))
      .filter(inside),
  );
  const apart = (ticks: number[]) => ticks.every((tick, place) => !place || Math.log10(tick / (ticks[place - 1] as number)) * pixels >= room);
  const found = all.find((ticks) => ticks.length > 1 && apart(ticks)) ?? [];
  if (found.length > 1) return found;
  const decades = all.at(-1) as number[];
  if (decades.length > 2) return decades.filter((_, place) => place % Math.ceil(room / pixels) === 0);
  // Less than a factor of two: the same as on a linear axis.
  return roundTicks(low, high, Math.max(2, Math.floor(length / room / 2))).places;
}

export function logRange(low: number | null, high: number | null): [number, number] {
  const lowest = low && low > 0 ? low : 1e-3;
  const most = high && high > lowest ? high : lowest * 10;
  const least = Math.max(lowest, most / 10 ** MOST_DECADES);
  return [least / 1.2, most * 1.2];
}

/** Range of values with their errors, which leaves a margin: nothing is cut at the edge. */
export function rangeOf(values: ArrayLike<number | null>, errors: ArrayLike<number | null> | null, log: boolean): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    const error = errors?.[at];
    const wide = error && Number.isFinite(error) ? error : 0;
    // What goes below zero has no lower end on a logarithmic axis.
    low = Math.min(low, log && value - wide <= 0 ? value / 2 : value - wide);
    high = Math.max(high, value + wide);
  }
  if (!(high >= low)) return log ? [0.1, 10] : [0, 1];
  if (log) return logRange(low, high);
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - margin, high + margin];
}

/** What stands at the ticks of a logarithmic axis. */
export function logLabel(value: number): string {
  const text = Number(value.toPrecision(3));
  return text >= 1e5 || text < 1e-3 ? text.toExponential().replace("e+", "e").replace("-", "−") : String(text);
}
