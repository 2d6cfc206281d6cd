// Where and when: a source or a position, a time or a list of windows; names and times are read by the mesh.
import { useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { ProductDocument } from "../api/types";
import { described, Labelled } from "./fields";
import { type Draft, takesList } from "./draft";

interface Props {
  draft: Draft;
  product: ProductDocument | undefined;
  errors: Record<string, string>;
  change: (values: Partial<Draft>) => void;
}

interface Named {
  name: string;
  ra: number;
  dec: number;
  origin: string;
}

export function Where({ draft, product, errors, change }: Props) {
  const [said, say] = useState<{ text: string; bad: boolean } | null>(null);
  const needs = product?.selection.includes("cone") && !takesList(draft, product.selection);
  const find = async () => {
    const name = draft.source.trim();
    if (!name) return say(null);
    try {
      const found = await call<Named>(`/names?name=${encodeURIComponent(name)}`);
      change({ ra: String(found.ra), dec: String(found.dec), source: found.name });
      say({ text: `${found.name}: RA ${found.ra.toFixed(4)}°, Dec ${found.dec.toFixed(4)}° (${found.origin})`, bad: false });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say({ text: error.message, bad: true });
    }
  };
  if (!needs) return null;
  return (
    <fieldset>
      <legend>Where</legend>
      <div class="field">
        <label for="source">Source</label>
        <span class="row">
          <input
            id="source"
            value={draft.source}
            placeholder="4U 1700-377"
            onInput={(event) => change({ source: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              void find();
            }}
          />
          <button type="button" onClick={find}>
            Find
          </button>
        </span>
        {said ? (
          <p class={said.bad ? "error" : "help"} role="status">
            {said.text}
          </p>
        ) : null}
      </div>
      <div class="row">
        <Labelled id="selection.cone.ra" label="RA" error={errors["selection.cone.ra"]} help="degrees or 17:45:40">
          <input
            {...described("selection.cone.ra", errors["selection.cone.ra"])}
            size={12}
            value={draft.ra}
            onInput={(event) => change({ ra: event.currentTarget.value })}
          />
        </Labelled>
        <Labelled id="selection.cone.dec" label="Dec" error={errors["selection.cone.dec"]} help="degrees or -29:00:28">
          <input
            {...described("selection.cone.dec", errors["selection.cone.dec"])}
            size={12}
            value={draft.dec}
            onInput={(event) => change({ dec: event.currentTarget.value })}
          />
        </Labelled>
        <Labelled
          id="selection.cone.radius"
          label="Radius [deg]"
          error={errors["selection.cone.radius"] ?? errors["selection.cone"]}
          help="of pointing axes around it"
        >
          <input
            {...described("selection.cone.radius", errors["selection.cone.radius"] ?? errors["selection.cone"])}
            size={6}
            value={draft.radius}
            onInput={(event) => change({ radius: event.currentTarget.value })}
          />
        </Labelled>
      </div>
    </fieldset>
  );
}

interface Instant {
  utc: string;
  stop: { utc: string } | null;
}

export function When({ draft, product, errors, change }: Props) {
  const kinds = product?.selection ?? [];
  if (kinds.length === 0) return null;
  const read = async (name: "t1" | "t2") => {
    const text = draft[name].trim();
    if (!text || /^\d{4}-\d\d-\d\d(T[\d:.]+)?$/.test(text)) return;
    try {
      const found = await call<Instant>(`/time?value=${encodeURIComponent(text)}`);
      change(found.stop ? { t1: shorter(found.utc), t2: shorter(found.stop.utc) } : { [name]: shorter(found.utc) });
    } catch (error) {
      // What is no time, the mesh says of the whole form, at this field.
      if (!(error instanceof Refused)) throw error;
    }
  };
  const listed = takesList(draft, kinds);
  const timeError = errors["selection.time"] ?? errors["selection"];
  return (
    <fieldset>
      <legend>When</legend>
      {kinds.includes("windows") && kinds.includes("time") ? (
        <div class="row" role="radiogroup" aria-label="How windows are chosen">
          {(["time", "windows"] as const).map((by) => (
            <label key={by}>
              <input type="radio" name="by" checked={draft.by === by} onChange={() => change({ by })} />
              {by === "time" ? " a time range" : " a list of science windows"}
            </label>
          ))}
        </div>
      ) : null}
      {listed ? (
        <Labelled
          id="selection.scws"
          label="Science windows"
          error={errors["selection.scws"] ?? errors["selection"]}
          help="RRRRPPPPSSSF, e.g. 201600270010; blanks, commas or lines between them"
        >
          <textarea
            {...described("selection.scws", errors["selection.scws"])}
            rows={6}
            value={draft.windows}
            onInput={(event) => change({ windows: event.currentTarget.value })}
          />
        </Labelled>
      ) : (
        <div class="row">
          {(["t1", "t2"] as const).map((name) => (
            <Labelled
              key={name}
              id={`selection.time.${name}`}
              label={name === "t1" ? "From (UTC)" : "To (UTC)"}
              error={errors[`selection.time.${name}`] ?? (name === "t1" ? timeError : undefined)}
              help={name === "t1" ? "2018-10-29T00:00:00, MJD 58420, IJD 6876, REV 2016, or a window" : "in the same forms"}
            >
              <input
                {...described(`selection.time.${name}`, errors[`selection.time.${name}`] ?? timeError)}
                size={20}
                value={draft[name]}
                onInput={(event) => change({ [name]: event.currentTarget.value })}
                onBlur={() => read(name)}
              />
            </Labelled>
          ))}
          {kinds.includes("cone") ? (
            <Labelled
              id="selection.max_pointings"
              label="At most"
              error={errors["selection.max_pointings"]}
              help="windows, evenly spread"
            >
              <input
                {...described("selection.max_pointings", errors["selection.max_pointings"])}
                size={6}
                value={draft.most}
                onInput={(event) => change({ most: event.currentTarget.value })}
              />
            </Labelled>
          ) : null}
        </div>
      )}
    </fieldset>
  );
}

function shorter(utc: string): string {
  return utc.replace(/\.\d+$/, "");
}
