// A catalogue on its way from the sky of a job to a form: kept by the browser until it is used.
export interface Source {
  name: string;
  ra: number;
  dec: number;
}

const KEY = "odamesh:catalogue:";

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
