// One light curve with its axis of time: zoomed by mouse, wheel or keys; far out extremes and means, near every bin.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";

import { setQuery } from "../api/address";
import { curvesOf } from "../work/ask";
import { logLabels, logRange } from "./axes";
import { axis, Chart, colour, drawErrors, drawInstant } from "./chart";
import type { Facts, ReadCurve } from "./curve_file";
import { inView, type Level } from "./pyramid";

export const UNITS = ["UTC", "MJD", "IJD", "seconds"] as const;
export type Unit = (typeof UNITS)[number];
/** Of more bins in view error bars would be a block of colour. */
const MOST_BARS = 1500;
const IJD_ZERO_MJD = 51544;
const UNIX_ZERO_MJD = 40587;

/** How the time axis is shown, of all strips alike. */
export interface TimeView {
  unit: Unit;
  log: boolean;
  /** Part that is seen [s]; null: all. */
  seen: [number, number] | null;
  /** UTC from which seconds are counted, which is marked; null: from where the axis begins. */
  t0: string | null;
}

interface Place {
  name: string;
  url: string;
}

/** The part of the time that the address names. */
export function seenPart(query: URLSearchParams): [number, number] | null {
  const range = query.get("range")?.split(",").map(Number);
  return range?.length === 2 && range.every(Number.isFinite) ? (range as [number, number]) : null;
}

interface StripProps extends TimeView {
  /** One file with its curves; two for the hardness of a source, soft and hard. */
  files: [Place, Place?];
  bands: [string, string] | null;
  factor: number;
  told?: (facts: Facts[]) => void;
}

export function Strip(props: StripProps) {
  const { files, bands, factor, told } = props;
  const [read, set] = useState<ReadCurve[] | null>(null);
  const [failed, fail] = useState<string | null>(null);
  const [first, second] = files;
  useEffect(() => {
    const stop = new AbortController();
    const content = async (place: Place) => {
      const answer = await fetch(place.url, { signal: stop.signal });
      if (!answer.ok) throw new Error(`the file cannot be read: ${answer.status} ${answer.statusText}`);
      return answer.arrayBuffer();
    };
    Promise.all([content(first), second && content(second)])
      .then(([one, other]) => curvesOf({ contents: other ? [one, other] : [one], bands, factor }))
      .then((found) => {
        if (stop.signal.aborted) return;
        set(found);
        told?.(found.map((one) => one.facts));
      })
      .catch((error) => stop.signal.aborted || fail(`${first.name}: ${error.message}`));
    return () => stop.abort();
  }, [first.url, second?.url, bands?.join(), factor]);
  if (failed) return <p class="error">{failed}</p>;
  if (!read) return <p>Reading {first.name}…</p>;
  return (
    <>
      {read.map((one) => (
        <Curve key={one.facts.band} read={one} file={first} view={props} />
      ))}
    </>
  );
}

/** Where the header does not tell it: of the year 2017 and later. */
const TT_MINUS_UTC = 69.184;

/** An instant as a time of the curve [s]; null: it is none. */
function secondsOf(utc: string, facts: Facts): number | null {
  const unix = Date.parse(/[Zz]$|[+-]\d\d:?\d\d$/.test(utc) ? utc : `${utc}Z`) / 1000;
  return Number.isFinite(unix) ? unix + (facts.ttMinusUtc ?? TT_MINUS_UTC) - (facts.mjdRef - UNIX_ZERO_MJD) * 86400 : null;
}

interface Shown {
  level: Level;
  first: number;
  last: number;
}

function Curve({ read, file, view }: { read: ReadCurve; file: Place; view: TimeView }) {
  const { unit, t0 } = view;
  // A hardness goes below zero.
  const log = view.log && read.facts.unit.startsWith("count");
  const { facts, levels } = read;
  const finest = levels[0] as Level;
  const half = facts.binSeconds / 2;
  const whole: [number, number] = [(finest.time[0] ?? 0) - half, (finest.time.at(-1) ?? 1) + half];
  const [from, to] = view.seen ?? whole;
  const shown = useMemo(() => inView(levels, from, to), [levels, from, to]);
  const range = useRef<[number, number]>([from, to]);
  range.current = [from, to];
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
  const zero = useMemo(() => (t0 ? secondsOf(t0, facts) : null), [t0, facts]);
  const name = [facts.object || file.name, facts.band].filter(Boolean).join(", ");
  const text = useMemo(() => summary(name, finest, zero), [name, finest, zero]);
  const options = useMemo(
    (): Omit<uPlot.Options, "width" | "height"> => ({
      scales: {
        x: { time: false, range: () => range.current },
        y: { distr: log ? 3 : 1, range: (_, low, high) => yRange(low, high, log) },
      },
      axes: [
        axis({ values: (_, splits) => labels(splits, unit, facts, zero), space: unit === "UTC" ? 140 : 80 }),
        axis({ label: facts.unit, size: 60, ...(log ? { values: logLabels } : {}) }),
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
        draw: [
          (own) => bars.current && drawErrors(own, 3, bars.current, colour("quiet")),
          (own) => zero !== null && drawInstant(own, zero, colour("bad")),
        ],
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
    [unit, log, facts, zero],
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
  return (
    <section class="strip" aria-label={name} tabIndex={0} onKeyDown={keys} onDblClick={() => look(whole)}>
      <h2 class="small">
        {name}{" "}
        <span class="quiet">
          {facts.bins} bins of {Number(facts.binSeconds.toPrecision(6))} s
        </span>{" "}
        <a href={file.url}>{file.name}</a>
      </h2>
      <Chart
        options={options}
        data={data}
        height={180}
        text={text}
        made={(own) => {
          chart.current = own;
          own.over.addEventListener(
            "wheel",
            (event) => {
              event.preventDefault();
              const box = own.over.getBoundingClientRect();
              const at = own.posToVal(event.clientX - box.left, "x");
              const [low, high] = range.current;
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
  if (log) return logRange(low, high);
  if (low === null || high === null) return [0, 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.1;
  return [low - margin, high + margin];
}

function labels(times: number[], unit: Unit, facts: Facts, zero: number | null): string[] {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const start = zero ?? times[0] ?? 0;
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
        const seconds = (facts.mjdRef - UNIX_ZERO_MJD) * 86400 + time - (facts.ttMinusUtc ?? TT_MINUS_UTC);
        const text = new Date(seconds * 1000).toISOString();
        return span > 3 * 86400 ? text.slice(0, 16).replace("T", " ") : text.slice(5, span < 120 ? 23 : 19).replace("T", " ");
      }
    }
  });
}

function summary(name: string, level: Level, zero: number | null): string {
  let [count, sum, low, high, highest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  level.mean.forEach((value, place) => {
    if (Number.isNaN(value)) return;
    count++;
    sum += value;
    low = Math.min(low, value);
    if (value > high) [high, highest] = [value, level.time[place] as number];
  });
  if (!count) return `Light curve of ${name}: no bin has a rate`;
  const told = `Light curve of ${name}: ${count} bins, mean ${(sum / count).toPrecision(4)}, from ${low.toPrecision(4)} to ${high.toPrecision(4)}`;
  if (zero === null) return told;
  const apart = highest - zero;
  return `${told}, highest ${Number(Math.abs(apart).toFixed(3))} s ${apart < 0 ? "before" : "after"} T0`;
}
