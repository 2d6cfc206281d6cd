// Where the pointings of a selection lie: a small map of the whole sky around its centre, with the cone.
import type { Cone, SelectionDocument, WindowDocument } from "../api/types";

const SIZE = 300;
/** Dots that are nearer to each other than this are one, with their number [px]. */
const APART = 5;

/** Place of a direction seen from a centre, zenithal equal-area; the whole sky is a disc of radius 1. */
function place(ra: number, dec: number, ra0: number, dec0: number): [number, number] {
  const rad = Math.PI / 180;
  const a = (ra - ra0) * rad;
  const [s, c] = [Math.sin(dec * rad), Math.cos(dec * rad)];
  const [s0, c0] = [Math.sin(dec0 * rad), Math.cos(dec0 * rad)];
  const z = s * s0 + c * c0 * Math.cos(a);
  const k = Math.sqrt(2 / Math.max(1e-9, 1 + z)) / 2;
  return [-k * c * Math.sin(a), -k * (s * c0 - c * s0 * Math.cos(a))];
}

interface Dot {
  x: number;
  y: number;
  windows: WindowDocument[];
}

export function Outline({ told, cone }: { told: SelectionDocument | null; cone: Cone | null }) {
  const first = told?.pointings[0];
  if (!told || !first) return null;
  const round = cone && Number.isFinite(cone.ra) && Number.isFinite(cone.dec) && Number.isFinite(cone.radius) ? cone : null;
  const centre = round ?? first;
  const places = told.pointings.map((one) => place(one.ra, one.dec, centre.ra, centre.dec));
  const furthest = Math.max(0.02, ...places.map(([x, y]) => Math.hypot(x, y)));
  // Without a cone a circle is the scale: of the whole degrees that hold all of them.
  const degrees = round ? Math.min(180, round.radius) : Math.ceil((Math.asin(Math.min(1, furthest)) * 360) / Math.PI);
  const cut = Math.sin((degrees * Math.PI) / 360);
  const scale = SIZE / 2 / (1.15 * Math.max(furthest, cut));
  const dots: Dot[] = [];
  told.pointings.forEach((one, index) => {
    const [x = 0, y = 0] = (places[index] ?? []).map((value) => value * scale);
    const same = dots.find((dot) => Math.hypot(dot.x - x, dot.y - y) < APART);
    if (same) same.windows.push(one);
    else dots.push({ x, y, windows: [one] });
  });
  const text = `${told.pointings.length} pointing axes around RA ${centre.ra.toFixed(2)}°, Dec ${centre.dec.toFixed(2)}°; north is up, east is left; the circle has a radius of ${degrees}°`;
  return (
    <figure class="outline">
      <svg viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`} role="img" aria-label={text}>
        <circle class="cone" r={cut * scale} />
        <text x="0" y={-cut * scale + 14} text-anchor="middle">
          {degrees}°
        </text>
        <path class="centre" d="M-6 0H6M0-6V6" />
        {dots.map((dot) => (
          <g key={`${dot.x} ${dot.y}`}>
            <circle class="pointing" cx={dot.x} cy={dot.y} r={dot.windows.length > 1 ? 5 : 4}>
              <title>{dot.windows.map((one) => `${one.label} ${one.start.replace("T", " ")}`).join("\n")}</title>
            </circle>
            {dot.windows.length > 1 ? (
              <text x={dot.x + 7} y={dot.y + 4}>
                {dot.windows.length}
              </text>
            ) : null}
          </g>
        ))}
      </svg>
      <figcaption class="quiet">{text}; a dot tells its windows where the pointer rests</figcaption>
    </figure>
  );
}
