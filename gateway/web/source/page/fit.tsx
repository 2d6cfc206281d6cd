// The result of a fit: data and model, residuals below, parameters with their errors, fluxes.
import { useEffect, useMemo, useState } from "preact/hooks";
import type uPlot from "uplot";

import { bytesOf, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
import { decades, logLabels } from "../plot/axes";
import { axis, Chart, colour, drawErrors } from "../plot/chart";
import type { Result, TabProps } from "./job";

interface Estimate {
  name: string;
  value: number;
  error_lower: number | null;
  error_upper: number | null;
  unit: string;
  free: boolean;
  tie: string | null;
  stopped: string | null;
}
interface Report {
  model: string;
  statistic_name: string;
  statistic: number;
  dof: number;
  reduced: number;
  null_probability: number | null;
  confidence: number;
  parameters: Estimate[];
  spectra: { source: string; instrument: string; factor_value: number; factor_error_lower: number | null; factor_error_upper: number | null }[];
  fluxes: { low_kev: number; high_kev: number; erg_cm2_s: number; erg_lower: number | null; erg_upper: number | null }[];
  free: string[];
  covariance: number[][] | null;
}
interface Curves {
  spectrum: Float64Array;
  low: Float64Array;
  high: Float64Array;
  rate: Float64Array;
  error: Float64Array;
  model: Float64Array;
}

const COLOURS = ["action", "bad", "good", "cached"];

export function FitTab({ results }: TabProps) {
  const json = results.find((file) => file.name === "fit.json");
  const fits = results.find((file) => file.name === "fit.fits");
  const [report, setReport] = useState<Report | null>(null);
  const [curves, setCurves] = useState<Curves | null>(null);
  const [failed, fail] = useState<string | null>(null);
  useEffect(() => {
    if (!json || !fits) return;
    const stop = new AbortController();
    const read = async () => {
      setReport(await (await fetch(json.url, { signal: stop.signal })).json());
      setCurves(await readCurves(fits, stop.signal));
    };
    read().catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [json?.url, fits?.url]);
  if (!json) return <p>The fit is not done yet; its result appears here.</p>;
  if (failed) return <p class="error">{failed}</p>;
  if (!report || !curves) return <p>Reading the result…</p>;
  return (
    <>
      <h2>
        <code>{report.model}</code>: {report.statistic_name} {report.statistic.toFixed(1)} for {report.dof} degrees of freedom
      </h2>
      <p class="quiet">
        reduced {report.reduced.toFixed(2)}
        {report.null_probability !== null ? `, null probability ${report.null_probability.toPrecision(3)}` : ""}, AIC{" "}
        {(report.statistic + 2 * report.free.length).toFixed(1)}
      </p>
      <Plots report={report} curves={curves} />
      <Parameters report={report} />
    </>
  );
}

async function readCurves(file: Result, signal: AbortSignal): Promise<Curves> {
  const content = bytesOf(await (await fetch(file.url, { signal })).arrayBuffer());
  const hdu = (await readHdus(content)).find((one) => one.name === "CURVES");
  if (!hdu) throw new Error(`${file.name} has no table CURVES`);
  const table = await readTable(content, hdu);
  return {
    spectrum: table.numbers("SPECTRUM"),
    low: table.numbers("LOW"),
    high: table.numbers("HIGH"),
    rate: table.numbers("RATE"),
    error: table.numbers("ERROR"),
    model: table.numbers("MODEL"),
  };
}

type Column = (number | null)[];

function Plots({ report, curves }: { report: Report; curves: Curves }) {
  const { data, residuals, options, below } = useMemo(() => {
    const order = [...curves.low.keys()].sort((a, b) => middle(curves, a) - middle(curves, b));
    const count = report.spectra.length;
    const xs = order.map((at) => middle(curves, at));
    const pick = (number: number, value: (at: number) => number | null): Column =>
      order.map((at) => (curves.spectrum[at] === number + 1 ? value(at) : null));
    const wide = (at: number) => (curves.high[at] as number) - (curves.low[at] as number);
    const positive = (value: number) => (value > 0 ? value : null);
    const rates = Array.from({ length: count }, (_, number) => pick(number, (at) => positive((curves.rate[at] as number) / wide(at))));
    const models = Array.from({ length: count }, (_, number) => pick(number, (at) => positive((curves.model[at] as number) / wide(at))));
    const errors = Array.from({ length: count }, (_, number) => pick(number, (at) => (curves.error[at] as number) / wide(at)));
    const sigmas = Array.from({ length: count }, (_, number) =>
      pick(number, (at) => ((curves.rate[at] as number) - (curves.model[at] as number)) / (curves.error[at] as number)),
    );
    const shade = (number: number) => () => colour(COLOURS[number % COLOURS.length] as string);
    const points = (number: number): uPlot.Series => ({ stroke: shade(number), paths: () => null, points: { show: true, size: 4 } });
    const line = (): uPlot.Series => ({ stroke: () => colour("text"), width: 1, spanGaps: true, points: { show: false } });
    const top: Omit<uPlot.Options, "width" | "height"> = {
      scales: { x: { time: false, distr: 3, range: decades }, y: { distr: 3, range: decades } },
      axes: [axis({ size: 30 }), axis({ label: "counts/s/keV", size: 70, values: logLabels })],
      series: [{}, ...rates.map((_, number) => points(number)), ...models.map(line)],
      hooks: {
        draw: [(chart) => errors.forEach((column, number) => drawErrors(chart, number + 1, column, shade(number)()))],
      },
      cursor: { sync: { key: "fit" } },
    };
    const bottom: Omit<uPlot.Options, "width" | "height"> = {
      scales: { x: { time: false, distr: 3, range: decades }, y: { range: (_, low, high) => even(low, high) } },
      axes: [axis({ label: "keV", size: 45 }), axis({ label: "σ", size: 70 })],
      series: [{}, ...sigmas.map((_, number) => points(number))],
      cursor: { sync: { key: "fit" } },
    };
    return {
      data: [xs, ...rates, ...models] as uPlot.AlignedData,
      residuals: [xs, ...sigmas] as uPlot.AlignedData,
      options: top,
      below: bottom,
    };
  }, [report, curves]);
  const names = report.spectra.map((one) => `${one.source} ${one.instrument}`).join(", ");
  return (
    <>
      <Chart options={options} data={data} height={340} text={`Data and model of ${names}, ${curves.low.length} groups of channels`} />
      <Chart options={below} data={residuals} height={160} text={`Residuals of ${names} in sigma`} />
      <p class="row">
        {report.spectra.map((one, number) => (
          <span key={`${one.source} ${one.instrument}`} style={{ color: `var(--${COLOURS[number % COLOURS.length]})` }}>
            ● {one.source} {one.instrument}
            {report.spectra.length > 1 ? `, factor ${one.factor_value.toPrecision(3)}` : ""}
          </span>
        ))}
      </p>
    </>
  );
}

function middle(curves: Curves, at: number): number {
  return Math.sqrt((curves.low[at] as number) * (curves.high[at] as number));
}

function even(low: number | null, high: number | null): [number, number] {
  const most = Math.max(3, Math.abs(low ?? 0), Math.abs(high ?? 0)) * 1.1;
  return [-most, most];
}

function Parameters({ report }: { report: Report }) {
  const limits = (low: number | null, high: number | null) =>
    `${low === null ? "unbounded" : `−${low.toPrecision(3)}`} ${high === null ? "unbounded" : `+${high.toPrecision(3)}`}`;
  return (
    <>
      <h3>Parameters ({report.confidence} % intervals)</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">parameter</th>
            <th scope="col">value</th>
            <th scope="col">errors</th>
            <th scope="col">unit</th>
          </tr>
        </thead>
        <tbody>
          {report.parameters.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>{one.value.toPrecision(5)}</td>
              <td>
                {one.tie ? `tied: ${one.tie}` : one.free ? limits(one.error_lower, one.error_upper) : "frozen"}
                {one.stopped ? ` (stopped at its limit: ${one.stopped})` : ""}
              </td>
              <td>{one.unit}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>Flux of the model</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">band</th>
            <th scope="col">erg/cm²/s</th>
            <th scope="col">interval</th>
          </tr>
        </thead>
        <tbody>
          {report.fluxes.map((one) => (
            <tr key={one.low_kev}>
              <th scope="row">
                {one.low_kev}–{one.high_kev} keV
              </th>
              <td>{one.erg_cm2_s.toExponential(3)}</td>
              <td>
                {one.erg_lower?.toExponential(3) ?? "–"} to {one.erg_upper?.toExponential(3) ?? "–"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.covariance ? (
        <details>
          <summary>Covariance</summary>
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <td />
                  {report.free.map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {report.covariance.map((row, at) => (
                  <tr key={report.free[at]}>
                    <th scope="row">{report.free[at]}</th>
                    {row.map((value, place) => (
                      <td key={report.free[place]}>{value.toExponential(2)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ) : null}
    </>
  );
}
