// Light curves of a job: one strip for each source and band, one time axis; bins are put together here, without a job.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";

import { go, setQuery } from "../api/address";
import { call } from "../api/client";
import type { TimeDocument } from "../api/types";
import type { Facts, ReadCurve } from "../plot/curve_file";
import { axis, Chart, colour, drawErrors } from "../plot/chart";
import { inView, type Level } from "../plot/pyramid";
import { curveOf } from "../work/ask";
import type { Result, TabProps } from "./job";

const FACTORS = [1, 2, 5, 10, 20, 50, 100];
const UNITS = ["UTC", "MJD", "IJD", "seconds"] as const;
type Unit = (typeof UNITS)[number];
const FIRST_STRIPS = 4;
/** Of more bins in view error bars would be a block of colour. */
const MOST_BARS = 1500;
const IJD_ZERO_MJD = 51544;

export function CurvesTab({ results, request, query }: TabProps) {
  const files = results.filter((file) => file.role === "curve");
  const search = query.get("source") ?? "";
  const shown = files.filter((file) => file.name.toLowerCase().includes(search.toLowerCase().replaceAll(" ", "_")));
  const strips = shown.slice(0, Number(query.get("strips") ?? FIRST_STRIPS) || FIRST_STRIPS);
  const factor = Number(query.get("bins") ?? 1) || 1;
  const unit = UNITS.find((one) => one === query.get("unit")) ?? "UTC";
  const log = query.get("log") === "on";
  const range = query.get("range")?.split(",").map(Number);
  const seen = range?.length === 2 && range.every(Number.isFinite) ? (range as [number, number]) : null;
  if (!files.length) return <p>There is no light curve yet. They appear here as soon as there are some.</p>;
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
        <label>
          Bins{" "}
          <select value={factor} onChange={(event) => setQuery({ bins: event.currentTarget.value })}>
            {FACTORS.map((one) => (
              <option key={one} value={one}>
                {one === 1 ? "as they are" : `${one} together`}
              </option>
            ))}
          </select>
        </label>
        <label>
          Time{" "}
          <select value={unit} onChange={(event) => setQuery({ unit: event.currentTarget.value })}>
            {UNITS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" checked={log} onChange={() => setQuery({ log: log ? null : "on" })} /> logarithmic
        </label>
        <button type="button" disabled={!seen} onClick={() => setQuery({ range: null })}>
          Whole time
        </button>
        <button type="button" disabled={!seen || !request?.selection.time} onClick={again}>
          Run again in this interval
        </button>
      </div>
      <p class="quiet">Drag to zoom, wheel to zoom at the pointer; keys + − ← → 0 when a curve has the focus.</p>
      {strips.map((file) => (
        <Strip key={`${file.url} ${factor}`} file={file} factor={factor} unit={unit} log={log} seen={seen} />
      ))}
      {shown.length > strips.length ? (
        <button type="button" onClick={() => setQuery({ strips: String(strips.length + 8) })}>
          More ({shown.length - strips.length} curves)
        </button>
      ) : null}
    </>
  );
}

/** Where the header does not tell it: of the year 2017 and later. */
const TT_MINUS_UTC = 69.184;

function Strip(props: { file: Result; factor: number; unit: Unit; log: boolean; seen: [number, number] | null }) {
  const { file, factor } = props;
  const [read, set] = useState<ReadCurve | null>(null);
  const [failed, fail] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetch(file.url, { signal: stop.signal })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(`the file cannot be read: ${answer.status} ${answer.statusText}`);
        return curveOf(await answer.arrayBuffer(), factor);
      })
      .then((found) => stop.signal.aborted || set(found))
      .catch((error) => stop.signal.aborted || fail(`${file.name}: ${error.message}`));
    return () => stop.abort();
  }, [file.url, factor]);
  if (failed) return <p class="error">{failed}</p>;
  if (!read) return <p>Reading {file.name}…</p>;
  return <Curve read={read} {...props} />;
}

interface Shown {
  level: Level;
  first: number;
  last: number;
}

