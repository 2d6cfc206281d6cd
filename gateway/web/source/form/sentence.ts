// What was asked for, in one sentence: product, instrument, bands, windows or time, place.
import type { InstrumentDocument, Selection } from "../api/types";
import { dayAfter } from "./draft";

export interface Asked {
  instrument: string;
  product: string;
  selection?: Partial<Selection>;
  parameters?: Record<string, unknown>;
}

const MIDNIGHT = "T00:00:00";

/** A request in one sentence; *instruments*: null as long as their names are not known. */
export function sentence(request: Asked, instruments: InstrumentDocument[] | null): string {
  const instrument = instruments?.find((one) => one.name === request.instrument);
  const title = instrument?.products[request.product]?.title ?? request.product;
  const { scws, time, cone, max_pointings } = request.selection ?? {};
  const { source, model, bands } = request.parameters ?? {};
  const parts = [title];
  // A fit is of what others made, of no instrument alone.
  if (request.product === "spectral_fit") parts[0] = `Fit of ${source || "spectra"} with ${model ?? "a model"}`;
  else if (instrument) parts[0] += `, ${instrument.title}`;
  const energies = spans(bands);
  if (energies) parts.push(energies);
  if (scws) parts.push(windows(scws));
  if (time) parts.push(times(time.t1, time.t2));
  if (cone) parts.push(`within ${short(cone.radius)}° of RA ${short(cone.ra)}°, Dec ${short(cone.dec)}°`);
  if (max_pointings) parts.push(`at most ${max_pointings} windows`);
  return parts.join(", ");
}

function short(value: number): string {
  return String(Number(value.toFixed(2))).replace("-", "−");
}

function windows(scws: string[]): string {
  const [first, last] = [scws[0], scws.at(-1)];
  if (scws.length === 1) return `1 science window, ${first}`;
  return `${scws.length} science windows${scws.length ? `, ${first} to ${last}` : ""}`;
}

/** A day is said as a day. */
function times(t1: string, t2: string): string {
  const [begin, end] = [t1.replace(MIDNIGHT, ""), t2.replace(MIDNIGHT, "")];
  if (!begin.includes("T") && dayAfter(begin) === end) return begin;
  return `${begin.replace("T", " ")} to ${end.replace("T", " ")} UTC`;
}

/** Energies of bands: each, or of many their number and the whole range. */
export function spans(bands: unknown): string {
  if (!Array.isArray(bands) || !bands.length) return "";
  const pairs = bands.filter((one): one is [number, number] => Array.isArray(one) && one.length === 2);
  if (pairs.length > 3) {
    return `${pairs.length} bands of ${Math.min(...pairs.map(([low]) => low))}–${Math.max(...pairs.map(([, high]) => high))} keV`;
  }
  return pairs.map(([low, high]) => `${low}–${high} keV`).join(", ");
}
