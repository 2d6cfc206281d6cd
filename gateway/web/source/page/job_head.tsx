// The head of a job, which all its tabs share: what it is about, how far it is, and what one can do with it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { InstrumentDocument, JobDocument, ProductDocument, RequestDocument, UnitState } from "../api/types";
import { submissionOf } from "../form/draft";
import { sentence } from "../form/sentence";
import { Snippets } from "../form/snippets";
import { duration, ErrorText, Link, SIGNS, STATE_WORDS, Time } from "../parts";
import { Estimate } from "../table/estimate";
import type { LiveJob } from "../table/live";
import { editAddress, resultTab, windowsOf } from "./job_tabs";
import { Rerun } from "./rerun";

interface Props {
  live: LiveJob;
  job: JobDocument;
  tab: string;
  request: RequestDocument | null;
  instruments: InstrumentDocument[] | null;
  product: ProductDocument | undefined;
}

export function Head({ live, job, tab, request, instruments, product }: Props) {
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
  const result = resultTab(product);
  return (
    <>
      <h1>{request ? sentence(request, instruments) : (product?.title ?? job.product)}</h1>
      <div class="row job-acts">
        <strong role="status" id="state">
          {stateOf(job)}
        </strong>
        <Elapsed live={live} job={job} />
        {job.final && job.products_total && product && tab !== result.name ? (
          <Link class="main" to={`/jobs/${job.job_id}/${result.name}`}>
            See the {result.what}
          </Link>
        ) : null}
        {job.final ? null : (
          <button type="button" onClick={cancel} disabled={cancelling}>
            {cancelling ? "Cancelling…" : "Cancel"}
          </button>
        )}
        <Link to={editAddress(job)}>Edit and run again</Link>
        <Link to={`/requests/${job.request_key}`}>Permanent link</Link>
        <span class="quiet">
          submitted <Time at={job.submitted} /> UTC{job.user === "anonymous" ? "" : ` by ${job.user}`}
        </span>
        {sent ? <Snippets sent={sent} job={job.job_id} /> : null}
      </div>
      {job.waits ? <p class="quiet">{job.waits}</p> : null}
      {job.failure ? <p class="error">{job.failure.text}</p> : null}
      {refused ? <ErrorText error={refused} /> : null}
      {live.connected ? null : (
        <p class="error" role="alert">
          Not connected, trying again. What is shown is of {new Date(live.heardAt).toISOString().slice(11, 19)} UTC.
        </p>
      )}
      <Counts live={live} job={job} />
      <Rerun live={live} request={request} product={product} />
      <Warnings job={job} />
    </>
  );
}

/** The state of a job in words; of one that lacks windows how many. */
export function stateOf(job: JobDocument): string {
  const word = STATE_WORDS[job.state] ?? job.state;
  if (!job.partial) return word;
  const { all, failed } = windowsOf(job);
  return failed ? `${word}, without ${failed} of ${all} windows` : `${word}, of some windows`;
}

/** How long it has taken, and, where its pace tells, how long it still takes. */
function Elapsed({ live, job }: { live: LiveJob; job: JobDocument }) {
  const [, turn] = useState(0);
  const estimate = useRef(new Estimate());
  useEffect(() => {
    if (job.final) return;
    const timer = setInterval(() => turn((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [job.final]);
  useEffect(() => estimate.current.update(job, live.heardAt), [job]);
  const now = Date.now();
  const end = job.finished ? Date.parse(job.finished) : now;
  const left = job.final ? null : estimate.current.left(now);
  return (
    <span>
      {duration(Math.max(0, (end - Date.parse(job.submitted)) / 1000))}
      {left === null ? "" : `, about ${duration(Math.round(left)).replace(".0", "")} left`}
    </span>
  );
}

/** From what is done to what waits: the bar fills from the left. */
const ORDER: UnitState[] = ["done", "cached", "failed", "cancelled", "running", "queued", "waiting"];

/** A bar of the windows, and words that say the same; steps that run once for the job are told apart. */
function Counts({ live, job }: { live: LiveJob; job: JobDocument }) {
  if (!job.total) return null;
  const windows = live.labels.length;
  const count = (state: UnitState) => (windows ? live.counts.get(state) : job.counts[state]) ?? 0;
  const known = ORDER.filter(count);
  const once = windows ? live.ofJob() : [];
  return (
    <>
      <div class="bar" aria-hidden="true">
        {known.map((state) => (
          <span key={state} class={`part ${state}`} style={{ flexGrow: count(state) }} />
        ))}
      </div>
      <p class="row counts">
        {windows ? (
          <span>
            {windows} {live.noun(windows)}:
          </span>
        ) : null}
        {known.map((state) => (
          <span key={state} class={`state ${state}`}>
            <span aria-hidden="true">{SIGNS[state]}</span> {count(state)} {state}
          </span>
        ))}
        {once.length ? <span class="quiet">once for the job:</span> : null}
        {once.map((row) => (
          <span key={row.stage} class={`state ${row.state}`}>
            <span aria-hidden="true">{SIGNS[row.state]}</span> {row.stage} {row.state}
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
    // What says that data are missing is not folded away.
    <details open={job.partial}>
      <summary>
        {job.warnings_total} warning{job.warnings_total === 1 ? "" : "s"}
      </summary>
      <ul>
        {job.warnings.map((text) => (
          <li key={text}>{text}</li>
        ))}
        {more > 0 ? <li>and {more} more: the table names each window</li> : null}
      </ul>
    </details>
  );
}
