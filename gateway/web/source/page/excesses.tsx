// Excesses that a search found, with the chances that they are nothing; of a job, and of an event.
import { useState } from "preact/hooks";

export interface Excess {
  instrument?: string;
  utc: string;
  t_minus_t0_s: number | null;
  scale_s: number;
  snr: number;
  far_published_hz?: number;
  far_measured_hz?: number | null;
  fap_published: number | null;
  fap_measured: number | null;
  spike: boolean;
  association: string | null;
}

const MOST = 100;

interface Column {
  name: string;
  text: string;
  title?: string;
  show: (one: Excess) => string;
  /** What rows are ordered by. */
  order: (one: Excess) => number | string;
}

const chance = (value: number | null | undefined) => value?.toPrecision(2) ?? "–";
const last = (value: number | null | undefined) => value ?? Number.POSITIVE_INFINITY;
const whatItIs = (one: Excess) => [one.association, one.spike ? "looks like a spike" : null].filter(Boolean).join("; ") || "–";

/** What decides comes first: on a telephone the rest is moved into view. */
const COLUMNS: Column[] = [
  { name: "t", text: "T − T0 [s]", show: (one) => one.t_minus_t0_s?.toFixed(2).replace("-", "−") ?? "–", order: (one) => one.t_minus_t0_s ?? one.utc },
  { name: "snr", text: "S/N", show: (one) => one.snr.toFixed(1), order: (one) => -one.snr },
  { name: "what", text: "what it is", show: whatItIs, order: whatItIs },
  { name: "measured", text: "FAP measured", title: "measured on the data around", show: (one) => chance(one.fap_measured), order: (one) => last(one.fap_measured) },
  { name: "published", text: "FAP published", title: "by the published formula", show: (one) => chance(one.fap_published), order: (one) => last(one.fap_published) },
  { name: "scale", text: "scale [s]", show: (one) => String(Number(one.scale_s.toPrecision(4))), order: (one) => one.scale_s },
  { name: "far", text: "FAR measured [Hz]", show: (one) => chance(one.far_measured_hz), order: (one) => last(one.far_measured_hz) },
  { name: "farp", text: "FAR published [Hz]", show: (one) => chance(one.far_published_hz), order: (one) => last(one.far_published_hz) },
];

interface Props {
  found: Excess[];
  /** Whether they were looked for around a trigger. */
  around: boolean;
  /** Show an excess on the curve; null: there is none. */
  show?: ((one: Excess) => void) | null;
}

export function Excesses({ found, around, show = null }: Props) {
  const [by, order] = useState("t");
  // A column that is empty in all rows tells nothing.
  const columns = COLUMNS.filter((column) => found.some((one) => column.show(one) !== "–"));
  const chosen = columns.find((one) => one.name === by)?.order ?? ((one: Excess) => one.utc);
  // Those above the table's end are the strongest ones, whatever they are ordered by.
  const rows = [...found].sort((a, b) => b.snr - a.snr).slice(0, MOST).sort((a, b) => compared(chosen(a), chosen(b)));
  return (
    <section aria-label="Excesses">
      <h2>Excesses</h2>
      {rows.length ? (
        <>
          {found.some((one) => one.fap_published !== null || one.fap_measured !== null) ? (
            <p class="quiet">
              FAP: the chance that noise alone gives, anywhere in the window that was searched, an excess as rare and as near T0.
              "Published" reckons with the published rate of false alarms, "measured" with the rate in the data around; what an excess is
              called follows from the measured one.
            </p>
          ) : null}
          <div class="wide" tabIndex={0} role="group" aria-label="Table of excesses">
            <table>
              <thead>
                <tr>
                  <th scope="col">time (UTC)</th>
                  {columns.map((one) => (
                    <th key={one.name} scope="col" aria-sort={one.name === by ? "ascending" : undefined} title={one.title}>
                      <button type="button" class="as-link" onClick={() => order(one.name)}>
                        {one.text}
                        {one.name === by ? " ▾" : ""}
                      </button>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((one) => (
                  <tr key={`${one.instrument} ${one.utc} ${one.scale_s}`}>
                    <th scope="row" class="instant">
                      {show ? (
                        <button type="button" class="as-link" title="Show it on the light curve" onClick={() => show(one)}>
                          {one.utc.replace("T", " ")}
                        </button>
                      ) : (
                        one.utc.replace("T", " ")
                      )}
                    </th>
                    {columns.map((column) => (
                      <td key={column.name}>{column.show(one)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      ) : (
        <p>None{around ? " around the trigger" : ""}.</p>
      )}
      {found.length > MOST ? <p class="quiet">The {MOST} strongest; {found.length - MOST} more are in the file.</p> : null}
    </section>
  );
}

function compared(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}
