// Light curves around an event, with the excesses that were found in them: a row of the table is shown on its curve.
import { useState } from "preact/hooks";

import { setQuery } from "../api/address";
import type { TransientDocument } from "../api/types";
import { BinsChoice, UnitChoice } from "../plot/curve_choices";
import type { Facts } from "../plot/curve_file";
import { CurveKeys, Strip } from "../plot/strip";
import { secondsOf, seenPart, type TimeView, UNITS } from "../plot/time_axis";
import { type Excess, Excesses } from "./excesses";

/** What is shown around an excess: so many times its own length at each side. */
const AROUND = 25;

export function CurvesAndExcesses({ event, query }: { event: TransientDocument; query: URLSearchParams }) {
  const [known, set] = useState<Record<string, Facts>>({});
  const excesses = event.excesses as unknown as Excess[];
  const view: TimeView = {
    unit: UNITS.find((one) => one === query.get("unit")) ?? "seconds",
    log: false,
    seen: seenPart(query),
    t0: event.search_time ?? event.trigger_time,
  };
  const factor = Number(query.get("bins") ?? 1) || 1;
  const curves = event.light_curves;
  const show = (one: Excess) => {
    const facts = known[one.instrument ?? ""] ?? Object.values(known)[0];
    const at = facts ? secondsOf(one.utc, facts) : null;
    if (!facts || at === null) return;
    const wide = AROUND * Math.max(one.scale_s, facts.binSeconds);
    setQuery({ range: `${(at - wide).toFixed(3)},${(at + wide).toFixed(3)}` });
    // Whoever pressed a row below would not see what changes above.
    document.querySelector<HTMLElement>(".strip")?.focus();
  };
  return (
    <>
      {curves.length ? (
        <section aria-label="Light curves">
          <h2>Light curves around T0</h2>
          <div class="row controls">
            <UnitChoice unit={view.unit} since="T0" />
            <BinsChoice factor={factor} />
            <button type="button" disabled={!view.seen} onClick={() => setQuery({ range: null })}>
              Whole time
            </button>
          </div>
          {curves.map((one) => (
            <Strip
              key={`${one.fits} ${factor}`}
              files={[{ name: one.title, url: one.fits }]}
              bands={null}
              factor={factor}
              height={320}
              marks={excesses.filter((excess) => (excess.instrument ?? one.instrument) === one.instrument).map((excess) => excess.utc)}
              told={([facts]) => facts && set((before) => ({ ...before, [one.instrument]: facts }))}
              {...view}
            />
          ))}
          <p class="quiet">
            The dashed line is T0
            {excesses.length ? "; triangles at the upper edge are the excesses of the table below, whose times lead to them here" : ""}.
          </p>
          <CurveKeys />
        </section>
      ) : null}
      {excesses.length ? <Excesses found={excesses} around show={curves.length ? show : null} /> : null}
    </>
  );
}
