// Where: a source, whose position the mesh knows, or a position.
import { useRef, useState } from "preact/hooks";

import { Refused } from "../api/client";
import type { ProductDocument } from "../api/types";
import { type Draft, takesList } from "./draft";
import { described, Labelled } from "./fields";
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
  const listed = product !== undefined && takesList(draft, product.selection);
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
  if (!product?.selection.includes("cone")) return null;
  const wrong = said?.bad ? said.text : errors.source;
  return (
    // With a list it stays where it is, so that nothing jumps, and takes nothing.
    <fieldset disabled={listed}>
      <legend>Where</legend>
      {listed ? <p class="help">A list of windows needs no position.</p> : null}
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