function Curve(props: { read: ReadCurve; file: Result; unit: Unit; log: boolean; seen: [number, number] | null }) {
  const { read, unit, log } = props;
  const { facts, levels } = read;
  const finest = levels[0] as Level;
  const half = facts.binSeconds / 2;
  const whole: [number, number] = [(finest.time[0] ?? 0) - half, (finest.time.at(-1) ?? 1) + half];
  const [from, to] = props.seen ?? whole;
  const shown = useMemo(() => inView(levels, from, to), [levels, from, to]);
  const current = useRef<Shown>(shown);
  current.current = shown;
  const view = useRef<[number, number]>([from, to]);
  view.current = [from, to];
  const { data, errors } = useMemo(() => drawn(shown, log), [shown, log]);
  const bars = useRef(errors);
  bars.current = errors;
  const chart = useRef<uPlot | null>(null);
  const look = (next: [number, number]) => {
    const [low, high] = [Math.max(whole[0], next[0]), Math.min(whole[1], next[1])];
    if (high - low < facts.binSeconds * 2) return;
    const all = low <= whole[0] && high >= whole[1];
    setQuery({ range: all ? null : `${low.toFixed(3)},${high.toFixed(3)}` });
  };
  const options = useMemo(
    (): Omit<uPlot.Options, "width" | "height"> => ({
      scales: {
        x: { time: false, range: () => view.current },
        y: { distr: log ? 3 : 1, range: (_, low, high) => yRange(low, high, log) },
      },
      axes: [
        axis({ values: (_, splits) => labels(splits, unit, facts), space: unit === "UTC" ? 140 : 80 }),
        axis({ label: facts.unit, size: 60 }),
      ],
      cursor: { drag: { x: true, y: false, setScale: false } },
      series: [
        {},
        { label: "low", stroke: "transparent", width: 0, points: { show: false } },
        { label: "high", stroke: "transparent", width: 0, points: { show: false } },
        { label: "rate", stroke: () => colour("action"), width: 1, points: { show: false }, spanGaps: false },
      ],
      bands: [{ series: [2, 1], fill: () => "rgba(110, 150, 190, 0.25)" }],
      hooks: {
        draw: [(own) => bars.current && drawErrors(own, 3, bars.current, colour("quiet"))],
        setSelect: [
          (own) => {
            if (own.select.width < 4) return;
            const low = own.posToVal(own.select.left, "x");
            const high = own.posToVal(own.select.left + own.select.width, "x");
            own.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            look([low, high]);
          },
        ],
      },
    }),
    [unit, log, facts],
  );
  useEffect(() => {
    chart.current?.setScale("x", { min: from, max: to });
  }, [from, to, data]);
  const zoom = (factor: number, at = (from + to) / 2) => look([at - (at - from) * factor, at + (to - at) * factor]);
  const keys = (event: KeyboardEvent) => {
    const wide = to - from;
    switch (event.key) {
      case "+":
        zoom(0.5);
        break;
      case "-":
      case "−":
        zoom(2);
        break;
      case "ArrowLeft":
        look([from - wide / 4, to - wide / 4]);
        break;
      case "ArrowRight":
        look([from + wide / 4, to + wide / 4]);
        break;
      case "0":
        look(whole);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const name = [facts.object || props.file.name, facts.band].filter(Boolean).join(", ");
  return (
    <section class="strip" aria-label={name} tabIndex={0} onKeyDown={keys} onDblClick={() => look(whole)}>
      <h2 class="small">
        {name}{" "}
        <span class="quiet">
          {facts.bins} bins of {Number(facts.binSeconds.toPrecision(6))} s
        </span>{" "}
        <a href={props.file.url}>{props.file.name}</a>
      </h2>
      <Chart
        options={options}
        data={data}
        height={180}
        text={summary(name, finest)}
        made={(own) => {
          chart.current = own;
          own.over.addEventListener(
            "wheel",
            (event) => {
              event.preventDefault();
              const box = own.over.getBoundingClientRect();
              const at = own.posToVal(event.clientX - box.left, "x");
              const [low, high] = view.current;
              const by = event.deltaY > 0 ? 1.5 : 1 / 1.5;
              look([at - (at - low) * by, at + (high - at) * by]);
            },
            { passive: false },
          );
        }}
      />
    </section>
  );
}

type Column = (number | null)[];

/** What is drawn of a part: extremes and means with gaps between what lies apart; errors of the bins themselves. */
function drawn(shown: Shown, log: boolean): { data: uPlot.AlignedData; errors: Column | null } {
  const { level, first, last } = shown;
  const [xs, low, high, mean, errors]: [number[], Column, Column, Column, Column] = [[], [], [], [], []];
  const good = (value: number) => (Number.isNaN(value) || (log && value <= 0) ? null : value);
  for (let at = first; at < last; at++) {
    const time = level.time[at] as number;
    const before = xs.at(-1);
    if (before !== undefined && time - before > 1.6 * level.step) {
      xs.push((time + before) / 2);
      for (const column of [low, high, mean, errors]) column.push(null);
    }
    xs.push(time);
    low.push(good(level.low[at] as number));
    high.push(good(level.high[at] as number));
    mean.push(good(level.mean[at] as number));
    errors.push(level.error[at] as number);
  }
  return { data: [xs, low, high, mean], errors: xs.length <= MOST_BARS ? errors : null };
}

function yRange(low: number | null, high: number | null, log: boolean): [number, number] {
  if (low === null || high === null) return log ? [0.1, 1] : [0, 1];
  if (log) return [Math.max(1e-9, low / 1.3), Math.max(1e-8, high * 1.3)];
  const margin = (high - low || Math.abs(high) || 1) * 0.1;
  return [low - margin, high + margin];
}

function labels(times: number[], unit: Unit, facts: Facts): string[] {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const start = times[0] ?? 0;
  return times.map((time) => {
    const days = time / 86400;
    const digits = span > 864_000 ? 1 : span > 8640 ? 3 : 5;
    switch (unit) {
      case "MJD":
        return (facts.mjdRef + days).toFixed(digits);
      case "IJD":
        return (facts.mjdRef - IJD_ZERO_MJD + days).toFixed(digits);
      case "seconds":
        return String(Number((time - start).toPrecision(9)));
      default: {
        const seconds = (facts.mjdRef - 40587) * 86400 + time - (facts.ttMinusUtc ?? TT_MINUS_UTC);
        const text = new Date(seconds * 1000).toISOString();
        return span > 3 * 86400 ? text.slice(0, 16).replace("T", " ") : text.slice(5, span < 120 ? 23 : 19).replace("T", " ");
      }
    }
  });
}

function summary(name: string, level: Level): string {
  let [count, sum, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of level.mean) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!count) return `Light curve of ${name}: no bin has a rate`;
  return `Light curve of ${name}: ${count} bins, mean ${(sum / count).toPrecision(4)}, from ${low.toPrecision(4)} to ${high.toPrecision(4)}`;
}
