// What is drawn over the image: the grid, the sources with their names, the colour bar. One canvas, drawn at once.
import { coloursOf, valueAt } from "./colours";
import { type Frame, gridLines, type Projection } from "./grid";

/** A marker of the catalogue. */
export interface Marker {
  id: number;
  name: string;
  ra: number;
  dec: number;
  kind: "known" | "new" | "unused";
}

export interface Look {
  low: number;
  high: number;
  colours: string;
  stretch: string;
  /** Unit of the values; empty: none. */
  unit: string;
  /** What the image shows, above the colour bar. */
  title: string;
}

export interface Scene {
  markers: readonly Marker[];
  chosen: number | null;
  names: boolean;
  grid: boolean;
  frame: Frame;
  look: Look;
  /** A cross in the middle: where the keyboard adds a source. */
  aim: boolean;
}

const COLOURS: Record<Marker["kind"], string> = { known: "#4fd0a5", new: "#ff9a66", unused: "#98a4b1" };
const REACH = 12;
/** More names than these are not read. */
const MOST_NAMES = 60;
const SHADE = "rgba(10, 14, 20, 0.85)";
const WORDS = "#f2f5f8";
const FONT = "12px system-ui, sans-serif";

/** The marker at a place of what is seen; the chosen one before the others. */
export function hit(scene: Scene, seen: Projection, x: number, y: number): Marker | null {
  let found: Marker | null = null;
  let nearest = REACH;
  for (const marker of scene.markers) {
    const at = seen.pixel(marker.ra, marker.dec);
    if (!at) continue;
    const apart = Math.hypot(at[0] - x, at[1] - y) - (marker.id === scene.chosen ? 4 : 0);
    if (apart < nearest) [found, nearest] = [marker, apart];
  }
  return found;
}

export function draw(pen: CanvasRenderingContext2D, scene: Scene, seen: Projection): void {
  pen.clearRect(0, 0, seen.width, seen.height);
  pen.font = FONT;
  pen.textBaseline = "middle";
  if (scene.grid) drawGrid(pen, scene, seen);
  drawMarkers(pen, scene, seen);
  drawBar(pen, scene.look, seen);
  if (scene.aim) drawAim(pen, seen);
}

