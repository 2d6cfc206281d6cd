// How long a job still takes, from how fast its units ended while somebody looked: as the command line tells it.
import type { JobDocument, UnitState } from "../api/types";

/** Of fewer units no pace can be told. */
const LEAST_UNITS = 3;
const SETTLED: UnitState[] = ["cached", "done", "failed", "cancelled"];

export class Estimate {
  private began: { at: number; settled: number } | null = null;
  /** When it will have ended [ms since 1970]; null: no pace is known. */
  private end: number | null = null;

  /** Take a record seen at *now* [ms]; units that were cached before the first one ran say nothing of the pace. */
  update(job: JobDocument, now: number): void {
    const settled = SETTLED.reduce((sum, state) => sum + (job.counts[state] ?? 0), 0);
    if (!this.began) {
      if (job.counts.running || job.started) this.began = { at: now, settled };
      return;
    }
    const { at, settled: before } = this.began;
    if (settled - before < LEAST_UNITS || now <= at) return;
    this.end = now + ((job.total - settled) * (now - at)) / (settled - before);
  }

  /** Seconds that it still takes; null: that cannot be told. */
  left(now: number): number | null {
    return this.end === null ? null : Math.max(1, (this.end - now) / 1000);
  }
}
