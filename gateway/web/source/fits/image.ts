// Images of FITS files: their pixels, and one of them cut out as a file of its own.
import type { Bytes, Hdu } from "./reader";

export interface Image {
  width: number;
  height: number;
  /** Rows from the bottom, as FITS has them; NaN where there is no value. */
  pixels: Float32Array;
}

const BLOCK = 2880;
const OF_EXTENSIONS = /^(XTENSION|SIMPLE|PCOUNT|GCOUNT|EXTNAME|EXTVER|EXTLEVEL|INHERIT|CHECKSUM|DATASUM)/;

export async function readImage(file: Bytes, hdu: Hdu): Promise<Image> {
  const { header } = hdu;
  const width = header.number("NAXIS1");
  const height = header.number("NAXIS2");
  const view = new DataView(await file.read(hdu.dataStart, hdu.dataBytes));
  const scale = header.number("BSCALE", 1);
  const zero = header.number("BZERO", 0);
  const blank = header.number("BLANK");
  const type = header.number("BITPIX");
  const step = Math.abs(type) / 8;
  const pixels = new Float32Array(width * height);
  for (let index = 0; index < pixels.length; index++) {
    const at = index * step;
    let value: number;
    if (type === -32) value = view.getFloat32(at);
    else if (type === -64) value = view.getFloat64(at);
    else {
      value = type === 8 ? view.getUint8(at) : type === 16 ? view.getInt16(at) : view.getInt32(at);
      if (value === blank) value = Number.NaN;
    }
    pixels[index] = value * scale + zero;
  }
  return { width, height, pixels };
}

/** Return one image as a FITS file that holds nothing else: of several, viewers draw the last over all others. */
export function alone(hdu: Hdu, image: Image): Blob {
  const number = (key: string, value: string) => `${key.padEnd(8)}= ${value.padStart(20)}`.padEnd(80);
  const kept = hdu.header.cards.filter((card) => !OF_EXTENSIONS.test(card) && !/^(BITPIX|NAXIS|BSCALE|BZERO|BLANK)/.test(card));
  const cards = [
    number("SIMPLE", "T"),
    number("BITPIX", "-32"),
    number("NAXIS", "2"),
    number("NAXIS1", String(image.width)),
    number("NAXIS2", String(image.height)),
    ...kept.map((card) => card.padEnd(80)),
    "END".padEnd(80),
  ].join("");
  const head = cards.padEnd(Math.ceil(cards.length / BLOCK) * BLOCK);
  const size = Math.ceil((image.pixels.length * 4) / BLOCK) * BLOCK;
  const data = new DataView(new ArrayBuffer(size));
  image.pixels.forEach((value, index) => data.setFloat32(index * 4, value));
  return new Blob([head, data.buffer], { type: "application/fits" });
}
