// Times as people write them: what the page understands by itself; all else the mesh reads.
import { call, Refused } from "../api/client";
import { dayAfter } from "./draft";

/** What a field takes, for its help and for what is none of it. */
export const FORMS = "2018-10-29 or 29 October 2018 (the whole day), 2018-10-29T12:00:00, MJD 58420, IJD 6876, REV 2016, or a science window";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A day whose month is a word, in the form 2018-10-29; any other text as it is. */
export function spelled(text: string): string {
  const plain = text.trim();
  const day = /^(\d{1,2})(?:st|nd|rd|th)?\.?[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4})$/i.exec(plain);
  const month = /^([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$/i.exec(plain);
  const year = /^(\d{4})[\s-]+([a-z]{3,9})\.?[\s-]+(\d{1,2})$/i.exec(plain);
  const [y, m, d] = day ? [day[3], day[2], day[1]] : month ? [month[3], month[1], month[2]] : year ? [year[1], year[2], year[3]] : [];
  const number = MONTHS.indexOf((m ?? "").slice(0, 3).toLowerCase()) + 1;
  if (!y || !d || !number) return plain;
  return `${y}-${String(number).padStart(2, "0")}-${d.padStart(2, "0")}`;
}

/** Whether a text is a time in the form that requests have. */
export function isInstant(text: string): boolean {
  const plain = text.trim();
  return /^\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d+)?)?)?Z?)?$/.test(plain) && dayAfter(plain.slice(0, 10)) !== null;
}

export interface Span {
  begin: string;
  /** Of a day, a revolution or a science window; null: it is an instant. */
  end: string | null;
}

/** Read a time in any form.
 *
 * Throws an `Error` that says what may stand there.
 */
export async function readTime(text: string): Promise<Span> {
  const plain = spelled(text);
  if (/^\d{4}-\d\d-\d\d$/.test(plain) && isInstant(plain)) return { begin: plain, end: dayAfter(plain) };
  if (isInstant(plain)) return { begin: plain, end: null };
  try {
    const found = await call<{ utc: string; stop: { utc: string } | null }>(`/time?value=${encodeURIComponent(plain)}`);
    return { begin: shorter(found.utc), end: found.stop ? shorter(found.stop.utc) : null };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const said = error.message.replace(/^\w+: /, "").split("; allowed: ");
    // That the archive lacks a revolution is more than that the text is no time.
    if (said[0]?.startsWith("the archive")) throw new Error(`${capital(said[0])}${said[1] ? `: it has ${said[1]}` : ""}.`);
    if (error.status !== 422) throw new Error(error.message);
    throw new Error(`“${text.trim()}” is no time that is understood here. Write ${FORMS}.`);
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function shorter(utc: string): string {
  return utc.replace(/\.\d+$/, "");
}
