// The event stream of a job: rows as they change, as long as somebody looks.
//
// A browser has six connections for a host: a hidden tab holds none, but looks at the record now and then.
import { apiUrl, call, Refused } from "./client";
import type { JobDocument, UnitState } from "./types";

/** One row of the table science window x step. */
export interface Row {
  stage: string;
  label: string;
  state: UnitState;
  step: string | null;
  seconds: number | null;
  attempt: number;
  failure: string | null;
  warnings: string[];
  worker: string;
}

export interface Heard {
  stages: (stages: Record<string, string[]>) => void;
  rows: (rows: Row[]) => void;
  job: (job: JobDocument) => void;
  /** Whether the mesh is heard now. */
  connected: (now: boolean) => void;
  failed: (error: Refused) => void;
}

const HIDDEN_SECONDS = 15;
const RETRY_SECONDS = 4;

type Written = [number, string, UnitState, ...unknown[]];

/** Follow a job until it has ended or the returned function is called. */
export function followJob(jobId: string, heard: Heard): () => void {
  const base = `/jobs/${jobId}`;
  let source: EventSource | null = null;
  let timer = 0;
  let over = false;
  let stages: string[] = [];
  let steps: string[][] = [];

  const read = (written: Written): Row => {
    const [stage, label, state, step, seconds, attempt, failure, warnings, worker] = written;
    return {
      stage: stages[stage] ?? String(stage),
      label,
      state,
      step: typeof step === "number" ? (steps[stage]?.[step] ?? null) : null,
      seconds: (seconds as number | null | undefined) ?? null,
      attempt: (attempt as number | undefined) ?? 1,
      failure: (failure as string | null | undefined) ?? null,
      warnings: (warnings as string[] | undefined) ?? [],
      worker: (worker as string | undefined) ?? "",
    };
  };
  const close = () => {
    source?.close();
    source = null;
    clearTimeout(timer);
  };
  const listen = () => {
    close();
    source = new EventSource(apiUrl(`${base}/events?table=true&form=compact`));
    const on = (name: string, take: (data: never) => void) =>
      source?.addEventListener(name, (event) => {
        heard.connected(true);
        take(JSON.parse((event as MessageEvent<string>).data) as never);
      });
    on("header", (data: { stages: Record<string, string[]> }) => {
      stages = Object.keys(data.stages);
      steps = Object.values(data.stages);
      heard.stages(data.stages);
    });
    on("units", (data: { rows: Written[] }) => heard.rows(data.rows.map(read)));
    on("job", (data: JobDocument) => heard.job(data));
    on("end", () => {
      // Else the browser would come back for ever.
      over = true;
      close();
      look(false);
    });
    source.onerror = () => {
      if (over) return;
      heard.connected(false);
      // The browser itself comes back after a broken connection, but not after a refusal.
      if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(() => look(true), 1000 * RETRY_SECONDS);
    };
  };
  /** Look at the record once; *follow*: then go on. */
  const look = (follow: boolean) => {
    call<JobDocument>(base)
      .then((job) => {
        heard.connected(true);
        heard.job(job);
        if (follow && !over && !document.hidden) listen();
      })
      .catch((error) => {
        if (!(error instanceof Refused)) throw error;
        if (error.status === 0 || error.status >= 500 || error.status === 429) {
          heard.connected(false);
          timer = window.setTimeout(() => look(follow), 1000 * (error.retryAfter ?? RETRY_SECONDS));
        } else heard.failed(error);
      });
  };
  const glance = () => {
    clearTimeout(timer);
    if (!document.hidden || over) return;
    look(false);
    timer = window.setTimeout(glance, 1000 * HIDDEN_SECONDS);
  };
  const turned = () => {
    if (over) return;
    close();
    if (document.hidden) timer = window.setTimeout(glance, 1000 * HIDDEN_SECONDS);
    else listen();
  };
  document.addEventListener("visibilitychange", turned);
  look(true);
  return () => {
    over = true;
    close();
    document.removeEventListener("visibilitychange", turned);
  };
}
