// Where a source is, by its name.
import { call } from "../api/client";
import type { NameDocument, ProductDocument } from "../api/types";
import { type Draft, takesList } from "./draft";

/** The position that the mesh knows for a name; throws `Refused`. */
export function positionOf(name: string): Promise<NameDocument> {
  return call<NameDocument>(`/names?name=${encodeURIComponent(name)}`);
}

/** What of a draft changes with the position of its source. */
export function placed(found: NameDocument): Pick<Draft, "source" | "ra" | "dec"> {
  return { source: found.name, ra: String(found.ra), dec: String(found.dec) };
}

/** Whether a source is named whose position is not there yet: without it the request would be for every direction. */
export function lacksPosition(draft: Draft, product: ProductDocument | undefined): boolean {
  const kinds = product?.selection ?? [];
  return kinds.includes("cone") && !takesList(draft, kinds) && Boolean(draft.source.trim()) && !draft.ra.trim() && !draft.dec.trim();
}
