// What the image has at a place, and what the catalogue says of the chosen source: two things, told apart.
import type { Image } from "../fits/image";
import { galactic, separation, sexagesimal, type Wcs } from "../sky/wcs";
import type { EditedCatalogue, Entry } from "../table/edited_catalogue";

/** An image of the band that is shown, of one kind. */
export interface Plane {
  kind: string;
  unit: string;
  image: Image;
}

interface Props {
  /** Where the pointer is; null: nowhere. */
  pointer: [number, number] | null;
  chosen: Entry | null;
  catalogue: EditedCatalogue;
  wcs: Wcs;
  band: string;
  /** The one that is shown, then the others that were read. */
  planes: Plane[];
}

export function Readout({ pointer, chosen, catalogue, wcs, band, planes }: Props) {
  const at: [number, number] | null = pointer ?? (chosen ? [chosen.ra, chosen.dec] : null);
  return (
    <div class="readout">
      {chosen ? <Values entry={chosen} band={band} /> : null}
      {at ? <Place at={at} catalogue={catalogue} wcs={wcs} planes={planes} /> : <p>Point at the image or tap it: position and value of the pixel stand here.</p>}
    </div>
  );
}

function Values({ entry, band }: { entry: Entry; band: string }) {
  const measured = entry.bands[band];
  const error = entry.error > 0 ? `, position ± ${(entry.error * 60).toFixed(1)}′` : "";
  return (
    <p>
      <b>{entry.name}</b>{" "}
      {measured
        ? `in ${band} keV, of the catalogue: ${measured.significance.toFixed(1)} σ, ${measured.flux.toFixed(2)} ± ${measured.error.toFixed(2)} ${measured.unit}${error}`
        : `has no values in ${band} keV: the catalogue of the job does not hold it`}
    </p>
  );
}

function Place(props: { at: [number, number]; catalogue: EditedCatalogue; wcs: Wcs; planes: Plane[] }) {
  const [ra, dec] = props.at;
  const pixel = props.wcs.pixel(ra, dec);
  const [l, b] = galactic(ra, dec);
  let nearest: Entry | null = null;
  let distance = 360;
  for (const one of props.catalogue.entries) {
    const apart = separation(ra, dec, one.ra, one.dec);
    if (apart < distance) [nearest, distance] = [one, apart];
  }
  const [shown, ...others] = props.planes;
  if (shown && valueOf(shown, pixel) === "none") {
    return (
      <p>
        Outside of the image · RA {ra.toFixed(4)}° Dec {dec.toFixed(4)}° · {sexagesimal(ra, dec)} · l {l.toFixed(3)}° b {b.toFixed(3)}°
      </p>
    );
  }
  return (
    <p>
      Pixel: {shown ? `${shown.kind.toLowerCase()} ` : ""}
      <strong>{shown ? valueOf(shown, pixel) : ""}</strong> {shown?.unit}
      {others.map((one) => ` · ${one.kind.toLowerCase()} ${valueOf(one, pixel)} ${one.unit}`)}
      <br />
      RA {ra.toFixed(4)}° Dec {dec.toFixed(4)}° ·{" "}
      {sexagesimal(ra, dec)} · l {l.toFixed(3)}° b {b.toFixed(3)}°
      {nearest ? ` · ${nearest.name} is ${distance < 1 ? `${(distance * 60).toFixed(1)}′` : `${distance.toFixed(1)}°`} away` : ""}
    </p>
  );
}

function valueOf({ image }: Plane, pixel: [number, number] | null): string {
  const [x, y] = pixel ? [Math.round(pixel[0]), Math.round(pixel[1])] : [-1, -1];
  const inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
  const value = inside ? (image.pixels[y * image.width + x] ?? Number.NaN) : Number.NaN;
  return Number.isFinite(value) ? value.toPrecision(4) : "none";
}
