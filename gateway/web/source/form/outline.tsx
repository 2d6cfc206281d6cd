// Where the pointings of a selection lie: a small map of the whole sky around its centre, with the cone.
import type { Cone, SelectionDocument } from "../api/types";

const SIZE = 300;

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

export function Outline({ told, cone }: { told: SelectionDocument | null; cone: Cone | null }) {
  const first = told?.pointings[0];
  if (!told || !first) return null;
  const centre = cone && Number.isFinite(cone.ra) && Number.isFinite(cone.dec) ? cone : first;
  const points = told.pointings.map((one) => place(one.ra, one.dec, centre.ra, centre.dec));
  const reach = Math.max(0.02, ...points.map(([x, y]) => Math.hypot(x, y)));
  const cut = cone ? Math.sin((Math.min(180, cone.radius) * Math.PI) / 360) : 0;
  const scale = SIZE / 2 / (1.15 * Math.max(reach, cut));
  const text = `${told.pointings.length} pointing axes around RA ${centre.ra.toFixed(2)}°, Dec ${centre.dec.toFixed(2)}°; north is up, east is left`;
  return (
    <figure class="outline">
      <svg viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`} role="img" aria-label={text}>
        {cut ? <circle class="cone" r={cut * scale} /> : null}
        <path class="centre" d="M-6 0H6M0-6V6" />
        {points.map(([x, y], index) => (
          <circle key={index} class="pointing" cx={x * scale} cy={y * scale} r="3" />
        ))}
      </svg>
      <figcaption class="quiet">{text}</figcaption>
    </figure>
  );
}
