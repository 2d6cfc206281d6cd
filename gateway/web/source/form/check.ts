// What is known to be wrong, or not whole yet, before the mesh is asked.
import { Refused } from "../api/client";
import type { ProductDocument, Submission } from "../api/types";
import { type Draft, dayAfter } from "./draft";
import { isInstant, readTime } from "./instants";

/** Numbers beyond their limits, by the name that the gateway's errors have for their field. */
export function wrongNumbers(draft: Draft, product: ProductDocument | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, declared] of Object.entries(product?.parameters ?? {})) {
    const value = draft.values[name];
    if (value === undefined || (declared.type !== "number" && declared.type !== "integer")) continue;
    const low = declared.minimum ?? -Infinity;
    const high = declared.maximum ?? Infinity;
    if (typeof value !== "number" || value < low || value > high) found[`parameters.${name}`] = `Allowed is a ${declared.allowed}.`;
  }
  return found;
}

/** Whether a submission is so far written that it is worth asking what it would take. */
export function isWhole(sent: Submission | null): boolean {
  const { scws, time, cone, max_pointings } = sent?.selection ?? {};
  const number = (value: unknown) => typeof value === "number" && Number.isFinite(value);
  if (!sent) return false;
  if (scws && (scws.length === 0 || !scws.every((scw) => /^\d{12}(\.\d{3})?$/.test(scw)))) return false;
  if (time && !(isInstant(time.t1) && isInstant(time.t2) && time.t1.trim() < time.t2.trim())) return false;
  if (cone && !(number(cone.ra) && number(cone.radius) && Math.abs(cone.dec) <= 90 && cone.radius > 0 && cone.radius <= 180)) return false;
  return max_pointings === undefined || max_pointings === null || number(max_pointings);
}

/** Bring the times of a draft into the form that requests have; throws `Refused` with a sentence at each field that needs one. */
export async function withTimes(draft: Draft): Promise<Pick<Draft, "t1" | "t2">> {
  const errors: { field: string; detail: string; allowed: null; type: string }[] = [];
  const wrong = (name: "t1" | "t2", detail: string) => errors.push({ field: `selection.time.${name}`, detail, allowed: null, type: "invalid-selection" });
  let [t1, t2] = [draft.t1.trim(), draft.t2.trim()];
  try {
    if (!t1) wrong("t1", "Write when it begins, or a whole day.");
    else if (!isInstant(t1)) {
      const { begin, end } = await readTime(t1);
      t1 = begin;
      if (!t2) t2 = end ?? "";
    }
  } catch (error) {
    wrong("t1", (error as Error).message);
  }
  try {
    // Without a begin nobody can know the end: that is one error.
    if (!t2) {
      if (!errors.length) wrong("t2", "Write when it ends.");
    } else if (!isInstant(t2)) {
      const { begin, end } = await readTime(t2);
      t2 = end ?? begin;
    }
  } catch (error) {
    wrong("t2", (error as Error).message);
  }
  // The same day twice is that day.
  if (t1 === t2 && /^\d{4}-\d\d-\d\d$/.test(t2)) t2 = dayAfter(t2) ?? t2;
  const order = (time: string) => time.replace(" ", "T");
  if (!errors.length && order(t1) >= order(t2)) wrong("t2", "The end is not after the begin.");
  if (errors.length) throw new Refused({ status: 422, detail: errors[0]?.detail ?? "", errors }, null);
  return { t1, t2 };
}
