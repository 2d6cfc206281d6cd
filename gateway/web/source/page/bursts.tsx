// The bursts of a job: each with its blocks and T90, excesses with their false alarms, limits, timing, polarisation.
import { useEffect, useState } from "preact/hooks";

import { Blocks, type Burst } from "../plot/blocks";
import { measured } from "../plot/values";
import { type Excess, Excesses } from "./excesses";
import type { Result, TabProps } from "./job";

interface Limit {
  spectrum: string;
  model: string;
  scale_s: number;
  fluence_best: number;
  fluence_worst: number;
  isotropic_energy_erg: number | null;
}

interface Polarisation {
  verdict: string;
  degree: number;
  error: number;
  angle_deg: number;
  mdp99: number;
  limit_99: number;
}

/** What the searches for bursts write; each has a part of it. */
interface Report {
  bursts?: Burst[];
  burst?: Burst;
  t0?: string | null;
  window?: [string, string];
  interval?: [string, string];
  completeness?: number;
  background_is?: string;
  excesses?: Excess[];
  limits?: { sigma: number; band: string; cases: Limit[] };
  timing?: { light_time_to_geocentre_s: number; delay: { seconds: number; error: number; from: string } | null; annulus: Annulus | null } | null;
  polarisation?: Polarisation | null;
  polarisation_missing?: string | null;
}

interface Annulus {
  refused?: string;
  ra: number;
  dec: number;
  radius_deg: number;
  half_width_deg: number;
}

export function BurstsTab({ live, results }: TabProps) {
  const file = results.find((one) => one.role === "burst");
  const [report, set] = useState<Report | null>(null);
  const [failed, fail] = useState<string | null>(null);
  useEffect(() => {
    if (!file) return;
    const stop = new AbortController();
    fetch(file.url, { signal: stop.signal })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(`the file cannot be read: ${answer.status} ${answer.statusText}`);
        set(await answer.json());
      })
      .catch((error) => stop.signal.aborted || fail(`${file.name}: ${error.message}`));
    return () => stop.abort();
  }, [file?.url]);
  if (!file) return <p>{live.job?.final ? "This search ended without a result." : "The search is not done yet; its result appears here."}</p>;
  if (failed) return <p class="error">{failed}</p>;
  if (!report) return <p>Reading {file.name}…</p>;
  const bursts = report.bursts ?? (report.burst ? [report.burst] : []);
  return (
    <>
      <Summary report={report} bursts={bursts} />
      <Preview results={results} />
      {bursts.map((one) => (
        <BurstSection key={one.peak_utc} burst={one} />
      ))}
      {report.excesses ? <Excesses found={report.excesses} around={Boolean(report.t0)} /> : null}
      <Limits limits={report.limits} />
      <Timing timing={report.timing} />
      <PolarisationSection report={report} />
    </>
  );
}

function Summary({ report, bursts }: { report: Report; bursts: Burst[] }) {
  const [from, to] = report.window ?? report.interval ?? [];
  return (
    <p>
      <strong>{bursts.length === 1 ? "One burst" : `${bursts.length || "No"} bursts`}</strong>
      {from && to ? ` from ${from.replace("T", " ")} to ${to.replace("T", " ")} UTC` : ""}
      {report.completeness !== undefined ? `; ${(100 * report.completeness).toPrecision(3)} % of it has data` : ""}
      {report.background_is ? `; the background is ${report.background_is}` : ""}.
    </p>
  );
}

function Preview({ results }: { results: Result[] }) {
  const picture = results.find((one) => one.media_type === "image/png");
  return picture ? (
    <a href={picture.url} title="Open the picture alone, as large as it is">
      <img class="preview" src={picture.url} alt="Count rate of the interval with what was found; the tables below say the same" />
    </a>
  ) : null;
}

