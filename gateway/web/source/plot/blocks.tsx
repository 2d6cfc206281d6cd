// The Bayesian blocks of a burst as steps above its background, with the interval T90.
import { useMemo } from "preact/hooks";
import uPlot from "uplot";

import { rangeOf, toStep } from "./axes";
import { Chart, colour, linearAxis } from "./chart";
import { measured } from "./values";

interface Block {
  begin_utc: string;
  length_s: number;
  /** counts/s above the background. */
  rate: number;
  error: number;
}

/** A burst as the searches write it; null where something cannot be told. */
export interface Burst {
  begin_utc: string;
  end_utc: string;
  peak_utc: string;
  peak_rate: number;
  peak_bin_s: number;
  background_rate: number;
  t90_s: number | null;
  t90_error_s: number | null;
  t90_begin_utc: string | null;
  t50_s: number | null;
  t50_error_s: number | null;
  duration_missing: string | null;
  counts: number | null;
  counts_error: number | null;
  counts_missing: string | null;
  snr: number;
  fluence?: number | null;
  isotropic_energy_erg?: number | null;
  blocks: Block[];
}

/** Seconds from one UTC to another; a leap second between them is not counted. */
function between(from: string, to: string): number {
  const exact = (text: string) => {
    const [whole = "", rest = "0"] = text.replace("Z", "").split(".");
    return [Date.parse(`${whole}Z`) / 1000, Number(`0.${rest}`)] as const;
  };
  const [first, second] = [exact(from), exact(to)];
  return second[0] - first[0] + (second[1] - first[1]);
}

export function Blocks({ burst }: { burst: Burst }) {
  const { data, options } = useMemo(() => {
    const xs = burst.blocks.map((one) => between(burst.peak_utc, one.begin_utc));
    const rates: number[] = burst.blocks.map((one) => one.rate);
    // The last block ends where nothing else begins.
    xs.push((xs.at(-1) ?? 0) + (burst.blocks.at(-1)?.length_s ?? 0));
    rates.push(rates.at(-1) ?? 0);
    const begin = burst.t90_begin_utc === null ? null : between(burst.peak_utc, burst.t90_begin_utc);
    const shown: Omit<uPlot.Options, "width" | "height"> = {
      scales: { x: { time: false }, y: { range: () => rangeOf([0, ...rates], null, false) } },
      axes: [linearAxis("time from the peak [s]"), linearAxis("counts/s above background")],
      series: [{}, { stroke: () => colour("action"), width: 2, points: { show: false }, paths: stepped() }],
      hooks: { drawClear: [(chart) => begin !== null && burst.t90_s !== null && shade(chart, begin, begin + burst.t90_s)] },
    };
    return { data: [xs, rates] as uPlot.AlignedData, options: shown };
  }, [burst]);
  const t90 = burst.t90_s === null ? "T90 not known" : `T90 ${Number(burst.t90_s.toPrecision(3))} s, shaded`;
  const pointed = (chart: uPlot) => {
    const time = chart.posToVal(chart.cursor.left ?? 0, "x");
    const xs = data[0];
    const at = burst.blocks.findIndex((_, place) => time >= (xs[place] as number) && time < (xs[place + 1] as number));
    const block = burst.blocks[at];
    if (!block) return "";
    return `From ${toStep(xs[at] as number, 0.001)} s, for ${Number(block.length_s.toPrecision(4))} s: ${measured(block.rate, block.error, "counts/s")} above background`;
  };
  return (
    <Chart
      options={options}
      data={data}
      height={260}
      text={`${burst.blocks.length} blocks of the burst at ${burst.peak_utc}; ${t90}`}
      pointed={pointed}
      hint="Point at a block to read its time, length and rate; T90 is shaded."
      steps
    />
  );
}

function stepped(): uPlot.Series.PathBuilder {
  const make = uPlot.paths.stepped;
  if (!make) throw new Error("uPlot draws no steps");
  return make({ align: 1 });
}

/** Fill an interval of the x axis behind everything. */
function shade(chart: uPlot, from: number, to: number): void {
  const { ctx, bbox } = chart;
  const [left, right] = [chart.valToPos(from, "x", true), chart.valToPos(to, "x", true)];
  ctx.save();
  ctx.globalAlpha = 0.25;
  ctx.fillStyle = colour("cached");
  ctx.fillRect(Math.max(bbox.left, left), bbox.top, Math.min(bbox.left + bbox.width, right) - Math.max(bbox.left, left), bbox.height);
  ctx.restore();
}
