// Jobs, newest first: state, what was asked for, how far each is; narrowed by what stands in the address.
import { setQuery } from "../api/address";
import type { InstrumentDocument, JobDocument, JobList, UnitState } from "../api/types";
import { useCall } from "../api/use";
import { askedFor, narrowing } from "../form/narrowing";
import { ErrorText, Link, SIGNS, STATE_WORDS, Time } from "../parts";

const NARROWED = ["instrument", "product", "state", "user", "since", "until", "before"];

export function Jobs({ query }: { query: URLSearchParams }) {
  const asked = askedFor(query, NARROWED, 50);
  const { value, error, again } = useCall<JobList>(`/jobs?${asked}`);
  const instruments = useCall<InstrumentDocument[]>("/instruments").value;
  const { select, entry } = narrowing(query, "before");
  return (
    <>
      <h1>Jobs</h1>
      <form class="row" role="search" onSubmit={(event) => event.preventDefault()}>
        {select("instrument", "Instrument", (instruments ?? []).map((one) => [one.name, one.title]))}
        {select("state", "State", Object.entries(STATE_WORDS))}
        {entry("user", "User", "")}
        {entry("since", "From (UTC)", "2018-10-29")}
        {entry("until", "Before (UTC)", "2018-10-30")}
      </form>
      {error ? <ErrorText error={error} again={again} /> : null}
      {value ? <JobTable jobs={value.jobs} instruments={instruments ?? []} /> : error ? null : <p>Asking the mesh…</p>}
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

function JobTable({ jobs, instruments }: { jobs: JobDocument[]; instruments: InstrumentDocument[] }) {
  if (jobs.length === 0) return <p>There is none.</p>;
  const title = (job: JobDocument) =>
    instruments.find((one) => one.name === job.instrument)?.products[job.product]?.title ?? job.product;
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">job</th>
            <th scope="col">asked for</th>
            <th scope="col">state</th>
            <th scope="col">units</th>
            <th scope="col">submitted (UTC)</th>
            <th scope="col">by</th>
            <th scope="col">again</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.job_id}>
              <th scope="row">
                <Link to={`/jobs/${job.job_id}/table`}>
                  <code>{job.job_id.slice(0, 8)}</code>
                </Link>
              </th>
              <td>
                {title(job)} <span class="quiet">{job.instrument}</span>
              </td>
              <td>
                {STATE_WORDS[job.state]}
                {job.partial ? ", of some windows" : ""}
              </td>
              <td>
                {Object.entries(job.counts)
                  .filter(([, count]) => count)
                  .map(([state, count]) => (
                    <span key={state} class={`state ${state}`} title={state}>
                      {SIGNS[state as UnitState]}
                      <span class="hidden">{state} </span> {count}{" "}
                    </span>
                  ))}
              </td>
              <td>
                <Time at={job.submitted} />
              </td>
              <td>{job.user}</td>
              <td>
                <Link to={`/new?from=${job.request_key}`}>edit</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
