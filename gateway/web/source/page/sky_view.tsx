// One image of the sky with its catalogue, contours and regions: looked at, pointed at, edited by mouse, fingers and keys.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { alone, type Image } from "../fits/image";
import { contours } from "../sky/contours";
import { listen } from "../sky/gestures";
import type { Frame } from "../sky/grid";
import type { Look, Marker } from "../sky/overlay";
import { RegionControls, useRegions } from "../sky/region_controls";
import { type Sky, skyOf, type View } from "../sky/sky";
import { usualCuts } from "../sky/usual_cuts";
import { Wcs } from "../sky/wcs";
import type { Entry } from "../table/edited_catalogue";
import type { Editing } from "../table/editing";
import type { Result } from "./job";
import { type Choices, FrequentControls, LookAndRegions } from "./sky_controls";
import { type Mosaic, type Picture, useOtherKinds } from "./sky_image";
import { Readout } from "./sky_readout";
import { TakeAway } from "./sky_take_away";

interface Props {
  mosaic: Mosaic;
  picture: Picture;
  image: Image;
  choices: Choices;
  editing: Editing;
  adding: boolean;
  setAdding: (adding: boolean) => void;
  file: Result;
  previews: Result[];
  jobId: string;
  query: URLSearchParams;
}

type Point = [number, number];
/** What a moment of rest is before the view is written into the address [ms]. */
const REST_MS = 500;
/** The whole image has a little sky around it. */
const MARGIN = 1.08;
const VIEW = ["ra", "dec", "fov"] as const;

