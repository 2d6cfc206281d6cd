// How the mesh is doing, in a line, and what failed in it within a day.
import { useEffect, useMemo, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { Alarm, JobDocument, JobList, LettersDocument, QueuesDocument, UnitTable } from "../api/types";
import { useCall, useRegularly } from "../api/use";
import { Link, Time } from "../parts";

const DAY_MS = 86_400_000;
/** Jobs and windows of each that are told. */
const [MOST_JOBS, MOST_WINDOWS] = [10, 3];

/** One line in plain words; what cannot be asked is left out of it. */
export function Summary() {
  const queues = useCall<QueuesDocument>("/admin/queues");
  const letters = useCall<LettersDocument>("/admin/dead-letters");
  const alarms = useCall<Alarm[]>("/admin/alarms");
  for (const one of [queues, letters, alarms]) useRegularly(one.again);
  const sum = (name: "running" | "waiting" | "released") => (queues.value?.lanes ?? []).reduce((all, one) => all + one[name], 0);
  const dead = Object.values(letters.value?.counts ?? {}).reduce((all, one) => all + one, 0);
  const pages = alarms.value?.filter((one) => one.severity === "page").length ?? 0;
  const [running, waiting] = [sum("running"), sum("waiting") + sum("released")];
  const said = [
    queues.value ? (running || waiting ? `${running} steps are at work, ${waiting} wait` : "nothing is at work") : "",
    letters.value ? (dead ? `messages that failed and wait for a decision: ${dead}` : "no message has failed") : "",
    alarms.value ? (alarms.value.length ? `alarms: ${alarms.value.length}, urgent ones ${pages}` : "no alarm") : "",
  ].filter(Boolean);
  const text = said.join("; ");
  return (
    <p class="answer" id="summary">
      {text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : "Asking the mesh…"}
    </p>
  );
}

interface Failed {
  job: JobDocument;
  windows: UnitTable | null;
}

/** Jobs of the last day that failed, or some of whose windows did, with the reasons. */
export function FailedWindows() {
  const since = useMemo(() => new Date(Date.now() - DAY_MS).toISOString().slice(0, 19), []);
  const [found, set] = useState<Failed[] | null>(null);
  useEffect(() => {
    let over = false;
    failedSince(since)
      .then((jobs) => over || set(jobs))
      .catch((error) => {
        if (!(error instanceof Refused)) throw error;
        if (!over) set([]);
      });
    return () => {
      over = true;
    };
  }, [since]);
  return (
    <section aria-label="Failed windows">
      <h2>Failed in the last day</h2>
      {found === null ? <p>Asking the mesh…</p> : null}
      {found && !found.length ? <p>No job, and no window of a job.</p> : null}
      {found?.length ? (
        <ul>
          {found.map(({ job, windows }) => (
            <li key={job.job_id}>
              <Link to={`/jobs/${job.job_id}/table?state=failed`}>
                {job.instrument}: {job.about || job.product}
              </Link>{" "}
              <span class="quiet">
                <Time at={job.submitted} /> UTC, {job.user}
              </span>
              {job.failure ? `: ${job.failure.text}` : ""}
              <ul>
                {(windows?.rows ?? []).slice(0, MOST_WINDOWS).map((one) => (
                  <li key={one.key}>
                    {one.label}, {one.stage}: {one.failure?.text ?? "no reason is kept"}
                  </li>
                ))}
                {(job.counts.failed ?? 0) > MOST_WINDOWS ? <li>and {(job.counts.failed ?? 0) - MOST_WINDOWS} more</li> : null}
              </ul>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

async function failedSince(since: string): Promise<Failed[]> {
  const wanted = [`state=ERROR`, `partial=true`].map((one) => call<JobList>(`/jobs?${one}&since=${since}&limit=${MOST_JOBS}`));
  const jobs = (await Promise.all(wanted)).flatMap((list) => list.jobs).sort((a, b) => b.submitted.localeCompare(a.submitted));
  return Promise.all(
    jobs.slice(0, MOST_JOBS).map(async (job) => {
      const windows = job.counts.failed ? await call<UnitTable>(`/jobs/${job.job_id}/units?state=failed&limit=${MOST_WINDOWS}`) : null;
      return { job, windows };
    }),
  );
}
