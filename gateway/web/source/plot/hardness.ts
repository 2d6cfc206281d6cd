// Hardness of a source: the difference of two bands over their sum, of the bins that both have.
import { rebinned } from "./pyramid";

export interface Bins {
  time: Float64Array;
  rate: Float32Array;
  error: Float32Array;
  exposure: Float32Array;
}

/** Sums that are not seen well give ratios of anything: they are left out. */
const LEAST_SIGMA = 3;

/** Return (H − S) / (H + S) with its error (both bands are independent), *factor* bins of *step* seconds together. */
export function hardness(soft: Bins, hard: Bins, factor: number, step: number): { time: Float64Array; rate: Float32Array; error: Float32Array } {
  const [first, second] = common(soft, hard, step / 2).map((bins) => rebinned(bins, factor, step)) as [Bins, Bins];
  const [time, rate, error]: [number[], number[], number[]] = [[], [], []];
  first.time.forEach((at, place) => {
    const [s, h] = [first.rate[place] as number, second.rate[place] as number];
    const [sError, hError] = [first.error[place] as number, second.error[place] as number];
    const sum = s + h;
    if (!(sum > LEAST_SIGMA * Math.hypot(sError, hError))) return;
    time.push(at);
    rate.push((h - s) / sum);
    error.push((2 * Math.hypot(s * hError, h * sError)) / (sum * sum));
  });
  return { time: Float64Array.from(time), rate: Float32Array.from(rate), error: Float32Array.from(error) };
}

/** The bins of two curves that lie at the same times and have a rate in both, so that both are put together alike. */
function common(one: Bins, other: Bins, apart: number): [Bins, Bins] {
  const pairs: [number, number][] = [];
  let there = 0;
  one.time.forEach((at, here) => {
    while (there < other.time.length && (other.time[there] as number) < at - apart) there++;
    const near = there < other.time.length && (other.time[there] as number) <= at + apart;
    if (near && !Number.isNaN(one.rate[here]) && !Number.isNaN(other.rate[there])) pairs.push([here, there]);
  });
  const exposure = Float32Array.from(pairs, ([here, there]) => Math.min(one.exposure[here] as number, other.exposure[there] as number));
  const picked = (bins: Bins, place: 0 | 1): Bins => ({
    time: Float64Array.from(pairs, ([here]) => one.time[here] as number),
    rate: Float32Array.from(pairs, (pair) => bins.rate[pair[place]] as number),
    error: Float32Array.from(pairs, (pair) => bins.error[pair[place]] as number),
    exposure,
  });
  return [picked(one, 0), picked(other, 1)];
}
