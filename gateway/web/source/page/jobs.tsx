// Jobs, newest first: what each was asked for, its state, how far it is; narrowed by what stands in the address.
import { useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import type { InstrumentDocument, JobDocument, JobList, ProductDocument, SessionDocument, UnitState } from "../api/types";
import { useCall } from "../api/use";
import { askedFor, narrowing } from "../form/narrowing";
import { errorsOf } from "../form/refusal";
import { ErrorText, Link, SIGNS, STATE_WORDS, Time } from "../parts";
import { stateOf } from "./job_head";
import { editAddress, jobAddress } from "./job_tabs";

const LABELS: Record<string, string> = { since: "Submitted from (UTC)", until: "before (UTC)" };
const NARROWED = ["instrument", "product", "state", "partial", "user", "since", "until", "before"];
/** Of the states that one can choose this is none of the mesh's: such jobs are completed. */
const PARTIAL = "partial";

export function Jobs({ query }: { query: URLSearchParams }) {
  const { value, error, again } = useCall<JobList>(`/jobs?${askedFor(query, NARROWED, 50)}`);
  const instruments = useCall<InstrumentDocument[]>("/instruments").value;
  const session = useCall<SessionDocument>("/session").value;
  const { select, entry, narrow } = narrowing(query, "before");
  const productOf = (job: JobDocument) => instruments?.find((one) => one.name === job.instrument)?.products[job.product];
  const all = query.get("all") !== null || query.get("product") !== null;
  const partial = query.get("partial") !== null;
  const shown = value?.jobs.filter((job) => all || !ofThePage(productOf(job)));
  const held = (instruments ?? []).filter((one) => !query.get("instrument") || one.name === query.get("instrument"));
  const products = held.flatMap((one) =>
    Object.entries(one.products).map(([name, product]): [string, string] => [name, `${product.title} (${one.title})`]),
  );
  const chosen = partial ? PARTIAL : (query.get("state") ?? "");
  return (
    <>
      <h1>Jobs</h1>
      <form class="row" role="search" onSubmit={(event) => event.preventDefault()}>
        {select("instrument", "Instrument", (instruments ?? []).map((one) => [one.name, one.title]))}
        {select("product", "Product", products)}
        <label>
          State{" "}
          <select
            value={chosen}
            onChange={(event) => {
              const state = event.currentTarget.value;
              narrow({ state: state && state !== PARTIAL ? state : null, partial: state === PARTIAL ? "true" : null });
            }}
          >
            <option value="">any</option>
            {Object.entries(STATE_WORDS).map(([state, text]) => (
              <option key={state} value={state}>
                {text}
              </option>
            ))}
            <option value={PARTIAL}>completed, but some windows failed</option>
          </select>
        </label>
        {session?.accounts ? entry("user", "User", "") : null}
        {entry("since", LABELS.since ?? "", "2026-11-01")}
        {entry("until", LABELS.until ?? "", "2026-12-01")}
        <label>
          <input type="checkbox" checked={all} disabled={query.get("product") !== null} onChange={(event) => narrow({ all: event.currentTarget.checked ? "1" : null })} />{" "}
          also those that forms ask for
        </label>
      </form>
      {error?.fields.length ? (
        <p class="error" role="alert">
          {Object.entries(errorsOf(error)).map(([field, text]) => `${LABELS[field] ?? field}: ${text}`).join(" ")}
        </p>
      ) : error ? (
        <ErrorText error={error} again={again} />
      ) : null}
      {!shown ? (
        error ? null : <p>Asking the mesh…</p>
      ) : shown.length ? (
        <JobTable jobs={shown} instruments={instruments} session={session} again={again} />
      ) : (
        <Nothing narrowed={NARROWED.some((name) => query.get(name))} state={chosen} />
      )}
      <p class="row">
        {query.get("before") ? (
          <button type="button" onClick={() => setQuery({ before: null })}>
            Newest jobs
          </button>
        ) : null}
        {value?.next ? (
          <button type="button" onClick={() => setQuery({ before: new URL(value.next ?? "", location.href).searchParams.get("before") })}>
            Older jobs
          </button>
        ) : null}
      </p>
    </>
  );
}

/** Whether a form of this page asks for it by itself: its result is a list to choose from. */
function ofThePage(product: ProductDocument | undefined): boolean {
  const roles = Object.values(product?.results ?? {});
  return roles.length > 0 && roles.every((role) => role === "models");
}

function Nothing({ narrowed, state }: { narrowed: boolean; state: string }) {
  if (!narrowed) {
    return (
      <p>
        There is none yet. <Link to="/new">Ask for one.</Link>
      </p>
    );
  }
  return (
    <p>
      There is none like that.{" "}
      {state === "ERROR" ? "A job of which only some windows failed is completed: choose the state “completed, but some windows failed”. " : ""}
      <Link to="/jobs">All jobs</Link>
    </p>
  );
}

interface TableProps {
  jobs: JobDocument[];
  instruments: InstrumentDocument[] | null;
  session: SessionDocument | null;
  again: () => void;
}

function JobTable({ jobs, instruments, session, again }: TableProps) {
  const [ticked, tick] = useState<ReadonlySet<string>>(new Set());
  const productOf = (job: JobDocument) => instruments?.find((one) => one.name === job.instrument)?.products[job.product];
  const turn = (job: JobDocument) => {
    const next = new Set(ticked);
    if (!next.delete(job.job_id)) next.add(job.job_id);
    tick(next);
  };
  return (
    <>
      <p class="help">
        Windows and steps of a job:{" "}
        {Object.entries(SIGNS).map(([state, sign]) => (
          <span key={state} class={`state ${state} legend`}>
            {sign} {state}{" "}
          </span>
        ))}
      </p>
      <Chosen jobs={jobs.filter((job) => ticked.has(job.job_id))} productOf={productOf} again={again} />
      <div class="wide">
        <table class="jobs">
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">chosen</span>
              </th>
              <th scope="col">asked for</th>
              <th scope="col">state</th>
              <th scope="col">windows and steps</th>
              <th scope="col">submitted (UTC)</th>
              {session?.accounts ? <th scope="col">by</th> : null}
              <th scope="col">job</th>
              <th scope="col">again</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr key={job.job_id}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Choose job ${job.job_id.slice(0, 8)}`}
                    checked={ticked.has(job.job_id)}
                    onChange={() => turn(job)}
                  />
                </td>
                <th scope="row">
                  <Link to={jobAddress(job, productOf(job))}>{titleOf(job, instruments)}</Link>
                  {job.about ? <div class="quiet">{job.about}</div> : null}
                </th>
                <td>{stateOf(job)}</td>
                <td class="signs">
                  <Counts job={job} />
                </td>
                <td>
                  <Time at={job.submitted} />
                </td>
                {session?.accounts ? <td>{job.user === session.name ? <strong>you</strong> : job.user}</td> : null}
                <td>
                  <Link to={`/jobs/${job.job_id}/table`} title="how far it is, window by window">
                    <code>{job.job_id.slice(0, 8)}</code>
                  </Link>
                </td>
                <td>
                  <Link to={editAddress(job)}>Edit and run again</Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** What a job makes, of the data of which instrument. */
function titleOf(job: JobDocument, instruments: InstrumentDocument[] | null): string {
  const instrument = instruments?.find((one) => one.name === job.instrument);
  return `${instrument?.products[job.product]?.title ?? job.product}, ${instrument?.title ?? job.instrument}`;
}

function Counts({ job }: { job: JobDocument }) {
  return (
    <>
      {Object.entries(job.counts)
        .filter(([, count]) => count)
        .map(([state, count]) => (
          <span key={state} class={`state ${state}`} title={`${count} ${state}`}>
            {SIGNS[state as UnitState]}
            <span class="hidden">{state} </span> {count}{" "}
          </span>
        ))}
    </>
  );
}

/** What can be done with the jobs that are ticked. */
function Chosen(props: { jobs: JobDocument[]; productOf: (job: JobDocument) => ProductDocument | undefined; again: () => void }) {
  const { jobs, productOf, again } = props;
  const [refused, refuse] = useState<Refused | null>(null);
  if (!jobs.length) return null;
  const open = jobs.filter((job) => !job.final);
  const withSpectra = jobs.filter((job) => job.products_total && Object.values(productOf(job)?.results ?? {}).includes("spectrum"));
  const cancel = async () => {
    try {
      await Promise.all(open.map((job) => call(`/jobs/${job.job_id}`, { method: "DELETE" })));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
    again();
  };
  const ids = withSpectra.map((job) => job.job_id).join(",");
  return (
    <div class="row" role="group" aria-label="With the jobs chosen">
      <span>{jobs.length} chosen:</span>
      {open.length ? (
        <button type="button" onClick={cancel}>
          Cancel {open.length === jobs.length ? "" : `${open.length} of them, `}what is not finished
        </button>
      ) : null}
      {withSpectra.length ? (
        <Link to={`/new?instrument=spectral_fit&product=spectral_fit&spectra=${ids}`}>
          Fit {withSpectra.length === 1 ? "the spectra of one" : `the spectra of ${withSpectra.length} together`}
        </Link>
      ) : null}
      {!open.length && !withSpectra.length ? <span class="quiet">they have ended, and have no spectra to fit together</span> : null}
      {refused ? <ErrorText error={refused} /> : null}
    </div>
  );
}