function BurstSection({ burst }: { burst: Burst }) {
  const facts: [string, string][] = [
    ["Begin, end (UTC)", `${burst.begin_utc} to ${burst.end_utc}`],
    ["Peak rate", `${measured(burst.peak_rate, null, "counts/s")} above ${measured(burst.background_rate, null, "counts/s")}, in ${burst.peak_bin_s} s`],
    ["T90", burst.duration_missing ?? measured(burst.t90_s, burst.t90_error_s, "s")],
    ["T50", burst.duration_missing ?? measured(burst.t50_s, burst.t50_error_s, "s")],
    ["Counts", burst.counts_missing ?? measured(burst.counts, burst.counts_error, "")],
    ["S/N", burst.snr.toFixed(1)],
  ];
  if (burst.fluence) facts.push(["Fluence", `${burst.fluence.toExponential(2)} erg/cm²`]);
  if (burst.isotropic_energy_erg) facts.push(["Isotropic energy", `${burst.isotropic_energy_erg.toExponential(2)} erg`]);
  return (
    <section aria-label={`Burst at ${burst.peak_utc}`}>
      <h2>Burst at {burst.peak_utc.replace("T", " ")} UTC</h2>
      <Blocks burst={burst} />
      <table>
        <tbody>
          {facts.map(([name, text]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Limits({ limits }: { limits: Report["limits"] }) {
  if (!limits?.cases.length) return null;
  return (
    <section aria-label="Limits">
      <h2>
        Limits of {limits.sigma} sigma, {limits.band}
      </h2>
      <table>
        <thead>
          <tr>
            <th scope="col">spectrum</th>
            <th scope="col">length</th>
            <th scope="col">fluence [erg/cm²]</th>
            <th scope="col">isotropic energy [erg]</th>
          </tr>
        </thead>
        <tbody>
          {limits.cases.map((one) => (
            <tr key={`${one.spectrum} ${one.scale_s}`}>
              <th scope="row" title={one.model}>
                {one.spectrum}
              </th>
              <td>{one.scale_s} s</td>
              <td>
                {one.fluence_best === one.fluence_worst
                  ? one.fluence_best.toExponential(2)
                  : `${one.fluence_best.toExponential(2)} to ${one.fluence_worst.toExponential(2)}, by direction`}
              </td>
              <td>{one.isotropic_energy_erg?.toExponential(2) ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Timing({ timing }: { timing: Report["timing"] }) {
  if (!timing) return null;
  const { delay, annulus } = timing;
  return (
    <section aria-label="Timing">
      <h2>Timing</h2>
      <p>Light takes {timing.light_time_to_geocentre_s.toFixed(4)} s between spacecraft and geocentre.</p>
      {delay ? (
        <p>
          Delay {measured(delay.seconds, delay.error, "s")}, from {delay.from}.
        </p>
      ) : null}
      {annulus?.refused ? <p>No annulus: {annulus.refused}.</p> : null}
      {annulus && !annulus.refused ? (
        <p>
          Annulus around RA {annulus.ra.toFixed(3)}°, Dec {annulus.dec.toFixed(3)}°: radius {annulus.radius_deg.toFixed(3)}° ±{" "}
          {annulus.half_width_deg.toPrecision(2)}°.
        </p>
      ) : null}
    </section>
  );
}

function PolarisationSection({ report }: { report: Report }) {
  const { polarisation, polarisation_missing } = report;
  if (!polarisation && !polarisation_missing) return null;
  return (
    <section aria-label="Polarisation">
      <h2>Polarisation</h2>
      {polarisation ? (
        <p>
          {polarisation.verdict}. Degree {measured(100 * polarisation.degree, 100 * polarisation.error, "%")}, angle{" "}
          {polarisation.angle_deg.toFixed(0)}°; unpolarised light exceeds {(100 * polarisation.mdp99).toFixed(0)} % in 1 % of all
          cases; upper limit at 99 %: {(100 * polarisation.limit_99).toFixed(0)} %.
        </p>
      ) : (
        <p>Not measured: {polarisation_missing}.</p>
      )}
    </section>
  );
}
