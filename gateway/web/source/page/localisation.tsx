// What the localisation of an event says: the map, what the imagers covered of it, limits folded with it.
import type { LocalisationSummary } from "../api/types";
import { readable } from "./event_answer";

interface MapTold {
  area_50_deg2?: number;
  area_90_deg2?: number;
  peak?: { ra: number; dec: number };
  distance_mpc?: { mean: number; error: number } | null;
}

interface Covered {
  instrument: string;
  title: string;
  when: "prompt" | "follow_up";
  status: string;
  reason: string | null;
  probability: { covered: number; half_coded: number; fully_coded: number } | null;
  windows_total: number | null;
}

interface FoldedLimit {
  instrument: string;
  spectrum: string;
  model: string;
  scale_s: number;
  sigma: number;
  band: string;
  region_50: { min: number; median: number; max: number } | null;
  region_90: { min: number; median: number; max: number } | null;
  probability_without_limit: number;
  isotropic_energy_erg: number | null;
}

function percent(share: number): string {
  if (share <= 0) return "0 %";
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toPrecision(3)} %`;
}

export function MapFacts({ summary }: { summary: LocalisationSummary }) {
  const map = summary.sky_map as MapTold;
  const cut = summary.combined as MapTold | null;
  const annulus = summary.annulus as { ra: number; dec: number; radius: number; half_width: number } | null;
  const rows: [string, string][] = [];
  if (map.area_50_deg2 !== undefined && map.area_90_deg2 !== undefined) {
    rows.push(["Credible area, 50 % and 90 %", `${map.area_50_deg2.toPrecision(3)} and ${map.area_90_deg2.toPrecision(3)} deg²`]);
  }
  if (map.peak) rows.push(["Most probable direction", `RA ${map.peak.ra.toFixed(2)}°, Dec ${map.peak.dec.toFixed(2)}°`]);
  if (map.distance_mpc) rows.push(["Distance", `${map.distance_mpc.mean.toFixed(0)} ± ${map.distance_mpc.error.toFixed(0)} Mpc`]);
  if (annulus) {
    rows.push(["Timing annulus", `around RA ${annulus.ra.toFixed(2)}°, Dec ${annulus.dec.toFixed(2)}°: ${annulus.radius.toFixed(2)}° ± ${annulus.half_width.toPrecision(2)}°`]);
  }
  if (cut?.area_90_deg2 !== undefined) rows.push(["Credible area with the annulus, 90 %", `${cut.area_90_deg2.toPrecision(3)} deg²`]);
  if (!rows.length) return null;
  return (
    <table>
      <tbody>
        {rows.map(([name, text]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Folded({ limits }: { limits: Record<string, unknown>[] }) {
  const found = limits as unknown as FoldedLimit[];
  const [first] = found;
  if (!first) return null;
  const spread = (one: FoldedLimit["region_50"]) =>
    one ? `${one.median.toExponential(1)} (${one.min.toExponential(1)} to ${one.max.toExponential(1)})` : "no limit there";
  return (
    <>
      <h3>
        Limits of {first.sigma} sigma on the fluence, {first.band}
      </h3>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">spectrum</th>
              <th scope="col">length</th>
              <th scope="col">50 % region [erg/cm²]</th>
              <th scope="col">90 % region [erg/cm²]</th>
              <th scope="col">isotropic energy [erg]</th>
              <th scope="col">map without limit</th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <tr key={`${one.instrument} ${one.spectrum} ${one.scale_s}`}>
                <th scope="row" title={one.model}>
                  {one.spectrum}
                </th>
                <td>{one.scale_s} s</td>
                <td>{spread(one.region_50)}</td>
                <td>{spread(one.region_90)}</td>
                <td>{one.isotropic_energy_erg?.toExponential(1) ?? "–"}</td>
                <td>{percent(one.probability_without_limit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** What decides comes first; shares of a map that nobody had in view are left out. */
export function Coverage({ summary }: { summary: LocalisationSummary }) {
  const found = summary.coverage as unknown as Covered[];
  if (!found.length) return null;
  const seen = found.some((one) => one.windows_total || (one.probability?.covered ?? 0) > 0);
  const heads = ["instrument", ...(seen ? ["in view", "half coded", "fully coded", "windows"] : []), "what there is"];
  return (
    <>
      <h3>What the imagers saw of the map</h3>
      <div class="wide" tabIndex={0} role="group" aria-label="Table of what the imagers saw">
        <table>
          <thead>
            <tr>
              {heads.map((one) => (
                <th key={one} scope="col">
                  {one}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <tr key={`${one.instrument} ${one.when}`}>
                <th scope="row">
                  {one.title}, {one.when === "prompt" ? "at T0" : "later"}
                </th>
                {seen ? (
                  <>
                    <td>{percent(one.probability?.covered ?? 0)}</td>
                    <td>{percent(one.probability?.half_coded ?? 0)}</td>
                    <td>{percent(one.probability?.fully_coded ?? 0)}</td>
                    <td>{one.windows_total ?? 0}</td>
                  </>
                ) : null}
                <td class="told">{readable(one.reason ? `${one.status}: ${one.reason}` : one.status)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
