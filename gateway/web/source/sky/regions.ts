// Regions of the sky as coverage maps (MOC 2.0, FITS or JSON): credible regions of an event, what a job looked at.
import { root } from "../api/address";
import type { LocalisationSummary } from "../api/types";

/** A region in the form in which the viewer takes it. */
export interface Region {
  name: string;
  content: Blob | Record<string, number[]>;
}

/** Colours of regions over any image, the first ones for what is listed first. */
export const REGION_COLOURS = ["#ffffff", "#ffb000", "#7cc0ff", "#ff9a66"];

/** Addresses of the credible regions of an event: of its map, and of what instruments add to it. */
export function regionsOf(localisation: LocalisationSummary | null): string[] {
  const files = localisation?.files ?? [];
  return files.filter((file) => /_(50|90)\.moc\.fits$/.test(file.name)).map((file) => file.url.slice(root.length));
}

/** Fetch a region from an address of this gateway; of other hosts nothing is fetched. */
export async function fetchRegion(place: string, signal: AbortSignal): Promise<Region> {
  if (!/^\/[^/\\]/.test(place)) throw new Error(`${place} is no address of this mesh: load the file instead`);
  const answer = await fetch(root + place, { signal, headers: { Accept: "application/json, application/fits;q=0.9, */*;q=0.5" } });
  if (!answer.ok) throw new Error(`the region ${place} cannot be read: ${answer.status} ${answer.statusText}`);
  return readRegion(decodeURIComponent(place.split("?")[0]?.split("/").at(-1) ?? place), await answer.blob());
}

/** Read a file with a coverage map; throws for what is none. */
export async function readRegion(name: string, file: Blob): Promise<Region> {
  const begin = await file.slice(0, 6).text();
  if (begin === "SIMPLE") return { name, content: file };
  let content: unknown;
  try {
    content = JSON.parse(await file.text());
  } catch {
    throw new Error(`${name} is no coverage map (MOC) in FITS or JSON`);
  }
  const cells = Object.entries((content ?? {}) as object);
  if (!cells.length || !cells.every(([order, list]) => /^\d+$/.test(order) && Array.isArray(list))) {
    throw new Error(`${name} is no coverage map: it has no lists of cells by order`);
  }
  return { name, content: content as Record<string, number[]> };
}
