// Spectra of other jobs that are fitted together with these: chosen from the newest jobs that have some, or written.
import { useEffect, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { InstrumentDocument, JobDocument, JobList } from "../api/types";

const NEWEST = 10;

interface Props {
  /** The job whose own spectra are fitted; null: there is none. */
  own: string | null;
  /** Jobs or products that are taken. */
  taken: string[];
  take: (taken: string[]) => void;
}

export function OtherSpectra({ own, taken, take }: Props) {
  const [open, turn] = useState(taken.length > 0);
  const [jobs, set] = useState<[JobDocument, string][] | null>(null);
  const [text, write] = useState("");
  useEffect(() => {
    if (!open || jobs) return;
    let over = false;
    jobsWithSpectra()
      .then((found) => over || set(found))
      .catch((error) => {
        if (!(error instanceof Refused)) throw error;
        if (!over) set([]);
      });
    return () => {
      over = true;
    };
  }, [open]);
  const listed = (jobs ?? []).filter(([job]) => job.job_id !== own);
  const unlisted = taken.filter((one) => !listed.some(([job]) => job.job_id === one));
  const toggle = (id: string) => take(taken.includes(id) ? taken.filter((one) => one !== id) : [...taken, id]);
  const tick = (id: string, label: string) => (
    <li key={id}>
      <label>
        <input type="checkbox" checked={taken.includes(id)} onChange={() => toggle(id)} /> {label}
      </label>
    </li>
  );
  const add = () => {
    take([...new Set([...taken, ...text.split(/[\s,]+/).filter(Boolean)])]);
    write("");
  };
  return (
    <details open={open} onToggle={(event) => turn(event.currentTarget.open)}>
      <summary>Together with spectra of other jobs ({taken.length || "none"} chosen)</summary>
      <ul class="plain">
        {unlisted.map((one) => tick(one, one.length > 40 ? `spectra ${one.slice(0, 12)}… of the earlier fit` : `job ${one}`))}
        {listed.map(([job, title]) => tick(job.job_id, `${title}, submitted ${job.submitted.slice(0, 16).replace("T", " ")} UTC (job ${job.job_id.slice(0, 8)})`))}
      </ul>
      {open && jobs === null ? <p>Asking the mesh…</p> : null}
      <p class="row">
        <label>
          Other jobs by their ids <input size={34} value={text} onInput={(event) => write(event.currentTarget.value)} onBlur={add} />
        </label>
        <span class="help">The spectra of this source are taken from each.</span>
      </p>
    </details>
  );
}

/** The newest jobs that made spectra, of every instrument, with what they are. */
async function jobsWithSpectra(): Promise<[JobDocument, string][]> {
  const instruments = await call<InstrumentDocument[]>("/instruments");
  const kinds = instruments.flatMap((one) =>
    Object.entries(one.products)
      .filter(([, product]) => Object.values(product.results).includes("spectrum"))
      .map(([name, product]) => ({ instrument: one.name, product: name, title: `${one.title}: ${product.title.toLowerCase()}` })),
  );
  const lists = await Promise.all(
    kinds.map(async ({ instrument, product, title }) => {
      const list = await call<JobList>(`/jobs?instrument=${instrument}&product=${product}&state=COMPLETED&limit=${NEWEST}`);
      return list.jobs.map((job): [JobDocument, string] => [job, [title, job.about].filter(Boolean).join(", ")]);
    }),
  );
  return lists.flat().sort(([a], [b]) => b.submitted.localeCompare(a.submitted));
}
