// The tabs of a job: which kind of result each shows, and how one says that.
import type { JobDocument, ProductDocument } from "../api/types";

export type Role = ProductDocument["results"][string];

interface Tab {
  name: string;
  text: string;
  /** The kind of files that it shows; without one it is there from the beginning. */
  role?: Role;
  /** What it shows, as in "See the image". */
  what?: string;
}

export const TABS: Tab[] = [
  { name: "table", text: "Table" },
  { name: "sky", text: "Sky", role: "image", what: "image" },
  { name: "spectra", text: "Spectra", role: "spectrum", what: "spectra" },
  { name: "fit", text: "Fit", role: "fit", what: "fit" },
  { name: "curves", text: "Light curves", role: "curve", what: "light curves" },
  { name: "bursts", text: "Bursts", role: "burst", what: "bursts" },
  { name: "files", text: "Files" },
];

/** The tabs that a job of a product can have. */
export function tabsOf(product: ProductDocument | undefined): Tab[] {
  const roles = Object.values(product?.results ?? {});
  return TABS.filter((tab) => !tab.role || roles.includes(tab.role));
}

/** The tab on which the result of a product is seen first. */
export function resultTab(product: ProductDocument | undefined): Tab {
  return tabsOf(product).find((tab) => tab.role) ?? { name: "files", text: "Files", what: "files" };
}

/** Where a job is looked at: its result where there is one, else how far it is. */
export function jobAddress(job: JobDocument, product: ProductDocument | undefined): string {
  const there = job.final && job.products_total > 0 && product;
  return `/jobs/${job.job_id}/${there ? resultTab(product).name : "table"}`;
}

/** Where what a job was asked for is changed and asked for again: of a fit in the form of fits. */
export function editAddress(job: JobDocument): string {
  return job.product === "spectral_fit" ? `/jobs/${job.job_id}/fit?again=on` : `/new?from=${job.request_key}&job=${job.job_id}`;
}

/** How many windows a job has, and of how many there is nothing; the stage of most units is that of the windows. */
export function windowsOf(job: JobDocument): { all: number; failed: number } {
  let most = { all: 0, failed: 0 };
  for (const counts of Object.values(job.stages)) {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (all > most.all || (all === most.all && (counts.failed ?? 0) > most.failed)) most = { all, failed: counts.failed ?? 0 };
  }
  return most;
}
