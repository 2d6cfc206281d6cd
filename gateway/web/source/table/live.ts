// The table of a job as it changes: stage and label -> row; tells whoever draws it at most once a frame.
import { useEffect, useState } from "preact/hooks";

import type { Refused } from "../api/client";
import { followJob, type Row } from "../api/stream";
import type { JobDocument, UnitState } from "../api/types";

export const JOB_LABEL = "job";

export class LiveJob {
  job: JobDocument | null = null;
  error: Refused | null = null;
  connected = true;
  /** When the mesh was heard last [ms since 1970]. */
  heardAt = Date.now();
  stages: Record<string, string[]> = {};
  /** Windows in the order of the plan. */
  labels: string[] = [];
  /** Of each window over all its stages, and how many windows are in each state. */
  readonly states = new Map<string, UnitState>();
  readonly counts = new Map<UnitState, number>();
  /** Label -> stage -> row; of a label whose rows have changed another map. */
  readonly rows = new Map<string, Map<string, Row>>();
  private waiting = false;
  private readonly stop: () => void;

  constructor(
    readonly jobId: string,
    private readonly changed: () => void,
  ) {
    this.stop = followJob(jobId, {
      stages: (stages) => {
        this.stages = stages;
        this.tell();
      },
      rows: (rows) => {
        for (const row of rows) this.take(row);
        this.tell();
      },
      job: (job) => {
        // The stream tells records without their products.
        const products = job.products ?? this.job?.products ?? [];
        this.job = { ...job, products };
        this.tell();
      },
      connected: (now) => {
        if (now) this.heardAt = Date.now();
        if (now === this.connected) return;
        this.connected = now;
        this.tell();
      },
      failed: (error) => {
        this.error = error;
        this.tell();
      },
    });
  }

  close(): void {
    this.stop();
  }

  /** The rows of stages that run once for the job. */
  ofJob(): Row[] {
    return [...(this.rows.get(JOB_LABEL)?.values() ?? [])];
  }

  /** Stages that run once for each window. */
  windowStages(): string[] {
    return Object.keys(this.stages).filter((stage) => !this.rows.get(JOB_LABEL)?.has(stage));
  }

  /** What the rows are called: *count* of them. */
  noun(count: number): string {
    const word = /^\d{12}/.test(this.labels[0] ?? "") ? "window" : "slice";
    return count === 1 ? word : `${word}s`;
  }

  private take(row: Row): void {
    const before = this.rows.get(row.label);
    if (!before && row.label !== JOB_LABEL) this.labels.push(row.label);
    const known = new Map(before).set(row.stage, row);
    this.rows.set(row.label, known);
    if (row.label === JOB_LABEL) return;
    const [was, now] = [this.states.get(row.label), windowState(known)];
    if (was === now) return;
    if (was) this.counts.set(was, (this.counts.get(was) ?? 0) - 1);
    this.counts.set(now, (this.counts.get(now) ?? 0) + 1);
    this.states.set(row.label, now);
  }

  private tell(): void {
    if (this.waiting) return;
    this.waiting = true;
    // A hidden tab draws no frames.
    const draw = () => {
      this.waiting = false;
      this.changed();
    };
    if (document.hidden) setTimeout(draw, 200);
    else requestAnimationFrame(draw);
  }
}

/** Follow a job; the component is drawn again when something of it changes. */
export function useJob(jobId: string): LiveJob | null {
  const [live, set] = useState<{ of: LiveJob | null; turn: number }>({ of: null, turn: 0 });
  useEffect(() => {
    const followed = new LiveJob(jobId, () => set((before) => ({ of: followed, turn: before.turn + 1 })));
    set({ of: followed, turn: 0 });
    return () => followed.close();
  }, [jobId]);
  return live.of?.jobId === jobId ? live.of : null;
}

const ORDER: UnitState[] = ["failed", "running", "queued", "waiting", "cancelled", "done", "cached"];

/** The state of a window over all its stages: the one that a reader wants to know. */
function windowState(stages: Map<string, Row>): UnitState {
  const states = new Set([...stages.values()].map((row) => row.state));
  if (states.has("waiting") && (states.has("done") || states.has("cached")) && !states.has("failed")) {
    if (!states.has("running") && !states.has("queued")) return "waiting";
  }
  return ORDER.find((state) => states.has(state)) ?? "waiting";
}

/** What one step of a unit is: steps before the current one are done, later ones wait. */
export function stepState(row: Row | undefined, step: number, steps: string[]): UnitState {
  if (!row) return "waiting";
  if (row.state === "done" || row.state === "cached") return row.state;
  const current = row.step === null ? -1 : steps.indexOf(row.step);
  // What a unit had done before it was cancelled stays done.
  if (row.state === "cancelled") return step < current ? "done" : "cancelled";
  if (row.state === "running" || row.state === "failed") {
    if (step < current) return "done";
    if (step === current || (current < 0 && step === 0)) return row.state;
    return "waiting";
  }
  return row.state;
}
