// Light curves of a job: one strip for each source and band, one time axis; bins are put together here, without a job.
import { useState } from "preact/hooks";

import { go, setQuery } from "../api/address";
import { call } from "../api/client";
import type { TimeDocument } from "../api/types";
import { BinsChoice, UnitChoice } from "../plot/curve_choices";
import type { Facts } from "../plot/curve_file";
import { CurveKeys, Strip } from "../plot/strip";
import { seenPart, type TimeView, UNITS } from "../plot/time_axis";
import { SendButton } from "../samp/send";
import type { Result, TabProps } from "./job";

const FIRST_STRIPS = 4;

interface Band {
  file: Result;
  facts: Facts;
}

export function CurvesTab({ live, results, request, query }: TabProps) {
  const [known, set] = useState<Record<string, Band[]>>({});
  const files = results.filter((file) => file.role === "curve");
  const search = query.get("source") ?? "";
  const shown = files.filter((file) => file.name.toLowerCase().includes(search.toLowerCase().replaceAll(" ", "_")));
  const strips = shown.slice(0, Number(query.get("strips") ?? FIRST_STRIPS) || FIRST_STRIPS);
  const factor = Number(query.get("bins") ?? 1) || 1;
  const seen = seenPart(query);
  const view: TimeView = {
    unit: UNITS.find((one) => one === query.get("unit")) ?? "UTC",
    log: query.get("log") === "on",
    seen,
    t0: query.get("t0"),
  };
  const bands = strips.flatMap((file) => known[file.url] ?? []);
  const pairs = pairsOf(bands);
  const pair = pairs.find((one) => one.join() === query.get("hardness")) ?? null;
  if (!files.length) {
    return <p>{live.job?.final ? "This job ended without light curves." : "There is no light curve yet. They appear here as soon as there are some."}</p>;
  }
  const again = async () => {
    if (!seen || !request) return;
    const utc = (seconds: number) => call<TimeDocument>(`/time?format=ijd&value=${seconds / 86400}`).then((told) => told.utc);
    const [t1, t2] = await Promise.all(seen.map(utc));
    go(`/new?from=${request.request_key}&t1=${t1?.slice(0, 19)}&t2=${t2?.slice(0, 19)}`);
  };
  return (
    <>
      <div class="row controls">
        <label>
          Source{" "}
          <input size={14} value={search} onInput={(event) => setQuery({ source: event.currentTarget.value || null })} />
        </label>
        <BinsChoice factor={factor} />
        <UnitChoice unit={view.unit} since={view.t0 ? "T0" : "the begin"} />
        <label>
          T0 (UTC){" "}
          <input
            size={20}
            placeholder="2017-08-17T12:41:04.4"
            value={view.t0 ?? ""}
            onChange={(event) => setQuery({ t0: event.currentTarget.value.trim() || null })}
          />
        </label>
        <label>
          <input type="checkbox" checked={view.log} onChange={() => setQuery({ log: view.log ? null : "on" })} /> logarithmic
        </label>
        {pairs.length ? (
          <label>
            Hardness{" "}
            <select value={pair?.join() ?? ""} onChange={(event) => setQuery({ hardness: event.currentTarget.value || null })}>
              <option value="">none</option>
              {pairs.map((one) => (
                <option key={one.join()} value={one.join()}>
                  {one[1]} to {one[0]}
                </option>
              ))}
            </select>
          </label>
        ) : null}
        <button type="button" disabled={!seen} onClick={() => setQuery({ range: null })}>
          Whole time
        </button>
        <button type="button" disabled={!seen || !request?.selection.time} onClick={again}>
          Run again in this interval
        </button>
        <SendButton message="table.load.fits" files={strips} />
      </div>
      <CurveKeys />
      {pair ? <p class="quiet">Hardness is (H−S)/(H+S) of bins in which the sum is above 3 sigma.</p> : null}
      {pair
        ? sources(bands, pair).map(([soft, hard]) => (
            <Strip key={`${soft.url} ${hard.url} ${factor}`} files={[soft, hard]} bands={pair} factor={factor} {...view} />
          ))
        : null}
      {strips.map((file) => (
        <Strip
          key={`${file.url} ${factor}`}
          files={[file]}
          bands={null}
          factor={factor}
          told={(facts) => set((before) => ({ ...before, [file.url]: facts.map((one) => ({ file, facts: one })) }))}
          {...view}
        />
      ))}
      {shown.length > strips.length ? (
        <button type="button" onClick={() => setQuery({ strips: String(strips.length + 8) })}>
          More ({shown.length - strips.length} curves)
        </button>
      ) : null}
    </>
  );
}

/** Pairs of bands that one source has, the softer band first. */
function pairsOf(bands: Band[]): [string, string][] {
  const found = new Map<string, [string, string]>();
  for (const soft of bands) {
    for (const hard of bands) {
      if (soft.facts.object !== hard.facts.object || !soft.facts.band || !hard.facts.band) continue;
      if (Number.parseFloat(soft.facts.band) >= Number.parseFloat(hard.facts.band)) continue;
      found.set(`${soft.facts.band} ${hard.facts.band}`, [soft.facts.band, hard.facts.band]);
    }
  }
  return [...found.values()];
}

/** Files of the two bands of every source that has both. */
function sources(bands: Band[], [softer, harder]: [string, string]): [Result, Result][] {
  return bands
    .filter((one) => one.facts.band === softer)
    .flatMap((soft) => {
      const hard = bands.find((one) => one.facts.band === harder && one.facts.object === soft.facts.object);
      return hard ? [[soft.file, hard.file] as [Result, Result]] : [];
    });
}
