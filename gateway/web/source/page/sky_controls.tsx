// What is chosen of an image of the sky: band, kind and view in one row, how it looks in a disclosure that stays open.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { Choice } from "../form/choice";
import { copied } from "../parts";
import { COLOUR_MAPS, STRETCHES } from "../sky/colours";
import type { Look } from "../sky/overlay";
import type { Sky } from "../sky/sky";

export interface Choices {
  band: string;
  bands: string[];
  kind: string;
  kinds: string[];
}

interface RowProps {
  choices: Choices;
  sky: Sky | null;
  whole: () => void;
  /** Write the view into the address. */
  keep: () => void;
}

export function FrequentControls({ choices, sky, whole, keep }: RowProps) {
  const { band, bands, kind, kinds } = choices;
  return (
    <div class="row controls" role="group" aria-label="Image">
      <Choice label="Band [keV]" value={band} choices={bands} set={(value) => setQuery({ band: value, cuts: null })} />
      <Choice label="Shows" value={kind} choices={kinds} set={(value) => setQuery({ kind: value, cuts: null })} />
      <span class="together">
        <button type="button" disabled={!sky} aria-label="Zoom in" title="Zoom in (+)" onClick={() => sky?.zoom(sky.view().fov / 1.5)}>
          +
        </button>
        <button type="button" disabled={!sky} aria-label="Zoom out" title="Zoom out (−)" onClick={() => sky?.zoom(sky.view().fov * 1.5)}>
          −
        </button>
        <button type="button" disabled={!sky} title="Whole image (0)" onClick={whole}>
          Whole image
        </button>
      </span>
      <CopyLink keep={keep} />
    </div>
  );
}

/** Puts the address of what is seen where others paste it from; where the browser lets nobody, it is shown. */
function CopyLink({ keep }: { keep: () => void }) {
  const [said, say] = useState("");
  const [shown, show] = useState("");
  const copy = async () => {
    keep();
    const done = await copied(location.href);
    say(done ? "Copied" : "");
    show(done ? "" : location.href);
    setTimeout(() => say(""), 3000);
  };
  return (
    <>
      <button type="button" aria-label={said || "Copy link to this view"} title="Copy the address of this view" onClick={copy}>
        {said || "Copy link"}
      </button>
      <span class="hidden" role="status">
        {said}
      </span>
      {shown ? (
        <label>
          Copy this by hand <input type="text" size={40} readOnly value={shown} onFocus={(event) => event.currentTarget.select()} />
        </label>
      ) : null}
    </>
  );
}

const OPEN = "odamesh:look";

interface LookProps {
  look: Look;
  names: boolean;
  grid: boolean;
  frame: string;
  query: URLSearchParams;
  /** What belongs to regions, and the picture as a file. */
  children: ComponentChildren;
}

export function LookAndRegions({ look, names, grid, frame, query, children }: LookProps) {
  const { low, high } = look;
  const [open] = useState(() => sessionStorage.getItem(OPEN) === "yes");
  return (
    <details class="look" open={open} onToggle={(event) => sessionStorage.setItem(OPEN, event.currentTarget.open ? "yes" : "no")}>
      <summary>Look and regions</summary>
      <div class="row controls">
        <Cut label="Cuts from" value={low} set={(value) => setQuery({ cuts: `${value},${high}` })} />
        <Cut label="to" value={high} set={(value) => setQuery({ cuts: `${low},${value}` })} />
        <span>{look.unit}</span>
        <Choice label="Colours" value={look.colours} choices={COLOUR_MAPS} set={(value) => setQuery({ colours: value })} />
        <Choice label="Stretch" value={look.stretch} choices={STRETCHES} set={(value) => setQuery({ stretch: value })} />
        <Choice label="Frame" value={frame} choices={["ICRS", "Galactic"]} set={(value) => setQuery({ frame: value })} />
        <label>
          <input type="checkbox" checked={names} onChange={() => setQuery({ names: names ? "off" : null })} /> names of sources
        </label>
        <label>
          <input type="checkbox" checked={grid} onChange={() => setQuery({ grid: grid ? "off" : null })} /> grid
        </label>
        <label>
          Contours at{" "}
          <input
            size={8}
            placeholder="5,10,20"
            value={query.get("contours") ?? ""}
            onChange={(event) => setQuery({ contours: event.currentTarget.value || null })}
          />{" "}
          {look.unit}
        </label>
      </div>
      {children}
    </details>
  );
}

function Cut({ label, value, set }: { label: string; value: number; set: (value: number) => void }) {
  return (
    <label>
      {label}{" "}
      <input
        type="number"
        step="any"
        class="cut"
        value={Number(value.toPrecision(4))}
        onChange={(event) => {
          const next = event.currentTarget.valueAsNumber;
          if (Number.isFinite(next)) set(next);
        }}
      />
    </label>
  );
}