function write(pen: CanvasRenderingContext2D, text: string, x: number, y: number, colour = WORDS): void {
  pen.lineJoin = "round";
  pen.lineWidth = 3.5;
  pen.strokeStyle = SHADE;
  pen.strokeText(text, x, y);
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

function drawGrid(pen: CanvasRenderingContext2D, scene: Scene, seen: Projection): void {
  const lines = gridLines(seen, scene.frame);
  pen.strokeStyle = "rgba(200, 210, 225, 0.4)";
  pen.lineWidth = 1;
  pen.beginPath();
  for (const chain of lines.flatMap((line) => line.points)) chain.forEach(([x, y], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
  const free = space();
  // There stands the title of the colour bar.
  const title = pen.measureText(scene.look.title).width + 20;
  free(seen.width - title, 0, title, 26);
  for (const { label, at } of lines) {
    if (!at || at[0] < 0 || at[0] > seen.width - 60 || at[1] < 8 || at[1] > seen.height - 8) continue;
    const wide = pen.measureText(label).width;
    if (free(at[0] - 2, at[1] - 8, wide + 4, 16)) write(pen, label, at[0], at[1]);
  }
}

/** Says of rectangles, one after the other, whether they are clear of those that were before. */
function space(): (x: number, y: number, width: number, height: number) => boolean {
  const taken: [number, number, number, number][] = [];
  return (x, y, width, height) => {
    if (taken.some(([a, b, w, h]) => x < a + w && a < x + width && y < b + h && b < y + height)) return false;
    taken.push([x, y, width, height]);
    return true;
  };
}

function drawMarkers(pen: CanvasRenderingContext2D, scene: Scene, seen: Projection): void {
  const free = space();
  // What is drawn last lies above; names are given to the chosen one first.
  const order = [...scene.markers].sort((a, b) => Number(a.id === scene.chosen) - Number(b.id === scene.chosen));
  const shown = order.flatMap((marker) => {
    const at = seen.pixel(marker.ra, marker.dec);
    const inside = at && at[0] > -20 && at[1] > -20 && at[0] < seen.width + 20 && at[1] < seen.height + 20;
    return inside ? [{ marker, x: at[0], y: at[1], chosen: marker.id === scene.chosen }] : [];
  });
  for (const { marker, x, y, chosen } of shown) {
    pen.beginPath();
    sign(pen, chosen ? "chosen" : marker.kind, x, y);
    pen.strokeStyle = SHADE;
    pen.lineWidth = 4;
    pen.stroke();
    pen.strokeStyle = chosen ? "#ffffff" : COLOURS[marker.kind];
    pen.lineWidth = 2;
    pen.stroke();
  }
  if (!scene.names) return;
  // The strongest sources are the first ones of a catalogue. A name stands beside, above or below its marker, or not at all.
  for (const { x, y } of shown) free(x - 8, y - 8, 16, 16);
  const named = [...shown.filter((one) => one.chosen), ...shown.filter((one) => !one.chosen)].slice(0, MOST_NAMES);
  for (const { marker, x, y, chosen } of named) {
    const wide = pen.measureText(marker.name).width;
    const away = chosen ? 16 : 12;
    const places = [[x + away, y], [x - away - wide, y], [x - wide / 2, y - away - 6], [x - wide / 2, y + away + 6]] as const;
    const clear = places.find(([left, middle]) => left > 0 && left + wide < seen.width && free(left, middle - 7, wide, 14));
    const [left, middle] = clear ?? places[0];
    if (clear || chosen) write(pen, marker.name, left, middle, chosen ? "#ffffff" : COLOURS[marker.kind]);
  }
}

function sign(pen: CanvasRenderingContext2D, kind: Marker["kind"] | "chosen", x: number, y: number): void {
  if (kind === "known") pen.arc(x, y, 8, 0, 2 * Math.PI);
  else if (kind === "new") pen.rect(x - 7, y - 7, 14, 14);
  else if (kind === "unused") {
    pen.moveTo(x - 6, y - 6);
    pen.lineTo(x + 6, y + 6);
    pen.moveTo(x - 6, y + 6);
    pen.lineTo(x + 6, y - 6);
  } else {
    pen.moveTo(x, y - 13);
    pen.lineTo(x + 13, y);
    pen.lineTo(x, y + 13);
    pen.lineTo(x - 13, y);
    pen.closePath();
  }
}

/** The colour bar at the right, with a number at each quarter. */
function drawBar(pen: CanvasRenderingContext2D, look: Look, seen: Projection): void {
  const tall = Math.min(200, 0.5 * seen.height);
  const [x, y, wide] = [seen.width - 22, 30, 12];
  const colours = coloursOf(look.colours);
  const ramp = pen.createLinearGradient(0, y + tall, 0, y);
  colours.forEach((colour, place) => ramp.addColorStop(place / (colours.length - 1), colour));
  pen.fillStyle = ramp;
  pen.fillRect(x, y, wide, tall);
  pen.strokeStyle = WORDS;
  pen.lineWidth = 1;
  pen.strokeRect(x - 0.5, y - 0.5, wide + 1, tall + 1);
  pen.textAlign = "right";
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    write(pen, numberOf(valueAt(share, look)), x - 5, y + tall * (1 - share));
  }
  write(pen, look.title, x + wide, y - 16);
  pen.textAlign = "left";
}

/** A value with three digits, without zeros that say nothing. */
export function numberOf(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded === 0) return "0";
  const size = Math.abs(rounded);
  const text = size >= 1e5 || size < 1e-3 ? rounded.toExponential() : String(rounded);
  return text.replace("-", "−");
}

function drawAim(pen: CanvasRenderingContext2D, seen: Projection): void {
  const [x, y] = [seen.width / 2, seen.height / 2];
  pen.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    pen.moveTo(x + 5 * dx, y + 5 * dy);
    pen.lineTo(x + 16 * dx, y + 16 * dy);
  }
  pen.strokeStyle = SHADE;
  pen.lineWidth = 4;
  pen.stroke();
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 2;
  pen.stroke();
}
