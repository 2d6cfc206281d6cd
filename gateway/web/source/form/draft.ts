// A query that is being written, and the submission that it comes to.
import type { InstrumentDocument, ProductDocument, RequestDocument, Selection, Submission } from "../api/types";
import type { Asked } from "./sentence";

export interface Draft {
  instrument: string;
  product: string;
  /** Name of the source that the position came from. */
  source: string;
  ra: string;
  dec: string;
  radius: string;
  by: "time" | "windows";
  t1: string;
  t2: string;
  /** As they stand in the text field. */
  windows: string;
  most: string;
  /** What differs from the defaults, by name of the parameter. */
  values: Record<string, unknown>;
}

export const EMPTY: Draft = {
  instrument: "isgri",
  product: "isgri_image",
  source: "",
  ra: "",
  dec: "",
  radius: "15",
  by: "time",
  t1: "",
  t2: "",
  windows: "",
  most: "",
  values: {},
};

export function productOf(instruments: InstrumentDocument[], draft: Draft): ProductDocument | undefined {
  return instruments.find((one) => one.name === draft.instrument)?.products[draft.product];
}

/** Science windows of a text: whatever stands between blanks, commas and line ends. */
export function windowsOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/** Whether windows are given as a list: the draft says so, or the product is made of nothing else. */
export function takesList(draft: Draft, kinds: readonly string[]): boolean {
  return kinds.includes("windows") && (draft.by === "windows" || !kinds.includes("time"));
}

/** The day after one, as a date; null: it is none. */
export function dayAfter(day: string): string | null {
  const begin = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(begin) ? new Date(begin + 86_400_000).toISOString().slice(0, 10) : null;
}

/** A number, or the text that is none, which the mesh then refuses in its own words. */
export function numberOf(text: string): number | string {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) ? value : text;
}

/** Degrees of an angle in degrees or in the form 17:45:40.0, 17h45m40s; null: it is none. */
export function degrees(text: string, hours: boolean): number | null {
  const plain = text.trim();
  if (/^[-+]?\d+(\.\d*)?$/.test(plain)) return Number(plain);
  const parts = /^([-+]?)(\d+)[:hd°\s]\s*(\d+)[:m'′\s]\s*(\d+(?:\.\d*)?)["s″]?$/.exec(plain);
  if (!parts) return null;
  const value = Number(parts[2]) + Number(parts[3]) / 60 + Number(parts[4]) / 3600;
  return (parts[1] === "-" ? -1 : 1) * value * (hours ? 15 : 1);
}

/** What is sent: nothing that the mesh would fill in by itself. */
export function submission(draft: Draft, product: ProductDocument | undefined): Submission {
  const sent: Submission = { instrument: draft.instrument, product: draft.product };
  const kinds = product?.selection ?? [];
  const selection: Record<string, unknown> = {};
  if (takesList(draft, kinds)) selection.scws = windowsOf(draft.windows);
  else if (kinds.includes("time")) {
    selection.time = { t1: draft.t1.trim(), t2: draft.t2.trim() };
    if (kinds.includes("cone") && (draft.ra.trim() || draft.dec.trim())) {
      const ra = degrees(draft.ra, true) ?? draft.ra;
      const dec = degrees(draft.dec, false) ?? draft.dec;
      selection.cone = { ra, dec, radius: numberOf(draft.radius) };
    }
    if (kinds.includes("cone") && draft.most.trim()) selection.max_pointings = numberOf(draft.most);
  }
  if (Object.keys(selection).length) sent.selection = selection as unknown as Selection;
  const known = product?.parameters ?? {};
  const values = Object.entries(draft.values).filter(
    ([name, value]) => name in known && JSON.stringify(value) !== JSON.stringify(known[name]?.default),
  );
  if (values.length) sent.parameters = Object.fromEntries(values);
  return sent;
}

/** A draft that comes to an earlier request. */
export function draftOf(request: Asked): Draft {
  const { scws, time, cone, max_pointings } = request.selection ?? {};
  return {
    ...EMPTY,
    instrument: request.instrument,
    product: request.product,
    by: scws ? "windows" : "time",
    windows: (scws ?? []).join("\n"),
    t1: time?.t1 ?? "",
    t2: time?.t2 ?? "",
    ra: cone ? String(cone.ra) : "",
    dec: cone ? String(cone.dec) : "",
    radius: cone ? String(cone.radius) : EMPTY.radius,
    most: max_pointings ? String(max_pointings) : "",
    values: request.parameters ?? {},
  };
}

/** What was asked for, as it would be sent again. */
export function submissionOf({ instrument, product, selection, parameters }: RequestDocument): Submission {
  const sent: Submission = { instrument, product, selection: compact(selection), parameters };
  if (Object.keys(sent.selection ?? {}).length === 0) delete sent.selection;
  return sent;
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null)) as T;
}
