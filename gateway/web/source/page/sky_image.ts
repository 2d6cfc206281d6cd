// The images of the sky in one file: by energy band and by kind, each read when it is looked at.
import { useEffect, useState } from "preact/hooks";

import { type Image, readImage } from "../fits/image";
import { remote } from "../fits/part";
import { type Bytes, type Hdu, readHdus } from "../fits/reader";
import type { Result } from "./job";
import type { Plane } from "./sky_readout";

export interface Picture {
  hdu: Hdu;
  band: string;
  kind: string;
  /** As it is written beside a value. */
  unit: string;
}

export interface Mosaic {
  file: Bytes;
  pictures: Picture[];
}

export async function readMosaic(file: Result, signal: AbortSignal): Promise<Mosaic> {
  const content = remote(file.url, file.size, signal);
  const hdus = await readHdus(content);
  const pictures = hdus
    .filter((hdu) => hdu.header.number("NAXIS") === 2 && hdu.header.has("CRVAL1") && hdu.header.text("XTENSION") !== "BINTABLE")
    .map((hdu) => {
      const kind = hdu.header.text("IMATYPE") || hdu.name;
      const unit = kind === "SIGNIFICANCE" ? "σ" : hdu.header.text("BUNIT").replaceAll("**2", "²");
      return { hdu, band: `${hdu.header.number("E_MIN", 0)}–${hdu.header.number("E_MAX", 0)}`, kind, unit };
    });
  if (!pictures.length) throw new Error(`${file.name} holds no image of the sky`);
  return { file: content, pictures };
}

/** The pixels of a picture; the one before stays until they are there. */
export function useImage(mosaic: Mosaic | null, picture: Picture | undefined, fail: (text: string) => void) {
  const [known, set] = useState<{ of: Picture; image: Image } | null>(null);
  useEffect(() => {
    if (!mosaic || !picture) return;
    let over = false;
    readImage(mosaic.file, picture.hdu)
      .then((image) => over || set({ of: picture, image }))
      .catch((error) => over || fail(String(error.message ?? error)));
    return () => {
      over = true;
    };
  }, [mosaic, picture]);
  return known;
}

/** The other kinds of the band that is shown, read when somebody points at the image; the variance is no value to read there. */
export function useOtherKinds(mosaic: Mosaic | null, shown: Picture | undefined, wanted: boolean): Plane[] {
  const [known, set] = useState<{ of: Picture; planes: Plane[] } | null>(null);
  useEffect(() => {
    if (!mosaic || !shown || !wanted) return;
    let over = false;
    const others = mosaic.pictures.filter((one) => one.band === shown.band && one.kind !== shown.kind && one.kind !== "VARIANCE");
    Promise.all(others.map(async ({ hdu, kind, unit }) => ({ kind, unit, image: await readImage(mosaic.file, hdu) })))
      .then((planes) => over || set({ of: shown, planes }))
      // The value of what is shown is told without them.
      .catch(() => undefined);
    return () => {
      over = true;
    };
  }, [mosaic, shown, wanted]);
  return known && known.of === shown ? known.planes : [];
}