export function SkyView(props: Props) {
  const { picture, image, editing, adding, setAdding, query } = props;
  const { catalogue, chosen } = editing;
  const frameElement = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [sky, setSky] = useState<Sky | null>(null);
  const [absent, setAbsent] = useState(false);
  const [pointer, setPointer] = useState<Point | null>(null);
  const [pointed, setPointed] = useState(false);
  const [drag, setDrag] = useState<{ id: number; at: Point } | null>(null);
  const [offer, setOffer] = useState<{ at: Point; x: number; y: number } | null>(null);
  const [scrolled, setScrolled] = useState(0);
  const wcs = useMemo(() => new Wcs(picture.hdu.header), [picture]);
  const [first, last] = useMemo(() => usualCuts(image, picture.kind), [image]);
  const cuts = query.get("cuts")?.split(",").map(Number);
  const [low = first, high = last] = cuts?.length === 2 && cuts.every(Number.isFinite) ? cuts : [];
  const { unit, band, kind } = picture;
  const title = `${kind.toLowerCase()}${unit ? ` [${unit}]` : ""}, ${band} keV`;
  const look: Look = { low, high, colours: query.get("colours") ?? "viridis", stretch: query.get("stretch") ?? "linear", unit, title };
  const levels = (query.get("contours") ?? "").split(",").map(Number).filter((one) => one && Number.isFinite(one));
  const grid = query.get("grid") !== "off";
  const names = query.get("names") !== "off";
  const frame: Frame = query.get("frame") === "Galactic" ? "Galactic" : "ICRS";
  const others = useOtherKinds(props.mosaic, picture, pointed);

  /** The view that holds the whole image. */
  const whole = (): View => {
    const [ra, dec] = wcs.sky((image.width - 1) / 2, (image.height - 1) / 2);
    const shape = (place.current?.clientWidth ?? 1) / (place.current?.clientHeight || 1);
    // In the plane of a gnomonic projection.
    const across = MARGIN * Math.max(image.width, image.height * shape) * wcs.scale * (Math.PI / 180);
    return { ra, dec, fov: Math.min(120, (2 * Math.atan(across / 2) * 180) / Math.PI) };
  };
  const keep = () => {
    if (!sky) return;
    const [now, all] = [sky.view(), whole()];
    const same = VIEW.every((name) => Math.abs(now[name] - all[name]) < 0.002 * all.fov);
    const known = new URLSearchParams(location.search);
    const texts = VIEW.map((name) => [name, same ? null : now[name].toFixed(4)] as const);
    if (texts.some(([name, text]) => known.get(name) !== text)) setQuery(Object.fromEntries(texts));
  };
  const showWhole = () => {
    const all = whole();
    sky?.goTo(all.ra, all.dec);
    sky?.zoom(all.fov);
  };

  useEffect(() => {
    let over = false;
    if (!holder.current) return;
    const all = whole();
    const number = (name: (typeof VIEW)[number]) => {
      const text = query.get(name);
      return text !== null && Number.isFinite(Number(text)) ? Number(text) : all[name];
    };
    const at = { ra: number("ra"), dec: number("dec"), fov: number("fov") };
    skyOf(props.file.url, alone(picture.hdu, image), holder.current, look, at)
      .then((opened) => over || setSky(opened))
      .catch(() => over || setAbsent(true));
    return () => {
      over = true;
    };
  }, [picture, image]);
  useEffect(() => () => sky?.leave(), [sky]);
  useEffect(() => {
    if (!sky) return;
    let rest = 0;
    sky.moved = (resized) => {
      setOffer(null);
      // Who saw the whole image sees it in a window of another size as well.
      if (resized && !new URLSearchParams(location.search).has("fov")) return showWhole();
      clearTimeout(rest);
      rest = setTimeout(keep, REST_MS);
    };
    return () => clearTimeout(rest);
  }, [sky, wcs]);
  useEffect(() => sky?.dress(look), [sky, image, low, high, look.colours, look.stretch]);
  useEffect(() => sky?.frame(frame), [sky, frame]);
  // With the table, in the same moment.
  useLayoutEffect(() => {
    const kindOf = (one: Entry): Marker["kind"] => (!one.used ? "unused" : one.fresh ? "new" : "known");
    const markers = catalogue.entries.map((one) => {
      const [ra, dec] = drag?.id === one.id ? drag.at : [one.ra, one.dec];
      return { id: one.id, name: one.name, ra, dec, kind: kindOf(one) };
    });
    sky?.set({ markers, chosen: chosen?.id ?? null, names, grid, frame, look, aim: adding });
  }, [sky, catalogue, chosen?.id, drag, names, grid, frame, adding, title, low, high, look.colours, look.stretch]);
  useEffect(() => {
    sky?.contour(levels.flatMap((level) => contours(image, level)).map((line) => line.map(([x, y]) => wcs.sky(x, y))));
  }, [sky, image, levels.join()]);
  const overlay = useRegions(props.jobId, query);
  useEffect(() => sky?.outline(overlay.regions), [sky, overlay.regions]);
  useEffect(() => {
    if (chosen && sky && !sky.sees(chosen.ra, chosen.dec)) sky.goTo(chosen.ra, chosen.dec);
  }, [chosen?.id, sky]);

  const add = (at: Point) => {
    setOffer(null);
    setAdding(false);
    editing.add(Number(at[0].toFixed(5)), Number(at[1].toFixed(5)));
  };
  const moveTo = (entry: Entry, ra: number, dec: number) => {
    const values = { ra: Number((((ra % 360) + 360) % 360).toFixed(5)), dec: Number(Math.max(-90, Math.min(90, dec)).toFixed(5)) };
    editing.set(catalogue.change(entry.id, values));
  };
  useEffect(() => {
    if (!sky || !place.current) return;
    return listen(place.current, sky, {
      chosen: () => chosen?.id ?? null,
      pointed: (at) => {
        setPointer(at);
        if (at) setPointed(true);
      },
      picked: (id) => {
        setOffer(null);
        editing.choose(id);
      },
      clicked: (at, x, y) => (adding ? add(at) : setOffer({ at, x, y })),
      dragged: (id, at, done) => {
        setDrag(done ? null : { id, at });
        const entry = catalogue.entries.find((one) => one.id === id);
        if (done && entry) moveTo(entry, ...at);
      },
      scrolled: () => setScrolled((count) => count + 1),
    });
  }, [sky, catalogue, chosen?.id, adding]);
  useEffect(() => {
    if (!scrolled) return;
    const timer = setTimeout(() => setScrolled(0), 2500);
    return () => clearTimeout(timer);
  }, [scrolled]);

  const pressed = (event: KeyboardEvent) => {
    if (!sky || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const by = arrows[event.key];
    if (by && event.shiftKey) {
      // East is to the left.
      const east = (-by[0] * wcs.scale) / Math.max(0.01, Math.cos(((chosen?.dec ?? 0) * Math.PI) / 180));
      if (chosen) moveTo(chosen, chosen.ra + east, chosen.dec + by[1] * wcs.scale);
    } else if (by) sky.pan(0.1 * by[0], 0.1 * by[1]);
    else if (event.key === "+" || event.key === "=") sky.zoom(sky.view().fov / 1.25);
    else if (event.key === "-") sky.zoom(sky.view().fov * 1.25);
    else if (event.key === "0") showWhole();
    else if (event.key === "a" || event.key === "A") setAdding(!adding);
    else if (event.key === "Enter" && adding) {
      const { ra, dec } = sky.view();
      add([ra, dec]);
    } else if (event.key === "Delete" && chosen) editing.remove(chosen.id);
    else if (event.key === "Escape") {
      setAdding(false);
      setOffer(null);
    } else return;
    event.preventDefault();
  };
  if (absent) return <WithoutSky previews={props.previews} />;
  const tells = `${title}, with ${catalogue.entries.length} sources; the table beside it holds the same sources.`;
  return (
    <>
      <div class="sky-frame" ref={frameElement}>
        <FrequentControls choices={props.choices} sky={sky} whole={showWhole} keep={keep} />
        <div class="sky-stage" onKeyDown={(event) => event.key === "Escape" && setOffer(null)}>
          <div
            ref={place}
            class={`sky-place ${adding ? "adding" : ""}`}
            role="application"
            aria-roledescription="map of the sky"
            aria-label={tells}
            aria-describedby="sky-keys"
            tabIndex={0}
            onKeyDown={pressed}
          >
            <div ref={holder} />
          </div>
          {adding ? (
            <p class="sky-prompt" role="status">
              Click where the source is, or press Enter for the middle; Escape leaves.
            </p>
          ) : scrolled ? (
            <p class="sky-prompt">Click the image first, or hold Ctrl: then the wheel zooms.</p>
          ) : null}
          {offer ? <Offer offer={offer} stage={place.current} add={() => add(offer.at)} close={() => setOffer(null)} /> : null}
          <Readout
            pointer={pointer}
            chosen={chosen}
            catalogue={catalogue}
            wcs={wcs}
            band={band}
            planes={[{ kind, unit, image }, ...others]}
          />
        </div>
      </div>
      <p id="sky-keys" class="help">
        <span class="of-keys">
          Keys on the image: arrows move the view, Shift+arrows the chosen source; + and − zoom, 0 shows the whole image; A adds a
          source, Delete takes the chosen one out. The wheel zooms once the image was clicked.{" "}
        </span>
        Drag a chosen marker to move its source. <span class="of-fingers">Two fingers move and zoom.</span>
      </p>
      <LookAndRegions look={look} names={names} grid={grid} frame={frame} query={query}>
        <RegionControls overlay={overlay} query={query} sky={sky} />
      </LookAndRegions>
      <TakeAway sky={sky} file={props.file} frame={frameElement} name={`${kind.toLowerCase()}_${band.replace("–", "-")}keV`} />
    </>
  );
}

interface OfferProps {
  offer: { at: Point; x: number; y: number };
  stage: HTMLElement | null;
  add: () => void;
  close: () => void;
}

/** What can be done at a place of the sky that was clicked. */
function Offer({ offer, stage, add, close }: OfferProps) {
  const [ra, dec] = offer.at;
  const left = Math.max(0, Math.min(offer.x, (stage?.clientWidth ?? 0) - 250));
  const top = Math.max(0, Math.min(offer.y + 8, (stage?.clientHeight ?? 0) - 100));
  return (
    <div class="sky-offer" style={{ left: `${left}px`, top: `${top}px` }}>
      <button type="button" onClick={add}>
        Add a source here
      </button>
      <button type="button" aria-label="Close" onClick={close}>
        ×
      </button>
      <br />
      RA {ra.toFixed(4)}° Dec {dec.toFixed(4)}°
    </div>
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
