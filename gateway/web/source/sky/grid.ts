// The grid of coordinates over a map: round meridians and parallels of what is seen, and their names at the edges.
import { fromGalactic, galactic } from "./wcs";

export type Frame = "ICRS" | "Galactic";
type Point = [number, number];

/** From directions (ICRS) [deg] to pixels of what is seen, and back; null: not on this side of the sky. */
export interface Projection {
  width: number;
  height: number;
  pixel: (ra: number, dec: number) => Point | null;
  world: (x: number, y: number) => Point | null;
}

export interface GridLine {
  points: Point[][];
  label: string;
  /** Where the name stands; null: the line does not meet that edge. */
  at: Point | null;
}

/** Steps that are round in degrees, and for right ascensions round in time [deg]. */
const DEGREES = [30, 20, 10, 5, 2, 1, 1 / 2, 1 / 3, 1 / 6, 1 / 12, 1 / 30, 1 / 60];
const HOURS = [45, 30, 15, 7.5, 5, 2.5, 1.25, 0.5, 0.25, 0.125, 1 / 24, 1 / 48];
const LINES = 4;
const PIECES = 60;
/** Of the names from the edges [px]. */
const TOP = 16;
const LEFT = 6;

export function gridLines(seen: Projection, frame: Frame): GridLine[] {
  const turned = frame === "Galactic";
  const to = (lon: number, lat: number): Point | null => {
    const [ra, dec] = turned ? fromGalactic(lon, lat) : [lon, lat];
    return seen.pixel(ra, dec);
  };
  const range = rangeOf(seen, turned);
  if (!range) return [];
  const { lon, lat } = range;
  const latStep = stepOf(lat[1] - lat[0], DEGREES);
  const lonStep = stepOf(lon[1] - lon[0], turned ? DEGREES : HOURS);
  const found: GridLine[] = [];
  for (let at = Math.ceil(lat[0] / latStep) * latStep; at <= lat[1] && at < 89.99; at += latStep) {
    if (at < -89.99) continue;
    const points = drawn((part) => to(lon[0] + part * (lon[1] - lon[0]), at), seen.width);
    found.push({ points, label: `${turned ? "b " : ""}${degreesOf(at)}`, at: crossing(points, 0, LEFT) });
  }
  for (let at = Math.ceil(lon[0] / lonStep) * lonStep; at <= lon[1] && at < lon[0] + 359.99; at += lonStep) {
    const points = drawn((part) => to(at, lat[0] + part * (lat[1] - lat[0])), seen.width);
    found.push({ points, label: turned ? `l ${degreesOf(round360(at))}` : hoursOf(round360(at)), at: crossing(points, 1, TOP) });
  }
  return found;
}

/** What is seen of longitude and latitude [deg], a little more at each side; longitudes go on beyond 360. */
function rangeOf(seen: Projection, turned: boolean): { lon: Point; lat: Point } | null {
  const of = (x: number, y: number) => {
    const world = seen.world(x, y);
    return world && (turned ? galactic(world[0], world[1]) : world);
  };
  const centre = of(seen.width / 2, seen.height / 2);
  if (!centre) return null;
  let [west, east, south, north] = [0, 0, centre[1], centre[1]];
  for (let across = 0; across <= 8; across++) {
    for (let down = 0; down <= 8; down++) {
      const place = of((across / 8) * seen.width, (down / 8) * seen.height);
      if (!place) continue;
      const apart = ((place[0] - centre[0] + 540) % 360) - 180;
      [west, east] = [Math.min(west, apart), Math.max(east, apart)];
      [south, north] = [Math.min(south, place[1]), Math.max(north, place[1])];
    }
  }
  for (const pole of [90, -90]) {
    const at = seen.pixel(...(turned ? fromGalactic(0, pole) : ([0, pole] as Point)));
    if (!at || at[0] < 0 || at[1] < 0 || at[0] > seen.width || at[1] > seen.height) continue;
    [west, east] = [-180, 180];
    [south, north] = pole > 0 ? [south, 90] : [-90, north];
  }
  const more = 0.1 * (north - south);
  const wide = 0.1 * (east - west);
  return {
    lon: [centre[0] + Math.max(-180, west - wide), centre[0] + Math.min(180, east + wide)],
    lat: [Math.max(-90, south - more), Math.min(90, north + more)],
  };
}

function stepOf(range: number, steps: number[]): number {
  return steps.find((step) => range / step >= LINES) ?? (steps.at(-1) as number);
}

/** A line in pieces that are seen, as chains of points. */
function drawn(place: (part: number) => Point | null, width: number): Point[][] {
  const chains: Point[][] = [];
  let chain: Point[] = [];
  for (let piece = 0; piece <= PIECES; piece++) {
    const point = place(piece / PIECES);
    const last = chain.at(-1);
    const broken = !point || (last && Math.hypot(point[0] - last[0], point[1] - last[1]) > width);
    if (broken) {
      if (chain.length > 1) chains.push(chain);
      chain = [];
    }
    if (point) chain.push(point);
  }
  if (chain.length > 1) chains.push(chain);
  return chains;
}

/** Where a line meets the edge at which one coordinate (0: x, 1: y) has a value. */
function crossing(chains: Point[][], axis: 0 | 1, value: number): Point | null {
  for (const chain of chains) {
    for (let place = 1; place < chain.length; place++) {
      const [from, to] = [chain[place - 1] as Point, chain[place] as Point];
      const [a, b] = [from[axis] - value, to[axis] - value];
      if (a * b > 0 || a === b) continue;
      const part = a / (a - b);
      return [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
    }
  }
  return null;
}

function round360(angle: number): number {
  return ((angle % 360) + 360) % 360;
}

/** An angle as −25°, or −25°30′ where it is no whole degree. */
export function degreesOf(angle: number): string {
  const minutes = Math.round(Math.abs(angle) * 60);
  const rest = minutes % 60;
  return `${angle < 0 && minutes ? "−" : ""}${Math.floor(minutes / 60)}°${rest ? `${String(rest).padStart(2, "0")}′` : ""}`;
}

/** A right ascension [deg] as 17h20m, or with seconds where it is no whole minute. */
export function hoursOf(angle: number): string {
  const seconds = Math.round(angle * 240) % 86_400;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m${rest ? `${two(rest)}s` : ""}`;
}
