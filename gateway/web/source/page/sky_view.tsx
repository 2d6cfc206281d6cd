// One image of the sky with its catalogue, contours and regions: looked at, pointed at, edited by mouse and keys.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { alone, type Image } from "../fits/image";
import { Choice } from "../form/choice";
import { contours } from "../sky/contours";
import { RegionControls, useRegions } from "../sky/region_controls";
import { type Look, type Marker, type Sky, skyOf } from "../sky/sky";
import { galactic, separation, sexagesimal, Wcs } from "../sky/wcs";
import type { EditedCatalogue, Entry } from "../table/edited_catalogue";
import type { Result } from "./job";
import type { Picture } from "./sky";

const COLOURS = ["viridis", "grayscale", "inferno", "plasma", "cubehelix", "rdbu"];
const STRETCHES = ["linear", "sqrt", "asinh", "log"];

/** Cuts that show what there is: all but the extremes; of a significance what is not noise. */
function usualCuts(image: Image, kind: string): [number, number] {
  if (kind === "SIGNIFICANCE") return [-3, 15];
  const step = Math.max(1, Math.floor(image.pixels.length / 20_000));
  const sample: number[] = [];
  for (let index = 0; index < image.pixels.length; index += step) {
    const value = image.pixels[index] ?? Number.NaN;
    if (Number.isFinite(value)) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const at = (part: number) => sample[Math.min(sample.length - 1, Math.floor(part * sample.length))] ?? 0;
  const [low, high] = [at(0.01), at(0.997)];
  return high > low ? [low, high] : [low, low + 1];
}

export function SkyView(props: {
  picture: Picture;
  image: Image;
  catalogue: EditedCatalogue;
  setCatalogue: (catalogue: EditedCatalogue) => void;
  chosen: number | null;
  choose: (entry: Entry | null) => void;
  previews: Result[];
  jobId: string;
  query: URLSearchParams;
}) {
  const { picture, image, catalogue, chosen, choose, query } = props;
  const place = useRef<HTMLDivElement>(null);
  const [sky, setSky] = useState<Sky | null>(null);
  const [absent, setAbsent] = useState(false);
  const [adding, setAdding] = useState(false);
  const [pointer, setPointer] = useState<[number, number] | null>(null);
  const wcs = useMemo(() => new Wcs(picture.hdu.header), [picture]);
  const cuts = query.get("cuts")?.split(",").map(Number);
  const [low, high] = cuts?.length === 2 && cuts.every(Number.isFinite) ? (cuts as [number, number]) : usualCuts(image, picture.kind);
  const look: Look = { low, high, colours: query.get("colours") ?? "viridis", stretch: query.get("stretch") ?? "linear" };
  const levels = (query.get("contours") ?? "").split(",").map(Number).filter((one) => one && Number.isFinite(one));
  const grid = query.get("grid") !== "off";
  const frame = query.get("frame") ?? "ICRS";

  useEffect(() => {
    let over = false;
    const element = place.current;
    if (!element) return;
    const [ra, dec] = wcs.sky(image.width / 2, image.height / 2);
    const wide = Math.min(120, Math.abs(picture.hdu.header.number("CD1_1", picture.hdu.header.number("CDELT1", 0.1))) * image.width);
    const number = (name: string, otherwise: number) => {
      const value = Number(query.get(name) ?? Number.NaN);
      return Number.isFinite(value) ? value : otherwise;
    };
    const at = { ra: number("ra", ra), dec: number("dec", dec), fov: number("fov", wide) };
    skyOf(alone(picture.hdu, image), element, look, at)
      .then((opened) => over || setSky(opened))
      .catch(() => over || setAbsent(true));
    return () => {
      over = true;
    };
  }, [picture, image]);

  useEffect(() => sky?.dress(look), [sky, low, high, look.colours, look.stretch]);
  useEffect(() => sky?.grid(grid), [sky, grid]);
  useEffect(() => sky?.frame(frame), [sky, frame]);
  useEffect(() => {
    const kindOf = (one: Entry): Marker["kind"] => (one.id === chosen ? "chosen" : !one.used ? "unused" : one.fresh ? "new" : "known");
    sky?.mark(catalogue.entries.map((one) => ({ name: one.name, ra: one.ra, dec: one.dec, kind: kindOf(one) })));
  }, [sky, catalogue, chosen]);
  useEffect(() => {
    if (!sky) return;
    sky.picked = (name) => choose(catalogue.entries.find((one) => one.name === name) ?? null);
  }, [sky, catalogue]);
  useEffect(() => {
    sky?.contour(levels.flatMap((level) => contours(image, level)).map((line) => line.map(([x, y]) => wcs.sky(x, y))));
  }, [sky, image, levels.join()]);

  const overlay = useRegions(props.jobId, query);
  useEffect(() => sky?.outline(overlay.regions), [sky, overlay.regions]);

  const entry = catalogue.entries.find((one) => one.id === chosen);
  useEffect(() => {
    if (entry && sky && !sky.sees(entry.ra, entry.dec)) sky.goTo(entry.ra, entry.dec);
  }, [chosen, sky]);

  const world = (event: MouseEvent): [number, number] | null => {
    const box = place.current?.getBoundingClientRect();
    return box && sky ? sky.world(event.clientX - box.left, event.clientY - box.top) : null;
  };
  const keep = () => {
    if (!sky) return;
    const { ra, dec, fov } = sky.view();
    setQuery({ ra: ra.toFixed(4), dec: dec.toFixed(4), fov: fov.toFixed(3) });
  };
  const addAt = (at: [number, number] | null) => {
    if (!at) return;
    const next = catalogue.add(Number(at[0].toFixed(5)), Number(at[1].toFixed(5)));
    props.setCatalogue(next);
    choose(next.entries.at(-1) ?? null);
    setAdding(false);
  };
  const move = (event: KeyboardEvent) => {
    if (event.key === "a" || event.key === "A") return setAdding(!adding);
    if (event.key === "Escape") return setAdding(false);
    const step = Math.abs(picture.hdu.header.number("CD1_1", picture.hdu.header.number("CDELT1", 0.08)));
    const moves: Record<string, [number, number]> = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const by = moves[event.key];
    if (entry && event.key === "Delete") props.setCatalogue(catalogue.remove(entry.id));
    else if (entry && by) {
      const ra = entry.ra + (by[0] * step) / Math.cos((entry.dec * Math.PI) / 180);
      props.setCatalogue(catalogue.change(entry.id, { ra: (ra + 360) % 360, dec: entry.dec + by[1] * step }));
    } else return;
    event.preventDefault();
  };
  if (absent) return <WithoutSky previews={props.previews} />;
  return (
    <>
      <div class="row controls">
        <Cut label="Cuts from" value={low} set={(value) => setQuery({ cuts: `${value},${high}` })} />
        <Cut label="to" value={high} set={(value) => setQuery({ cuts: `${low},${value}` })} />
        <Choice label="Colours" value={look.colours} choices={COLOURS} set={(value) => setQuery({ colours: value })} />
        <Choice label="Stretch" value={look.stretch} choices={STRETCHES} set={(value) => setQuery({ stretch: value })} />
        <Choice label="Frame" value={frame} choices={["ICRS", "Galactic"]} set={(value) => setQuery({ frame: value })} />
        <label>
          <input type="checkbox" checked={grid} onChange={() => setQuery({ grid: grid ? "off" : null })} /> grid
        </label>
        <label>
          Contours{" "}
          <input
            size={8}
            placeholder="5,10,20"
            value={query.get("contours") ?? ""}
            onChange={(event) => setQuery({ contours: event.currentTarget.value || null })}
          />
        </label>
        <button type="button" aria-pressed={adding} onClick={() => setAdding(!adding)}>
          Add on the sky
        </button>
        <button type="button" onClick={keep}>
          Keep this view in the address
        </button>
      </div>
      <RegionControls overlay={overlay} query={query} />
      {adding ? <p role="status">Click where the source is; Escape leaves.</p> : null}
      <div
        ref={place}
        class={`sky-place ${adding ? "adding" : ""}`}
        role="application"
        aria-roledescription="map of the sky"
        aria-label={`${picture.kind.toLowerCase()} from ${picture.band} keV with ${catalogue.entries.length} sources; the table beside it holds the same sources. Arrows move the chosen source, Delete takes it out, A adds.`}
        tabIndex={0}
        onKeyDown={move}
        onPointerMove={(event) => setPointer(world(event))}
        onPointerLeave={() => setPointer(null)}
        onClick={(event) => adding && addAt(world(event))}
      />
      <Readout at={pointer ?? (entry ? [entry.ra, entry.dec] : null)} wcs={wcs} image={image} kind={picture.kind} catalogue={catalogue} />
    </>
  );
}

function Cut({ label, value, set }: { label: string; value: number; set: (value: number) => void }) {
  return (
    <label>
      {label}{" "}
      <input
        size={7}
        inputMode="decimal"
        value={Number(value.toPrecision(4))}
        onChange={(event) => {
          const given = Number(event.currentTarget.value);
          if (Number.isFinite(given)) set(given);
        }}
      />
    </label>
  );
}

function Readout(props: { at: [number, number] | null; wcs: Wcs; image: Image; kind: string; catalogue: EditedCatalogue }) {
  const { at, wcs, image, kind, catalogue } = props;
  if (!at) return <p class="readout quiet">Point at the image: its position and value stand here.</p>;
  const [ra, dec] = at;
  const pixel = wcs.pixel(ra, dec);
  const [x, y] = pixel ? [Math.round(pixel[0]), Math.round(pixel[1])] : [-1, -1];
  const inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
  const value = inside ? (image.pixels[y * image.width + x] ?? Number.NaN) : Number.NaN;
  const [l, b] = galactic(ra, dec);
  let nearest: Entry | null = null;
  let distance = 360;
  for (const one of catalogue.entries) {
    const apart = separation(ra, dec, one.ra, one.dec);
    if (apart < distance) [nearest, distance] = [one, apart];
  }
  return (
    <p class="readout">
      RA {ra.toFixed(4)}° Dec {dec.toFixed(4)}° · {sexagesimal(ra, dec)} · l {l.toFixed(3)}° b {b.toFixed(3)}° · {kind.toLowerCase()}{" "}
      <strong>{Number.isFinite(value) ? value.toPrecision(4) : "none"}</strong>
      {nearest ? ` · ${nearest.name} is ${distance < 1 ? `${(distance * 60).toFixed(1)}′` : `${distance.toFixed(1)}°`} away` : ""}
    </p>
  );
}

/** What is shown where the browser draws no maps: the pictures that the analysis made. */
function WithoutSky({ previews }: { previews: Result[] }) {
  return (
    <>
      <p>This browser has no WebGL, so the map cannot be moved; the catalogue works all the same.</p>
      {previews.map((file) => (
        <img key={file.url} class="preview" src={file.url} alt={`Preview ${file.name}`} />
      ))}
    </>
  );
}
