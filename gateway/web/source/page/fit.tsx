// The result of a fit: data and model, residuals below, parameters with their errors, fluxes, and what was tried beside it.
import { useEffect, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { FitForm } from "../form/fit_form";
import { startOf } from "../form/fit_start";
import type { TabProps } from "./job";
import { History } from "./fit_history";
import { type Drawn, Plots } from "./fit_plots";
import { aic, fitted, readCurves, readReport, type Report, unitOf } from "./fit_report";
import { SpectraOfFit } from "./fit_sources";
import { useFits } from "./fits_known";
import { useRun } from "./fit_run";

export function FitTab({ live, results, request, query }: TabProps) {
  const [fit, set] = useState<Drawn | null>(null);
  const [failed, fail] = useState<string | null>(null);
  const of = query.get("of");
  const parameters = request?.parameters ?? null;
  const keys = (parameters?.spectra ?? []) as string[];
  const source = String(parameters?.source ?? "");
  const fits = useFits(keys, live.job?.state);
  const { refused, run } = useRun(of);
  const again = query.get("again") === "on";
  const there = results.some((one) => one.name === "fit.json");
  const place = results.map((one) => one.url).join();
  const title = parameters ? `Fit of ${source || "spectra"}: ${parameters.model}` : "";
  useEffect(() => {
    if (!title) return;
    const before = document.title;
    document.title = `${title} · odamesh`;
    return () => {
      document.title = before;
    };
  }, [title]);
  useEffect(() => {
    if (!there) return;
    const stop = new AbortController();
    const read = async () => set({ report: await readReport(results, stop.signal), curves: await readCurves(results, stop.signal) });
    read().catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [there, place]);
  const ended = live.job?.final ?? false;
  return (
    <>
      {fit ? <Title report={fit.report} /> : null}
      {parameters ? (
        <>
          <p class="row">
            <button type="button" aria-expanded={again} onClick={() => setQuery({ again: again ? null : "on" })}>
              Fit again, with another model or other starts
            </button>
          </p>
          {again && (fit || failed || (ended && !there && results.length === 0)) ? (
            <FitForm
              key={live.jobId}
              source={source}
              job={null}
              start={startOf(parameters, fit?.report ?? null)}
              from="It begins from this fit: its model, its best values as starts, what was frozen or tied, the same spectra."
              refused={refused}
              run={run}
              close={() => setQuery({ again: null })}
            />
          ) : null}
        </>
      ) : null}
      {failed ? <p class="error">{failed}</p> : null}
      {fit ? (
        <>
          <Plots fit={fit} />
          <Parameters report={fit.report} />
        </>
      ) : failed ? null : there ? (
        <p>Reading the result…</p>
      ) : ended ? (
        <p>This fit ended without a result; above stands why.</p>
      ) : (
        <p>The fit is not done yet; its result appears here.</p>
      )}
      {keys.length ? <SpectraOfFit keys={keys} source={source} of={of} /> : null}
      {fits ? <History fits={fits} of={of} query={query} /> : null}
    </>
  );
}

function Title({ report }: { report: Report }) {
  return (
    <>
      <h2>
        {fitted(report)}: <code>{report.model}</code>, {report.statistic_name} {report.statistic.toFixed(1)} for {report.dof} degrees of freedom
      </h2>
      <p class="quiet">
        reduced {report.reduced.toFixed(2)}
        {report.null_probability !== null ? `, null probability ${report.null_probability.toPrecision(3)}` : ""}, AIC {aic(report).toFixed(1)}
      </p>
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
      <h3>Flux of the model, in bands that may reach beyond the energies of the fit</h3>
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
