// Fits of the same spectra: who looks at one sees what was tried before.
import { useEffect, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { JobDocument, JobList, LinkedFile, RequestDocument } from "../api/types";
import { readReport, type Report } from "./fit_report";

const NEWEST = 30;

export interface Earlier {
  job: JobDocument;
  parameters: Record<string, unknown>;
  model: string;
  source: string;
  /** Null while there is none: it runs, or came to nothing. */
  report: Report | null;
  files: LinkedFile[];
}

/** Fits that used one of these products, newest first; null: not known yet. Read again as *state*, of one of them, changes. */
export function useFits(keys: string[], state = ""): Earlier[] | null {
  const [found, set] = useState<Earlier[] | null>(null);
  const wanted = keys.join();
  useEffect(() => {
    if (!wanted) return;
    let over = false;
    fitsOf(new Set(keys))
      .then((fits) => over || set(fits))
      .catch((error) => {
        // Who has no list of jobs has no history; everything else works.
        if (!(error instanceof Refused)) throw error;
        if (!over) set([]);
      });
    return () => {
      over = true;
    };
  }, [wanted, state]);
  return found;
}

async function fitsOf(keys: Set<string>): Promise<Earlier[]> {
  const list = await call<JobList>(`/jobs?product=spectral_fit&limit=${NEWEST}`);
  const all = await Promise.all(
    list.jobs.map(async (one): Promise<Earlier | null> => {
      const { parameters } = await call<RequestDocument>(`/requests/${one.request_key}`);
      if (!(parameters.spectra as string[]).some((key) => keys.has(key))) return null;
      const told = { parameters, model: String(parameters.model), source: String(parameters.source) };
      if (one.state !== "COMPLETED") return { ...told, job: one, report: null, files: [] };
      const job = await call<JobDocument>(`/jobs/${one.job_id}`);
      const files = job.products.flatMap((product) => product.files);
      return { ...told, job, report: await readReport(files).catch(() => null), files };
    }),
  );
  return all.filter((one) => one !== null);
}
