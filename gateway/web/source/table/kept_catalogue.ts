// Catalogues that the browser keeps for the tab: on their way from the sky of a job to a form, and as they are edited.
import { EditedCatalogue } from "./edited_catalogue";

export interface Source {
  name: string;
  ra: number;
  dec: number;
}

const KEY = "odamesh:catalogue:";
const EDITED = "odamesh:edited:";

export function keepCatalogue(job: string, sources: Source[]): void {
  sessionStorage.setItem(KEY + job, JSON.stringify(sources));
}

/** The sources that were kept for a job; null: there are none. */
export function takeCatalogue(job: string): Source[] | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY + job) ?? "null");
  } catch {
    return null;
  }
}

/** Keep the edits of the catalogue beside an image of a job; false: the browser has no room for them. */
export function keepEdits(job: string, image: string, catalogue: EditedCatalogue): boolean {
  try {
    sessionStorage.setItem(`${EDITED}${job}:${image}`, catalogue.toText());
    return true;
  } catch {
    return false;
  }
}

/** The edited catalogue beside an image of a job; null: it was not edited in this tab. */
export function takeEdits(job: string, image: string): EditedCatalogue | null {
  const kept = sessionStorage.getItem(`${EDITED}${job}:${image}`);
  return kept === null ? null : EditedCatalogue.fromText(kept);
}
