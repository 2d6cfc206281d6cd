// What to do where windows failed: the same again without them, or these alone once more.
import { useState } from "preact/hooks";

import { go } from "../api/address";
import { Refused } from "../api/client";
import { submit } from "../api/submit";
import type { ProductDocument, RequestDocument } from "../api/types";
import { ErrorText } from "../parts";
import type { LiveJob } from "../table/live";

export function Rerun({ live, request, product }: { live: LiveJob; request: RequestDocument | null; product: ProductDocument | undefined }) {
  const [refused, refuse] = useState<Refused | null>(null);
  const [sending, setSending] = useState(false);
  // Slices of time have no list that could be asked for.
  if (!live.job?.final || !request || !product?.selection.includes("windows")) return null;
  const failed = live.labels.filter((label) => live.states.get(label) === "failed");
  const others = live.labels.filter((label) => live.states.get(label) !== "failed");
  if (!failed.length) return null;
  const run = async (labels: string[]) => {
    setSending(true);
    refuse(null);
    // Without its version a window is the newest one that the archive has.
    const scws = labels.map((label) => label.replace(/\.\d{3}$/, ""));
    const body = { instrument: request.instrument, product: request.product, selection: { scws }, parameters: request.parameters };
    try {
      const job = await submit(body);
      go(`/jobs/${job.job_id}/table`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    } finally {
      setSending(false);
    }
  };
  const these = failed.length === 1 ? "the failed window" : `the ${failed.length} failed windows`;
  return (
    <>
      <p class="row">
        {others.length ? (
          <button type="button" disabled={sending} onClick={() => run(others)}>
            Run again without {these}
          </button>
        ) : null}
        <button type="button" disabled={sending} onClick={() => run(failed)}>
          Try {these} again
        </button>
      </p>
      {refused ? <ErrorText error={refused} /> : null}
    </>
  );
}
