// Where the spectra of a fit come from: the job that made them, and their files for other programs.
import { useEffect, useState } from "preact/hooks";

import { apiUrl, call, Refused } from "../api/client";
import type { JobDocument, JobList } from "../api/types";
import { Link } from "../parts";

interface Product {
  key: string;
  /** Run that made it. */
  run_id: string;
  files: { name: string; media_type: string }[];
}

interface Props {
  /** Keys of the products that hold the spectra. */
  keys: string[];
  source: string;
  /** The job that made them, where the address names it. */
  of: string | null;
}

export function SpectraOfFit({ keys, source, of }: Props) {
  const [products, set] = useState<Product[]>([]);
  const [found, find] = useState<string | null>(null);
  useEffect(() => {
    let over = false;
    const look = async () => {
      const all = await Promise.all(keys.map((key) => call<Product>(`/products/${key}`)));
      if (!over) set(all);
      const [first] = all;
      if (of || !first || !/^[0-9a-f]{32}$/.test(first.run_id)) return;
      // A job and its run have one name, but for those that came while the same was made already.
      const { jobs } = await call<JobList>(`/jobs?id=${first.run_id}`);
      if (!jobs.length) return;
      const job = await call<JobDocument>(`/jobs/${first.run_id}`);
      if (!over && job.products.some((one) => one.key === first.key)) find(job.job_id);
    };
    look().catch((error) => {
      // Products may have left the cache; the fit itself is here.
      if (!(error instanceof Refused)) throw error;
    });
    return () => {
      over = true;
    };
  }, [keys.join(), of]);
  const job = of ?? found;
  const files = products.flatMap((one) =>
    one.files
      .filter((file) => file.media_type !== "image/png" && belongs(file.name, source))
      .map((file) => ({ name: file.name, url: apiUrl(`/products/${one.key}/${encodeURIComponent(file.name)}`) })),
  );
  return (
    <>
      {job ? (
        <p>
          <Link to={`/jobs/${job}/spectra`}>The spectra of this fit</Link>
        </p>
      ) : null}
      {files.length ? (
        <details>
          <summary>Spectrum, response and background for XSPEC and others ({files.length} files)</summary>
          <ul>
            {files.map((file) => (
              <li key={file.url}>
                <a href={file.url}>{file.name}</a>
              </li>
            ))}
          </ul>
          <p class="quiet">The spectra name the other files in their headers: keep all in one folder. The tab Files has the fit itself.</p>
        </details>
      ) : null}
    </>
  );
}

/** Whether a file of a job with many sources belongs to this one, or to all of them. */
function belongs(name: string, source: string): boolean {
  if (/_(rmf|arf)[._]/i.test(name)) return true;
  return /_(spectrum|correction|background)_/i.test(name) && name.includes(`_${source.replaceAll(" ", "_")}.`);
}
