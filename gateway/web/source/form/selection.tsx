// Where and when: a source or a position, a time or a list of windows; names and times are read by the mesh.
import { useRef, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { ArchiveDocument, ProductDocument } from "../api/types";
import { useCall } from "../api/use";
import { described, Labelled } from "./fields";
import { dayAfter, type Draft, takesList } from "./draft";
import { placed, positionOf } from "./position";

interface Props {
  draft: Draft;
  product: ProductDocument | undefined;
  errors: Record<string, string>;
  change: (values: Partial<Draft>) => void;
}

export function Where({ draft, product, errors, change }: Props) {
  const [said, say] = useState<{ text: string; bad: boolean } | null>(null);
  // What was looked up last, and the position that it gave: who changes the name means another place.
  const asked = useRef(draft.ra.trim() ? draft.source.trim() : "");
  const given = useRef<Pick<Draft, "ra" | "dec"> | null>(null);
  const needs = product?.selection.includes("cone") && !takesList(draft, product.selection);
  const find = async () => {
    const name = draft.source.trim();
    asked.current = name;
    if (!name) return say(null);
    try {
      const found = await positionOf(name);
      const place = placed(found);
      asked.current = place.source;
      given.current = place;
      change(place);
      say({ text: `${found.name}: RA ${found.ra.toFixed(4)}°, Dec ${found.dec.toFixed(4)}° (${found.origin})`, bad: false });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say({ text: error.message, bad: true });
      // The position that stands there is that of the name before.
      if (draft.ra === given.current?.ra && draft.dec === given.current.dec) change({ ra: "", dec: "" });
    }
  };
  if (!needs) return null;
  const wrong = said?.bad ? said.text : errors.source;
  return (
    <fieldset>
      <legend>Where</legend>
      <div class="field">
        <label for="source">Source</label>
        <span class="row">
          <input
            {...described("source", wrong)}
            value={draft.source}
            placeholder="4U 1700-377"
            onInput={(event) => change({ source: event.currentTarget.value })}
            onBlur={() => draft.source.trim() !== asked.current && find()}
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
        <p class="help" id="source-help">
          {said && !said.bad ? said.text : "its position is looked up; or write one below"}
        </p>
        <p class={wrong ? "error" : "hidden"} id="source-error" role="status">
          {wrong}
        </p>
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
  const archive = useCall<ArchiveDocument>("/archive").value;
  const kinds = product?.selection ?? [];
  if (kinds.length === 0) return null;
  const read = async (name: "t1" | "t2") => {
    const text = draft[name].trim();
    // A day alone is the whole day, as a revolution alone is the whole revolution.
    const alone = name === "t1" ? !draft.t2.trim() : text === draft.t1.trim();
    if (alone && /^\d{4}-\d\d-\d\d$/.test(text)) return change({ t2: dayAfter(text) ?? "" });
    if (!text || /^\d{4}-\d\d-\d\d(T[\d:.]+)?$/.test(text)) return;
    try {
      const found = await call<Instant>(`/time?value=${encodeURIComponent(text)}`);
      const [begin, end] = [shorter(found.utc), shorter(found.stop?.utc ?? found.utc)];
      if (name === "t2" && draft.t1.trim()) change({ t2: end });
      else change(found.stop ? { t1: begin, t2: end } : { [name]: begin });
    } catch (error) {
      // What is no time, the mesh says of the whole form, at this field.
      if (!(error instanceof Refused)) throw error;
    }
  };
  const listed = takesList(draft, kinds);
  const held = archive?.instruments[draft.instrument];
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
              help={name === "t1" ? "2018-10-29 (the whole day), 2018-10-29T12:00:00, MJD 58420, IJD 6876, REV 2016, or a window" : "in the same forms"}
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
      {held?.first && held.last ? (
        <p class="help">
          The archive has data of this instrument from {shorter(held.first).replace("T", " ")} to {shorter(held.last).replace("T", " ")}.
        </p>
      ) : null}
    </fieldset>
  );
}

function shorter(utc: string): string {
  return utc.replace(/\.\d+$/, "");
}
