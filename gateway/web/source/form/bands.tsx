// Bands of energy: some written one by one, or many between two energies.
import { useState } from "preact/hooks";

import type { ParameterDocument } from "../api/types";
import type { Described } from "./fields";

const BAND = /^\s*([\d.eE]+)\s*(?:-|–|\.\.|\s)\s*([\d.eE]+)\s*$/;

/** The most bands that the page writes at once. */
const MANY = 64;

/** Edges of *count* bands of equal width in the logarithm, or from 0 in energy; three digits are enough. */
function bandsBetween(low: number, high: number, count: number): number[][] {
  const edge = (place: number) => Number((low > 0 ? low * (high / low) ** (place / count) : (high * place) / count).toPrecision(3));
  return Array.from({ length: count }, (_, place) => [edge(place), edge(place + 1)]);
}

/** Bands as chips; `20-40` and Enter adds one, `20-40, 40-80` two. */
export function Bands(props: Described & { value: number[][]; set: (value: unknown) => void; declared: ParameterDocument }) {
  const { value, set, declared, ...common } = props;
  const [text, write] = useState("");
  const [wrong, complain] = useState("");
  const bands = Array.isArray(value) ? value : [];
  const add = () => {
    const written = text.split(/[,;]/).filter((one) => one.trim());
    const read = written.map((one) => BAND.exec(one)?.slice(1).map(Number) ?? null);
    if (read.includes(null)) return complain(`“${text.trim()}” is no band: write 20-40, or 20-40, 40-80.`);
    complain("");
    write("");
    const more = (read as number[][]).filter((one) => !bands.some((band) => `${band}` === `${one}`));
    if (more.length) set([...bands, ...more]);
  };
  return (
    <div class="bands">
      {bands.map((band, place) => (
        <span class="chip" key={`${band}`}>
          {band[0]}–{band[1]} {declared.unit}
          <button
            type="button"
            aria-label={`Remove band ${band[0]}–${band[1]}`}
            onClick={() => set(bands.filter((_, other) => other !== place))}
          >
            ×
          </button>
        </span>
      ))}
      <input
        {...common}
        size={9}
        placeholder="20-40"
        title={declared.allowed}
        value={text}
        onInput={(event) => write(event.currentTarget.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          add();
        }}
      />
      <button type="button" onClick={add}>
        Add band
      </button>
      {/* Always there, and the hint on a line of its own: what moves as a band is added, moves Run from under the pointer. */}
      <button type="button" disabled={bands.length < 2} onClick={() => set([])}>
        Remove all
      </button>
      <p class="help">write 20-40, or several: 20-40, 40-80</p>
      <Many unit={declared.unit ?? ""} set={set} />
      {wrong ? <span class="error">{wrong}</span> : null}
    </div>
  );
}

/** Some bands of equal logarithmic width in place of those that stand there. */
function Many({ unit, set }: { unit: string; set: (value: unknown) => void }) {
  const [written, write] = useState({ count: "4", low: "20", high: "100" });
  const [count, low, high] = [Number(written.count), Number(written.low), Number(written.high)];
  const possible = Number.isInteger(count) && count > 0 && count <= MANY && low >= 0 && high > low;
  const field = (name: keyof typeof written, label: string) => (
    <input
      aria-label={label}
      size={4}
      inputMode="decimal"
      value={written[name]}
      onInput={(event) => write({ ...written, [name]: event.currentTarget.value })}
    />
  );
  return (
    <details>
      <summary>Many bands</summary>
      <p class="row">
        <span>
          {field("count", "How many")} bands from {field("low", `Lowest energy [${unit}]`)} to {field("high", `Highest energy [${unit}]`)} {unit},
          equal in logarithm
        </span>
        <button type="button" disabled={!possible} onClick={() => set(bandsBetween(low, high, count))}>
          Take these
        </button>
      </p>
    </details>
  );
}
