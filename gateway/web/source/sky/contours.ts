// Contours of an image (marching squares): lines of equal value, as chains of points in pixels.
import type { Image } from "../fits/image";

type Point = [number, number];

/** Which sides of a cell a line joins, by which corners are above: left, top, right, bottom are 0 to 3. */
const JOINED: [number, number][][] = [
  [], [[0, 3]], [[3, 2]], [[0, 2]], [[2, 1]], [[0, 1], [3, 2]], [[3, 1]], [[0, 1]],
  [[1, 0]], [[1, 3]], [[1, 2], [0, 3]], [[1, 2]], [[2, 0]], [[2, 3]], [[3, 0]], [],
];

export function contours(image: Image, level: number): Point[][] {
  const { width, height, pixels } = image;
  const at = (x: number, y: number) => pixels[y * width + x] ?? Number.NaN;
  const next = new Map<string, Point[]>();
  const name = (point: Point) => `${point[0].toFixed(3)},${point[1].toFixed(3)}`;
  const join = (from: Point, to: Point) => {
    for (const [one, other] of [[from, to], [to, from]] as const) {
      const known = next.get(name(one));
      if (known) known.push(other);
      else next.set(name(one), [other]);
    }
  };
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const [a, b, c, d] = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      if (Number.isNaN(a + b + c + d)) continue;
      const kind = (a > level ? 1 : 0) + (b > level ? 2 : 0) + (c > level ? 4 : 0) + (d > level ? 8 : 0);
      const sides = JOINED[kind] ?? [];
      if (!sides.length) continue;
      const part = (from: number, to: number) => (level - from) / (to - from);
      const points: Point[] = [
        [x, y + part(a, d)],
        [x + part(d, c), y + 1],
        [x + 1, y + part(b, c)],
        [x + part(a, b), y],
      ];
      for (const [from, to] of sides) join(points[from] as Point, points[to] as Point);
    }
  }
  return chains(next, name);
}

function chains(next: Map<string, Point[]>, name: (point: Point) => string): Point[][] {
  const found: Point[][] = [];
  for (const [start, others] of next) {
    while (others.length) {
      const line: Point[] = [start.split(",").map(Number) as Point];
      for (;;) {
        const last = line.at(-1) as Point;
        const to = next.get(name(last))?.pop();
        if (!to) break;
        const back = next.get(name(to));
        const own = back?.findIndex((point) => name(point) === name(last)) ?? -1;
        if (own >= 0) back?.splice(own, 1);
        line.push(to);
      }
      if (line.length > 1) found.push(line);
    }
  }
  return found;
}
