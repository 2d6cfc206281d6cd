// Submits jobs: one whose answer was lost is the same job when it is sent again.
import { call } from "./client";
import type { JobDocument } from "./types";

/** What was sent and not answered, with the key under which the mesh knows it. */
const unanswered = new Map<string, string>();

/** Have an analysis done, as a new request or, with its address as the place, as a kept one; throws `Refused`. */
export async function submit(body: object, place = "/jobs"): Promise<JobDocument> {
  const text = `${place} ${JSON.stringify(body)}`;
  const key = unanswered.get(text) ?? crypto.randomUUID?.() ?? String(Math.random());
  unanswered.set(text, key);
  const job = await call<JobDocument>(place, { method: "POST", body, headers: { "Idempotency-Key": key } });
  unanswered.delete(text);
  return job;
}
