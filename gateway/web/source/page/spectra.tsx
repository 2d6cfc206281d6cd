// The spectra of a job as small panels; those that are ticked are fitted together, of other jobs too.
import { useEffect, useState } from "preact/hooks";

import { go, setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import type { JobDocument, JobList, RequestDocument } from "../api/types";
import { FitForm, type FitWish } from "../form/fit_form";
import { Link } from "../parts";
import { SendButton } from "../samp/send";
import type { TabProps } from "./job";
import { commonRange, Panel, readSpectrum, type Spectrum } from "./spectrum_panel";

const FIRST_PANELS = 12;

export function SpectraTab({ live, results, query }: TabProps) {
  const files = results.filter((file) => file.role === "spectrum");
  const [spectra, setSpectra] = useState<Spectrum[]>([]);
  const [failed, fail] = useState<string | null>(null);
  const [refused, refuse] = useState<Refused | null>(null);
  const search = query.get("source") ?? "";
  const chosen = query.get("fit");
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const edges = new Map<string, Promise<[number[], number[]]>>();
      const found: Spectrum[] = [];
      for (const file of files) {
        found.push(await readSpectrum(file, results, edges, stop.signal));
        if (found.length % 8 === 0 || found.length === files.length) {
          setSpectra([...found].sort((a, b) => b.significance - a.significance));
        }
      }
    };
    read().catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [files.map((file) => file.url).join()]);
  if (!files.length) return <p>There are no spectra yet. They appear here as soon as there are some.</p>;
  const shown = spectra.filter((one) => one.source.toLowerCase().includes(search.toLowerCase()));
  const most = Number(query.get("panels") ?? FIRST_PANELS) || FIRST_PANELS;
  const same = query.get("axes") === "same";
  const ranges = same && shown.length ? commonRange(shown) : null;
  const run = async (wish: FitWish) => {
    try {
      refuse(null);
      const body = { instrument: "spectral_fit", product: "spectral_fit", parameters: wish };
      const job = await call<JobDocument>("/jobs", { method: "POST", body });
      go(`/jobs/${job.job_id}/fit`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  };
  return (
    <>
      <div class="row controls">
        <label>
          Source{" "}
          <input size={14} value={search} onInput={(event) => setQuery({ source: event.currentTarget.value || null })} />
        </label>
        <label>
          <input type="checkbox" checked={same} onChange={() => setQuery({ axes: same ? null : "same" })} /> same axes in all panels
        </label>
        <span class="quiet">
          {spectra.length} of {files.length} spectra read
        </span>
        <SendButton message="spectrum.load.ssa-generic" files={shown.map((one) => one.file)} />
      </div>
      {failed ? <p class="error">{failed}</p> : null}
      {chosen ? (
        <FitForm
          key={chosen}
          source={chosen}
          job={live.jobId}
          refused={refused}
          run={run}
          close={() => setQuery({ fit: null })}
        />
      ) : null}
      <div class="panels">
        {shown.slice(0, most).map((one) => (
          <Panel
            key={one.file.url}
            spectrum={one}
            ranges={ranges}
            large={query.get("large") === one.source}
            enlarge={() => setQuery({ large: query.get("large") === one.source ? null : one.source })}
            fit={() => setQuery({ fit: one.source })}
          />
        ))}
      </div>
      {shown.length > most ? (
        <button type="button" onClick={() => setQuery({ panels: String(most + FIRST_PANELS) })}>
          More ({shown.length - most} spectra)
        </button>
      ) : null}
      <History job={live.jobId} />
    </>
  );
}

interface Earlier {
  job: JobDocument;
  model: string;
  source: string;
}

/** Fits that used the spectra of this job, newest first. */
function History({ job }: { job: string }) {
  const [found, set] = useState<Earlier[]>([]);
  useEffect(() => {
    let over = false;
    const look = async () => {
      const keys = new Set<string>();
      const view = await call<JobDocument>(`/jobs/${job}`);
      for (const product of view.products) keys.add(product.key);
      const list = await call<JobList>("/jobs?product=spectral_fit&limit=20");
      const all = await Promise.all(
        list.jobs.map(async (one): Promise<Earlier | null> => {
          const { parameters } = await call<RequestDocument>(`/requests/${one.request_key}`);
          const own = (parameters.spectra as string[]).some((key) => keys.has(key));
          return own ? { job: one, model: String(parameters.model), source: String(parameters.source) } : null;
        }),
      );
      if (!over) set(all.filter((one) => one !== null));
    };
    look().catch((error) => {
      // Who has no list of jobs has no history; everything else works.
      if (!(error instanceof Refused)) throw error;
    });
    return () => {
      over = true;
    };
  }, [job]);
  if (!found.length) return null;
  return (
    <>
      <h2>Fits of these spectra</h2>
      <ul>
        {found.map((one) => (
          <li key={one.job.job_id}>
            <Link to={`/jobs/${one.job.job_id}/fit`}>
              {one.source || "all"}: {one.model}
            </Link>{" "}
            <span class="quiet">{one.job.state.toLowerCase()}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
