// The newest jobs: state, what was asked for, how far it is.
import { setQuery } from "../api/address";
import type { JobDocument, JobList } from "../api/types";
import { useCall } from "../api/use";
import { ErrorText, Link, STATE_WORDS, Time } from "../parts";

export function Jobs({ query }: { query: URLSearchParams }) {
  const asked = new URLSearchParams({ limit: "50" });
  for (const name of ["before", "user"]) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  const { value, error, again } = useCall<JobList>(`/jobs?${asked}`);
  return (
    <>
      <h1>Jobs</h1>
      {error ? <ErrorText error={error} again={again} /> : null}
      {value ? <JobTable jobs={value.jobs} /> : error ? null : <p>Asking the mesh…</p>}
      {value?.next ? (
        <button type="button" onClick={() => setQuery({ before: value.jobs.at(-1)?.job_id ?? null })}>
          Older jobs
        </button>
      ) : null}
    </>
  );
}

function JobTable({ jobs }: { jobs: JobDocument[] }) {
  if (jobs.length === 0) return <p>There is none yet.</p>;
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
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.job_id}>
              <th scope="row">
                <Link to={`/jobs/${job.job_id}`}>
                  <code>{job.job_id.slice(0, 8)}</code>
                </Link>
              </th>
              <td>{job.product}</td>
              <td>
                {STATE_WORDS[job.state]}
                {job.partial ? ", of some windows" : ""}
              </td>
              <td>{job.total}</td>
              <td>
                <Time at={job.submitted} />
              </td>
              <td>{job.user}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
