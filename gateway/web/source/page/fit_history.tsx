// Earlier fits of the same spectra as a table; two that are ticked are compared side by side.
import { useEffect, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { Link, STATE_WORDS, Time } from "../parts";
import { type Drawn, Plots } from "./fit_plots";
import { aic, type Estimate, readCurves, unitOf } from "./fit_report";
import type { Earlier } from "./fits_known";

const MOST_PARAMETERS = 4;

interface Props {
  fits: Earlier[];
  /** The spectra's job, which the fits then name; null: not known. */
  of: string | null;
  query: URLSearchParams;
}

export function History({ fits, of, query }: Props) {
  if (!fits.length) return null;
  const ticked = (query.get("compare") ?? "").split(",").filter((id) => fits.some((one) => one.job.job_id === id));
  const tick = (id: string) => {
    // A third one takes the place of the first.
    const next = ticked.includes(id) ? ticked.filter((one) => one !== id) : [...ticked, id].slice(-2);
    setQuery({ compare: next.join() || null });
  };
  const [first, second] = ticked.map((id) => fits.find((one) => one.job.job_id === id)) as [Earlier?, Earlier?];
  return (
    <>
      <h2>Fits of these spectra</h2>
      <div class="wide" tabIndex={0} role="group" aria-label="Table of fits">
        <table>
          <thead>
            <tr>
              {["fit", "statistic / dof", "AIC", "free parameters", "frozen or tied", "submitted (UTC)", "compare"].map((one) => (
                <th key={one} scope="col">
                  {one}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {fits.map((one) => (
              <tr key={one.job.job_id}>
                <th scope="row">
                  <Link to={`/jobs/${one.job.job_id}/fit${of ? `?of=${of}` : ""}`}>
                    {one.source || "all"}: {one.model}
                  </Link>
                </th>
                <td>{one.report ? `${one.report.statistic_name} ${one.report.statistic.toFixed(1)} / ${one.report.dof}` : STATE_WORDS[one.job.state]}</td>
                <td>{one.report ? aic(one.report).toFixed(1) : "–"}</td>
                <td>{mainParameters(one)}</td>
                <td>{heldParameters(one)}</td>
                <td>
                  <Time at={one.job.submitted} />
                </td>
                <td>
                  {one.report ? (
                    <input
                      type="checkbox"
                      aria-label={`Compare ${one.model} of ${one.job.submitted.slice(0, 19).replace("T", " ")}`}
                      checked={ticked.includes(one.job.job_id)}
                      onChange={() => tick(one.job.job_id)}
                    />
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {fits.length > 1 && !second ? <p class="quiet">Tick two of them to compare them side by side.</p> : null}
      {first && second ? <Comparison key={ticked.join()} fits={[first, second]} /> : null}
    </>
  );
}

function valueOf(one: Estimate, unit = ""): string {
  const value = Number(one.value.toPrecision(4));
  if (!one.free) return `${`${value} ${unit}`.trim()} (${one.tie ? `tied to ${one.tie}` : "frozen"})`;
  const end = (error: number | null) => (error === null ? "?" : Number(error.toPrecision(2)));
  return `${value} −${end(one.error_lower)} +${end(one.error_upper)} ${unit}`.trim();
}

function mainParameters({ report }: Earlier): string {
  const free = (report?.parameters ?? []).filter((one) => one.free);
  const told = free.slice(0, MOST_PARAMETERS).map((one) => `${one.parameter} ${valueOf(one)}`);
  return [...told, ...(free.length > MOST_PARAMETERS ? [`and ${free.length - MOST_PARAMETERS} more`] : [])].join(", ") || "–";
}

function heldParameters({ report, parameters }: Earlier): string {
  const held = (report?.parameters ?? []).filter((one) => !one.free);
  const told = held.slice(0, MOST_PARAMETERS).map((one) => `${one.parameter} = ${one.tie ?? Number(one.value.toPrecision(4))}`);
  const more = held.length > MOST_PARAMETERS ? [`and ${held.length - MOST_PARAMETERS} more`] : [];
  return report ? [...told, ...more].join(", ") || "–" : String(parameters.settings || "–");
}

function Comparison({ fits }: { fits: [Earlier, Earlier] }) {
  const [drawn, set] = useState<[Drawn, Drawn] | null>(null);
  const [failed, fail] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    Promise.all(fits.map(async ({ report, files }) => ({ report, curves: await readCurves(files, stop.signal) }) as Drawn))
      .then((both) => set(both as [Drawn, Drawn]))
      .catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, []);
  const reports = fits.flatMap((one) => one.report ?? []);
  const [first, second] = reports;
  if (!first || !second) return null;
  const names = [...new Set(reports.flatMap((one) => one.parameters.map((parameter) => parameter.name)))];
  const apart = aic(first) - aic(second);
  const cells = (name: string, values: string[]) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      {values.map((value, place) => (
        <td key={place}>{value}</td>
      ))}
    </tr>
  );
  const parameter = (name: string) =>
    reports.map((one) => {
      const found = one.parameters.find((estimate) => estimate.name === name);
      return found ? valueOf(found, unitOf(found.component, found.parameter, found.unit)) : "–";
    });
  return (
    <>
      <h3>
        {first.model} and {second.model}
      </h3>
      <p>
        {Math.abs(apart) < 0.05
          ? "Both have the same AIC."
          : `${(apart < 0 ? first : second).model} has the lower AIC, by ${Math.abs(apart).toFixed(1)}.`}{" "}
        {first.dof + first.free.length !== second.dof + second.free.length ? "They were fitted to different channels, so that their statistics cannot be compared." : ""}
      </p>
      <div class="wide" tabIndex={0} role="group" aria-label="Two fits side by side">
        <table>
          <thead>
            <tr>
              <td />
              {reports.map((one, place) => (
                <th key={place} scope="col">
                  {one.model}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cells("statistic / dof", reports.map((one) => `${one.statistic_name} ${one.statistic.toFixed(1)} / ${one.dof}`))}
            {cells("AIC", reports.map((one) => aic(one).toFixed(1)))}
            {names.map((name) => cells(name, parameter(name)))}
          </tbody>
        </table>
      </div>
      {failed ? <p class="error">{failed}</p> : null}
      {drawn ? <Plots fit={drawn[0]} other={drawn[1]} /> : null}
    </>
  );
}
