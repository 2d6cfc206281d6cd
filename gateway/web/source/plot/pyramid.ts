// A light curve at every scale: of far more bins than pixels, the extremes and means of groups are drawn.
export interface Level {
  time: Float64Array;
  mean: Float32Array;
  error: Float32Array;
  low: Float32Array;
  high: Float32Array;
  /** Usual distance of two bins [s]: what is much further apart is a gap. */
  step: number;
}

const FACTOR = 4;
const SMALLEST = 3000;

/** All scales, the finest first. */
export function pyramid(time: Float64Array, rate: Float32Array, error: Float32Array, step: number): Level[] {
  const levels: Level[] = [{ time, mean: rate, error, low: rate, high: rate, step }];
  for (let last = levels[0] as Level; last.time.length > SMALLEST; last = levels.at(-1) as Level) levels.push(coarser(last));
  return levels;
}

function coarser(level: Level): Level {
  const size = Math.ceil(level.time.length / FACTOR);
  const next: Level = {
    time: new Float64Array(size),
    mean: new Float32Array(size),
    error: new Float32Array(size),
    low: new Float32Array(size),
    high: new Float32Array(size),
    step: level.step * FACTOR,
  };
  for (let group = 0; group < size; group++) {
    let [count, time, sum, squares, low, high] = [0, 0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const end = Math.min(level.time.length, (group + 1) * FACTOR);
    for (let at = group * FACTOR; at < end; at++) {
      const value = level.mean[at] as number;
      time += level.time[at] as number;
      if (Number.isNaN(value)) continue;
      count++;
      sum += value;
      squares += (level.error[at] as number) ** 2;
      low = Math.min(low, level.low[at] as number);
      high = Math.max(high, level.high[at] as number);
    }
    next.time[group] = time / (end - group * FACTOR);
    next.mean[group] = count ? sum / count : Number.NaN;
    next.error[group] = count ? Math.sqrt(squares) / count : Number.NaN;
    next.low[group] = count ? low : Number.NaN;
    next.high[group] = count ? high : Number.NaN;
  }
  return next;
}

/** Put *factor* bins together, weighted by their exposures. */
export function rebinned(
  curve: { time: Float64Array; rate: Float32Array; error: Float32Array; exposure: Float32Array },
  factor: number,
  step: number,
): { time: Float64Array; rate: Float32Array; error: Float32Array } {
  if (factor <= 1 || !curve.time.length) return curve;
  const start = curve.time[0] as number;
  const [time, rate, error]: [number[], number[], number[]] = [[], [], []];
  let at = 0;
  while (at < curve.time.length) {
    // The new bins lie on one grid, so that a gap does not shift those after it.
    const bin = Math.floor(((curve.time[at] as number) - start + step / 2) / (step * factor));
    let [weight, sum, squares] = [0, 0, 0];
    for (; at < curve.time.length; at++) {
      if (Math.floor(((curve.time[at] as number) - start + step / 2) / (step * factor)) !== bin) break;
      const exposure = curve.exposure[at] as number;
      const value = curve.rate[at] as number;
      if (Number.isNaN(value) || !(exposure > 0)) continue;
      weight += exposure;
      sum += value * exposure;
      squares += ((curve.error[at] as number) * exposure) ** 2;
    }
    if (!weight) continue;
    time.push(start + (bin + 0.5) * step * factor - step / 2);
    rate.push(sum / weight);
    error.push(Math.sqrt(squares) / weight);
  }
  return { time: Float64Array.from(time), rate: Float32Array.from(rate), error: Float32Array.from(error) };
}

/** The part of a curve between two times, at the finest scale that has no more than so many bins there. */
export function inView(levels: Level[], from: number, to: number, most = SMALLEST): { level: Level; first: number; last: number } {
  for (const level of levels) {
    const first = Math.max(0, place(level.time, from) - 1);
    const last = Math.min(level.time.length, place(level.time, to) + 1);
    if (last - first <= most || level === levels.at(-1)) return { level, first, last };
  }
  throw new Error("a curve has at least one scale");
}

/** Index of the first time that is not before *wanted*. */
function place(times: Float64Array, wanted: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
