// The result of a fit: data and model, residuals below, parameters with their errors, fluxes.
import { useEffect, useState } from "preact/hooks";

import type { TabProps } from "./job";
import { type Drawn, Plots } from "./fit_plots";
import { aic, readCurves, readReport, type Report, unitOf } from "./fit_report";

export function FitTab({ results }: TabProps) {
  const json = results.find((file) => file.name === "fit.json");
  const fits = results.find((file) => file.name === "fit.fits");
  const [fit, set] = useState<Drawn | null>(null);
  const [failed, fail] = useState<string | null>(null);
  useEffect(() => {
    if (!json || !fits) return;
    const stop = new AbortController();
    const read = async () => {
      set({ report: await readReport(results, stop.signal), curves: await readCurves(results, stop.signal) });
    };
    read().catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [json?.url, fits?.url]);
  if (!json) return <p>The fit is not done yet; its result appears here.</p>;
  if (failed) return <p class="error">{failed}</p>;
  if (!fit) return <p>Reading the result…</p>;
  const { report } = fit;
  return (
    <>
      <h2>
        <code>{report.model}</code>: {report.statistic_name} {report.statistic.toFixed(1)} for {report.dof} degrees of freedom
      </h2>
      <p class="quiet">
        reduced {report.reduced.toFixed(2)}
        {report.null_probability !== null ? `, null probability ${report.null_probability.toPrecision(3)}` : ""}, AIC{" "}
        {aic(report).toFixed(1)}
      </p>
      <Plots fit={fit} />
      <Parameters report={report} />
    </>
  );
}

function Parameters({ report }: { report: Report }) {
  const limits = (low: number | null, high: number | null) =>
    `${low === null ? "unbounded" : `−${low.toPrecision(3)}`} ${high === null ? "unbounded" : `+${high.toPrecision(3)}`}`;
  return (
    <>
      <h3>Parameters ({report.confidence} % intervals)</h3>
      <div class="wide">
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
              <td>{unitOf(one.component, one.parameter, one.unit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      </div>
      <h3>Flux of the model</h3>
      <div class="wide">
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
      </div>
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
