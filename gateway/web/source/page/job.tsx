// A job: its head, which all its tabs share, and the tabs. What lights up, exists; nothing jumps.
import type { ComponentChild } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { apiUrl, call, Refused } from "../api/client";
import { later } from "../api/later";
import type { InstrumentDocument, JobDocument, LinkedFile, LinkedProduct, ProductList, RequestDocument, UnitState } from "../api/types";
import { useCall } from "../api/use";
import { sentence, submissionOf } from "../form/draft";
import { Snippets } from "../form/snippets";
import { bytes, duration, ErrorText, Link, SIGNS, STATE_WORDS, Time } from "../parts";
import { type LiveJob, useJob } from "../table/live";
import { Units } from "../table/units";

const SkyTab = later(() => import("./sky").then((screen) => screen.SkyTab));
const CurvesTab = later(() => import("./curves").then((screen) => screen.CurvesTab));
const SpectraTab = later(() => import("./spectra").then((screen) => screen.SpectraTab));
const BurstsTab = later(() => import("./bursts").then((screen) => screen.BurstsTab));
const FitTab = later(() => import("./fit").then((screen) => screen.FitTab));

export type Role = "image" | "catalogue" | "spectrum" | "curve" | "burst" | "fit" | "models";

/** A file of the result of a job, and what it is. */
export interface Result extends LinkedFile {
  role: Role | null;
}

const STATES = Object.keys(SIGNS) as UnitState[];

export interface TabProps {
  live: LiveJob;
  results: Result[];
  request: RequestDocument | null;
  query: URLSearchParams;
}

export function Job({ id, tab, query }: { id: string; tab: string; query: URLSearchParams }) {
  const live = useJob(id);
  const job = live?.job ?? null;
  const request = useCall<RequestDocument>(job ? `/requests/${job.request_key}` : null).value;
  const instruments = useCall<InstrumentDocument[]>("/instruments").value;
  const products = useProducts(job);
  const roles = instruments?.find((one) => one.name === job?.instrument)?.products[job?.product ?? ""]?.results ?? {};
  const results = products.flatMap((product) => product.files.map((file) => ({ ...file, role: roleOf(file.name, roles) })));
  if (live?.error) {
    return (
      <>
        <h1>Job {id.slice(0, 8)}</h1>
        <ErrorText error={live.error} />
      </>
    );
  }
  if (!live || !job) return <p>Asking the mesh…</p>;
  const title = instruments?.find((one) => one.name === job.instrument)?.products[job.product]?.title ?? job.product;
  return (
    <>
      <Head live={live} job={job} request={request} title={title} />
      <nav class="tabs" aria-label="Of this job">
        {TABS.filter((one) => !one.role || Object.values(roles).includes(one.role)).map((one) => {
          const there = !one.role || results.some((file) => file.role === one.role);
          return (
            <Link key={one.name} to={`/jobs/${id}/${one.name}`} current={one.name === tab}>
              {one.text}
              {there ? "" : " (not yet)"}
            </Link>
          );
        })}
      </nav>
      {contents(tab, { live, results, request, query })}
    </>
  );
}

const TABS: { name: string; text: string; role?: Role }[] = [
  { name: "table", text: "Table" },
  { name: "sky", text: "Sky", role: "image" },
  { name: "spectra", text: "Spectra", role: "spectrum" },
  { name: "fit", text: "Fit", role: "fit" },
  { name: "curves", text: "Light curves", role: "curve" },
  { name: "bursts", text: "Bursts", role: "burst" },
  { name: "files", text: "Files" },
];

function contents(tab: string, props: TabProps): ComponentChild {
  switch (tab) {
    case "sky":
      return <SkyTab {...props} />;
    case "spectra":
      return <SpectraTab {...props} />;
    case "fit":
      return <FitTab {...props} />;
    case "curves":
      return <CurvesTab {...props} />;
    case "bursts":
      return <BurstsTab {...props} />;
    case "files":
      return <Files job={props.live.jobId} results={props.results} total={props.live.job?.products_total ?? 0} />;
    default:
      return <Units live={props.live} query={props.query} set={setQuery} />;
  }
}

/** All products that are the result: the record names the first ones only. */
function useProducts(job: JobDocument | null): LinkedProduct[] {
  const [found, set] = useState<LinkedProduct[]>([]);
  const total = job?.products_total ?? 0;
  const id = job?.job_id;
  useEffect(() => {
    if (!id || !total) return;
    let over = false;
    const read = async () => {
      const all: LinkedProduct[] = [];
      let place: string | null = `/jobs/${id}/products?limit=1000`;
      while (place && !over) {
        const page: ProductList = await call(place);
        all.push(...page.products);
        place = page.next;
      }
      if (!over) set(all);
    };
    read().catch((error) => {
      // The table says that the mesh is not connected.
      if (!(error instanceof Refused)) throw error;
    });
    return () => {
      over = true;
    };
  }, [id, total, job?.state]);
  return found;
}

