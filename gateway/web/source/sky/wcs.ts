// From pixels to the sky and back (Calabretta & Greisen 2002): gnomonic (TAN) and zenithal equal-area (ZEA) images.
import type { Header } from "../fits/reader";

const RAD = Math.PI / 180;

export class Wcs {
  private readonly ra0: number;
  private readonly dec0: number;
  private readonly x0: number;
  private readonly y0: number;
  /** Degrees a pixel, as a matrix and its inverse. */
  private readonly cd: [number, number, number, number];
  private readonly inverse: [number, number, number, number];
  readonly projection: string;

  constructor(header: Header) {
    this.ra0 = header.number("CRVAL1");
    this.dec0 = header.number("CRVAL2");
    this.x0 = header.number("CRPIX1");
    this.y0 = header.number("CRPIX2");
    this.projection = header.text("CTYPE1").slice(-3);
    const dx = header.number("CDELT1", 1);
    const dy = header.number("CDELT2", 1);
    this.cd = header.has("CD1_1")
      ? [header.number("CD1_1"), header.number("CD1_2", 0), header.number("CD2_1", 0), header.number("CD2_2")]
      : [dx * header.number("PC1_1", 1), dx * header.number("PC1_2", 0), dy * header.number("PC2_1", 0), dy * header.number("PC2_2", 1)];
    const [a, b, c, d] = this.cd;
    const det = a * d - b * c;
    this.inverse = [d / det, -b / det, -c / det, a / det];
  }

  /** Size of a pixel [deg]. */
  get scale(): number {
    const [a, b, c, d] = this.cd;
    return Math.sqrt(Math.abs(a * d - b * c));
  }

  /** Place of a direction [deg] on the image, pixels counted from 0; null: it is not on this side of the sky. */
  pixel(ra: number, dec: number): [number, number] | null {
    const a = (ra - this.ra0) * RAD;
    const [s, c] = [Math.sin(dec * RAD), Math.cos(dec * RAD)];
    const [s0, c0] = [Math.sin(this.dec0 * RAD), Math.cos(this.dec0 * RAD)];
    const z = s * s0 + c * c0 * Math.cos(a);
    if (this.projection === "TAN" ? z <= 0 : z <= -1) return null;
    const k = (this.projection === "TAN" ? 1 / z : Math.sqrt(2 / (1 + z))) / RAD;
    const x = k * c * Math.sin(a);
    const y = k * (s * c0 - c * s0 * Math.cos(a));
    const [i, j, m, n] = this.inverse;
    return [this.x0 - 1 + i * x + j * y, this.y0 - 1 + m * x + n * y];
  }

  /** Direction [deg] of a place on the image. */
  sky(px: number, py: number): [number, number] {
    const [a, b, c, d] = this.cd;
    const u = px - this.x0 + 1;
    const v = py - this.y0 + 1;
    const x = (a * u + b * v) * RAD;
    const y = (c * u + d * v) * RAD;
    const r = Math.hypot(x, y);
    const theta = this.projection === "TAN" ? Math.atan(r) : 2 * Math.asin(Math.min(1, r / 2));
    const [s, c1] = [Math.sin(theta), Math.cos(theta)];
    const [s0, c0] = [Math.sin(this.dec0 * RAD), Math.cos(this.dec0 * RAD)];
    const [ux, uy] = r ? [x / r, y / r] : [0, 0];
    const dec = Math.asin(c1 * s0 + uy * s * c0) / RAD;
    const ra = this.ra0 + Math.atan2(ux * s, c0 * c1 - uy * s0 * s) / RAD;
    return [((ra % 360) + 360) % 360, dec];
  }
}

/** Galactic longitude and latitude [deg] of a direction (ICRS). */
export function galactic(ra: number, dec: number): [number, number] {
  const [pole, poleDec, node] = [192.85948 * RAD, 27.12825 * RAD, 122.93192];
  const [a, d] = [ra * RAD - pole, dec * RAD];
  const b = Math.asin(Math.sin(d) * Math.sin(poleDec) + Math.cos(d) * Math.cos(poleDec) * Math.cos(a));
  const y = Math.cos(d) * Math.sin(a);
  const x = Math.sin(d) * Math.cos(poleDec) - Math.cos(d) * Math.sin(poleDec) * Math.cos(a);
  return [((node - Math.atan2(y, x) / RAD) % 360 + 360) % 360, b / RAD];
}

/** The direction (ICRS) [deg] of a galactic longitude and latitude [deg]. */
export function fromGalactic(l: number, b: number): [number, number] {
  const [pole, poleDec, node] = [192.85948, 27.12825 * RAD, 122.93192];
  const [a, d] = [(node - l) * RAD, b * RAD];
  const dec = Math.asin(Math.sin(d) * Math.sin(poleDec) + Math.cos(d) * Math.cos(poleDec) * Math.cos(a));
  const y = Math.cos(d) * Math.sin(a);
  const x = Math.sin(d) * Math.cos(poleDec) - Math.cos(d) * Math.sin(poleDec) * Math.cos(a);
  return [(((pole + Math.atan2(y, x) / RAD) % 360) + 360) % 360, dec / RAD];
}

/** Angle between two directions [deg]. */
export function separation(ra1: number, dec1: number, ra2: number, dec2: number): number {
  const [d1, d2] = [dec1 * RAD, dec2 * RAD];
  const half = Math.sin((d2 - d1) / 2) ** 2 + Math.cos(d1) * Math.cos(d2) * Math.sin(((ra2 - ra1) * RAD) / 2) ** 2;
  return (2 * Math.asin(Math.min(1, Math.sqrt(half)))) / RAD;
}

/** A direction in hours and degrees, minutes and seconds. */
export function sexagesimal(ra: number, dec: number): string {
  const part = (value: number, digits: number) => {
    const whole = Math.round(value * 3600 * 10 ** digits) / 10 ** digits;
    const seconds = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
    return `${String(Math.floor(whole / 3600)).padStart(2, "0")}:${String(Math.floor(whole / 60) % 60).padStart(2, "0")}:${seconds}`;
  };
  return `${part((((ra % 360) + 360) % 360) / 15, 1)} ${dec < 0 ? "-" : "+"}${part(Math.abs(dec), 0)}`;
}
