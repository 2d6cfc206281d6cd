// Data, models and residuals of a fit; of two fits of the same data, both models.
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";

import { rangeOf } from "../plot/axes";
import { Chart, colour, drawErrors, linearAxis, logAxis } from "../plot/chart";
import { measured } from "../plot/values";
import { type Curves, fitted, type Report } from "./fit_report";

const COLOURS = ["action", "bad", "good", "cached"];

type Column = (number | null)[];

/** A fit with what is drawn of it. */
export interface Drawn {
  report: Report;
  curves: Curves;
}

/** One group of channels, of the first or the second fit. */
interface Group {
  energy: number;
  /** Place in the curves of its fit. */
  at: number;
  of: Drawn;
}

export function Plots({ fit, other = null }: { fit: Drawn; other?: Drawn | null }) {
  const { groups, data, residuals, options, below } = useMemo(() => plotted(fit, other), [fit, other]);
  const pointed = (_: uPlot, place: number) => {
    const group = groups[place];
    if (!group) return "";
    const { curves, report } = group.of;
    const [low, high, rate, error, model] = (["low", "high", "rate", "error", "model"] as const).map((name) => curves[name][group.at] as number) as [number, number, number, number, number];
    const wide = high - low;
    const who = report.spectra.length > 1 ? `${report.spectra[(curves.spectrum[group.at] ?? 1) - 1]?.instrument}, ` : "";
    return `${who}${low.toFixed(1)} to ${high.toFixed(1)} keV: ${measured(rate / wide, error / wide, "counts/s/keV")}, ${report.model} ${Number((model / wide).toPrecision(3))}, residual ${((rate - model) / error).toFixed(1).replace("-", "−")} σ`;
  };
  const what = fitted(fit.report);
  const lines = [fit, other].filter((one) => one !== null);
  return (
    <>
      <Chart
        options={options}
        data={data}
        height={360}
        text={`Data and model of ${what}, ${fit.curves.low.length} groups of channels`}
        pointed={pointed}
        hint="Point at the data to read energy, rate, error, model and residual."
        steps
      />
      <Chart options={below} data={residuals} height={190} text={`Residuals of ${what} in sigma`} />
      <p class="row">
        {fit.report.spectra.map((one, number) => (
          <span key={`${one.source} ${one.instrument}`} style={{ color: `var(--${COLOURS[number % COLOURS.length]})` }}>
            ● {one.source} {one.instrument}
            {fit.report.spectra.length > 1 ? `, factor ${one.factor_value.toPrecision(3)}` : ""}
          </span>
        ))}
        {lines.map((one, number) => (
          <span key={number}>
            <span aria-hidden="true">{number ? "╌╌" : "──"}</span> model <code>{one.report.model}</code>
          </span>
        ))}
      </p>
    </>
  );
}

function plotted(fit: Drawn, other: Drawn | null) {
  const groupsOf = (of: Drawn): Group[] => [...of.curves.low.keys()].map((at) => ({ energy: middle(of.curves, at), at, of }));
  const groups = [...groupsOf(fit), ...(other ? groupsOf(other) : [])].sort((a, b) => a.energy - b.energy);
  const count = fit.report.spectra.length;
  const columns = (of: Drawn, number: number, value: (curves: Curves, at: number) => number | null): Column[] =>
    Array.from({ length: number }, (_, spectrum) =>
      groups.map((one) => (one.of === of && of.curves.spectrum[one.at] === spectrum + 1 ? value(of.curves, one.at) : null)),
    );
  const positive = (value: number) => (value > 0 ? value : null);
  const wide = (curves: Curves, at: number) => (curves.high[at] as number) - (curves.low[at] as number);
  const xs = groups.map((one) => one.energy);
  const rates = columns(fit, count, (curves, at) => positive((curves.rate[at] as number) / wide(curves, at)));
  const errors = columns(fit, count, (curves, at) => (curves.error[at] as number) / wide(curves, at));
  const model = (curves: Curves, at: number) => positive((curves.model[at] as number) / wide(curves, at));
  const models = columns(fit, count, model);
  const others = other ? columns(other, other.report.spectra.length, model) : [];
  const sigma = (curves: Curves, at: number) => ((curves.rate[at] as number) - (curves.model[at] as number)) / (curves.error[at] as number);
  const sigmas = columns(fit, count, sigma);
  const shade = (number: number) => () => colour(COLOURS[number % COLOURS.length] as string);
  const points = (number: number): uPlot.Series => ({ stroke: shade(number), paths: () => null, points: { show: true, size: 4 } });
  const line = (dash: number[]): uPlot.Series => ({ stroke: () => colour("text"), width: 1, dash, spanGaps: true, points: { show: false } });
  const edges = [...rates.map((column, number) => rangeOf(column, errors[number] ?? null, true)), ...models.map((column) => rangeOf(column, null, true))];
  const range: [number, number] = [Math.min(...edges.map((one) => one[0])), Math.max(...edges.map((one) => one[1]))];
  const energies = rangeOf(xs, null, true);
  const x = { time: false, distr: 3 as const, range: () => energies };
  const options: Omit<uPlot.Options, "width" | "height"> = {
    scales: { x, y: { distr: 3, range: () => range } },
    axes: [{ ...logAxis("energy [keV]") }, logAxis("counts/s/keV")],
    series: [{}, ...rates.map((_, number) => points(number)), ...models.map(() => line([])), ...others.map(() => line([7, 5]))],
    hooks: { draw: [(chart) => errors.forEach((column, number) => drawErrors(chart, number + 1, column, shade(number)()))] },
    cursor: { sync: { key: "fit" } },
  };
  const most = Math.max(3, ...sigmas.flat().map((one) => Math.abs(one ?? 0))) * 1.1;
  const below: Omit<uPlot.Options, "width" | "height"> = {
    scales: { x, y: { range: () => [-most, most] } },
    axes: [logAxis("energy [keV]"), linearAxis("residual [σ]")],
    series: [{}, ...sigmas.map((_, number) => points(number))],
    hooks: { drawClear: [zeroLine] },
    cursor: { sync: { key: "fit" } },
  };
  return {
    groups,
    data: [xs, ...rates, ...models, ...others] as uPlot.AlignedData,
    residuals: [xs, ...sigmas] as uPlot.AlignedData,
    options,
    below,
  };
}

function zeroLine(chart: uPlot): void {
  const { ctx, bbox } = chart;
  const y = chart.valToPos(0, "y", true);
  ctx.save();
  ctx.strokeStyle = colour("quiet");
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

function middle(curves: Curves, at: number): number {
  return Math.sqrt((curves.low[at] as number) * (curves.high[at] as number));
}