function roleOf(name: string, roles: Record<string, Role>): Role | null {
  for (const [pattern, role] of Object.entries(roles)) {
    const written = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
    if (new RegExp(`^${written}$`).test(name)) return role;
  }
  return null;
}

function Head(props: { live: LiveJob; job: JobDocument; request: RequestDocument | null; title: string }) {
  const { live, job, request, title } = props;
  const [refused, refuse] = useState<Refused | null>(null);
  const [cancelling, setCancelling] = useState(false);
  const cancel = () => {
    setCancelling(true);
    call(`/jobs/${job.job_id}`, { method: "DELETE" }).catch((error) => {
      setCancelling(false);
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    });
  };
  const sent = useMemo(() => (request ? submissionOf(request) : null), [request]);
  return (
    <>
      <h1>{request ? sentence(request, title) : title}</h1>
      <p class="row">
        <strong role="status" id="state">
          {STATE_WORDS[job.state]}
          {job.partial ? ", of some windows" : ""}
        </strong>
        <Elapsed job={job} />
        <span class="quiet">
          submitted <Time at={job.submitted} /> by {job.user}
        </span>
        {job.final ? null : (
          <button type="button" onClick={cancel} disabled={cancelling}>
            {cancelling ? "Cancelling…" : "Cancel"}
          </button>
        )}
        <Link to={job.product === "spectral_fit" ? `/jobs/${job.job_id}/fit?again=on` : `/new?from=${job.request_key}`}>Edit and run again</Link>
        <Link to={`/requests/${job.request_key}`}>Permanent link</Link>
      </p>
      {job.waits ? <p class="quiet">{job.waits}</p> : null}
      {job.failure ? <p class="error">{job.failure.text}</p> : null}
      {refused ? <ErrorText error={refused} /> : null}
      {live.connected ? null : (
        <p class="error" role="alert">
          Not connected, trying again. What is shown is of {new Date(live.heardAt).toISOString().slice(11, 19)} UTC.
        </p>
      )}
      <Counts job={job} />
      <Warnings job={job} />
      {sent ? <Snippets sent={sent} /> : null}
    </>
  );
}

function Elapsed({ job }: { job: JobDocument }) {
  const [, turn] = useState(0);
  useEffect(() => {
    if (job.final) return;
    const timer = setInterval(() => turn((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [job.final]);
  const end = job.finished ? Date.parse(job.finished) : Date.now();
  return <span>{duration(Math.max(0, (end - Date.parse(job.submitted)) / 1000))}</span>;
}

/** A bar of counts; the words below say the same. */
function Counts({ job }: { job: JobDocument }) {
  const known = STATES.filter((state) => job.counts[state]);
  if (!job.total) return null;
  return (
    <>
      <div class="bar" aria-hidden="true">
        {known.map((state) => (
          <span key={state} class={`part ${state}`} style={{ flexGrow: job.counts[state] ?? 0 }} />
        ))}
      </div>
      <p class="row counts">
        {known.map((state) => (
          <span key={state} class={`state ${state}`}>
            <span aria-hidden="true">{SIGNS[state]}</span> {job.counts[state]} {state}
          </span>
        ))}
      </p>
    </>
  );
}

function Warnings({ job }: { job: JobDocument }) {
  if (!job.warnings.length) return null;
  const more = job.warnings_total - job.warnings.length;
  return (
    <details>
      <summary>{job.warnings_total} warnings</summary>
      <ul>
        {job.warnings.map((text) => (
          <li key={text}>{text}</li>
        ))}
        {more > 0 ? <li>and {more} more: the table names each window</li> : null}
      </ul>
    </details>
  );
}

function Files({ job, results, total }: { job: string; results: Result[]; total: number }) {
  if (!results.length) return <p>{total ? "Asking the mesh…" : "There is no result yet."}</p>;
  const whole = apiUrl(`/jobs/${job}/archive`);
  return (
    <>
      <p class="row">
        <a href={whole}>All as one zip file</a>
        <a href={`${whole}?format=crate`}>with logs, provenance and programs (RO-Crate)</a>
        <a href={apiUrl(`/jobs/${job}/code`)}>Python that makes it again</a>
      </p>
      <FileTable results={results} />
    </>
  );
}

function FileTable({ results }: { results: Result[] }) {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">file</th>
            <th scope="col">what it is</th>
            <th scope="col">size</th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {results.map((file) => (
            <tr key={file.url}>
              <th scope="row">
                <a href={file.url}>{file.name}</a>
              </th>
              <td>{file.role ?? file.media_type}</td>
              <td>{bytes(file.size)}</td>
              <td class="mono quiet" title={file.sha256}>
                {file.sha256.slice(0, 12)}…
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
