// Excesses that a search found, with the chances that they are nothing; of a job, and of an event.
export interface Excess {
  instrument?: string;
  utc: string;
  t_minus_t0_s: number | null;
  scale_s: number;
  snr: number;
  far_published_hz?: number;
  far_measured_hz?: number | null;
  fap_published: number | null;
  fap_measured: number | null;
  spike: boolean;
  association: string | null;
}

const MOST = 100;
const HEADS = ["time (UTC)", "T − T0 [s]", "scale [s]", "S/N", "FAR published [Hz]", "FAR measured [Hz]", "FAP published", "FAP measured", "what it is"];

export function Excesses({ found, around }: { found: Excess[]; around: boolean }) {
  const chance = (value: number | null | undefined) => value?.toPrecision(2) ?? "–";
  return (
    <section aria-label="Excesses">
      <h2>Excesses</h2>
      {found.length ? (
        <div class="wide tall" tabIndex={0} role="group" aria-label="Table of excesses">
          <table>
            <thead>
              <tr>
                {HEADS.map((one) => (
                  <th key={one} scope="col">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.slice(0, MOST).map((one) => (
                <tr key={`${one.instrument} ${one.utc} ${one.scale_s}`}>
                  <th scope="row">{one.utc.replace("T", " ")}</th>
                  <td>{one.t_minus_t0_s?.toFixed(2) ?? "–"}</td>
                  <td>{Number(one.scale_s.toPrecision(4))}</td>
                  <td>{one.snr.toFixed(1)}</td>
                  <td>{chance(one.far_published_hz)}</td>
                  <td>{chance(one.far_measured_hz)}</td>
                  <td>{chance(one.fap_published)}</td>
                  <td>{chance(one.fap_measured)}</td>
                  <td>{[one.association, one.spike ? "looks like a spike" : null].filter(Boolean).join("; ") || "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p>None{around ? " around the trigger" : ""}.</p>
      )}
      {found.length > MOST ? <p class="quiet">{found.length - MOST} more are in the file.</p> : null}
    </section>
  );
}
