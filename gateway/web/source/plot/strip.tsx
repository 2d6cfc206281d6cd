// One light curve with its axis of time: zoomed by mouse, wheel or keys; far out extremes and means, near every bin.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";

import { setQuery } from "../api/address";
import { curvesOf } from "../work/ask";
import { rangeOf } from "./axes";
import { Chart, colour, drawErrors, drawInstant, drawMark, linearAxis, logAxis, stepBy } from "./chart";
import type { Facts, ReadCurve } from "./curve_file";
import { inView, type Level } from "./pyramid";
import { instant, secondsOf, type TimeView, timeAxis } from "./time_axis";
import { measured } from "./values";

/** Of more bins in view error bars would be a block of colour. */
const MOST_BARS = 600;
/** How people put bins together. */
export const FACTORS = [1, 2, 5, 10, 20, 50, 100];
const HINT = "Point at the curve to read time and rate; drag over a part to zoom in.";

interface Place {
  name: string;
  url: string;
}

/** What one can do with a curve. */
export function CurveKeys() {
  return (
    <p class="quiet">
      Drag over a part to zoom in; a double click shows the whole. A curve that has the focus (click, or Tab) takes the wheel, and the
      keys + − ← → 0; Shift with ← → steps from bin to bin. With Ctrl the wheel zooms any curve.
    </p>
  );
}

interface StripProps extends TimeView {
  /** One file with its curves; two for the hardness of a source, soft and hard. */
  files: [Place, Place?];
  bands: [string, string] | null;
  factor: number;
  height?: number;
  /** Instants (UTC) that are marked at the upper edge. */
  marks?: string[];
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

interface Shown {
  level: Level;
  first: number;
  last: number;
}

function Curve({ read, file, view }: { read: ReadCurve; file: Place; view: StripProps }) {
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
  const { data, errors, values } = useMemo(() => drawn(shown, log), [shown, log]);
  const bars = useRef(errors);
  bars.current = errors.length <= MOST_BARS ? errors : [];
  const high = useRef<[number, number]>(values);
  high.current = values;
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
  const marks = useMemo(() => (view.marks ?? []).flatMap((utc) => secondsOf(utc, facts) ?? []), [view.marks?.join(), facts]);
  const pointed = (own: uPlot, at: number) => {
    const [time, low, top, mean] = [0, 1, 2, 3].map((column) => own.data[column]?.[at]);
    if (typeof time !== "number") return "";
    const when = instant(time, unit, facts, zero, whole[0]);
    if (typeof mean !== "number") return `${when}: no rate is drawn here`;
    const bins = Math.round(shown.level.step / finest.step);
    const spread = bins > 1 ? `, mean of ${bins} bins from ${Number(low?.toPrecision(4))} to ${Number(top?.toPrecision(4))}` : "";
    return `${when}: ${measured(mean, errors[at] ?? null, facts.unit)}${spread}`;
  };
  const options = useMemo(
    (): Omit<uPlot.Options, "width" | "height"> => ({
      scales: {
        x: { time: false, range: () => range.current },
        y: { distr: log ? 3 : 1, range: () => high.current },
      },
      axes: [timeAxis(unit, facts, zero, whole[0]), log ? logAxis(facts.unit) : linearAxis(facts.unit)],
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
          (own) => drawErrors(own, 3, bars.current, colour("quiet")),
          (own) => zero !== null && drawInstant(own, zero, colour("bad")),
          (own) => marks.forEach((time) => drawMark(own, time, colour("cached"))),
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
    [unit, log, facts, zero, marks],
  );
  useEffect(() => {
    chart.current?.setScale("x", { min: from, max: to });
  }, [from, to, data]);
  const zoom = (factor: number, at = (from + to) / 2) => look([at - (at - from) * factor, at + (to - at) * factor]);
  const step = (by: 1 | -1) => chart.current && stepBy(chart.current, by);
  const section = useRef<HTMLElement>(null);
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
        if (event.shiftKey) step(-1);
        else look([from - wide / 4, to - wide / 4]);
        break;
      case "ArrowRight":
        if (event.shiftKey) step(1);
        else look([from + wide / 4, to + wide / 4]);
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
    <section ref={section} class="strip" aria-label={name} tabIndex={0} onKeyDown={keys} onDblClick={() => look(whole)}>
      <h2 class="small">
        {name}{" "}
        <span class="quiet">
          {facts.bins} bins of {Number(facts.binSeconds.toPrecision(6))} s
        </span>{" "}
        <a href={file.url}>{new URL(file.url, location.href).pathname.split("/").at(-1)}</a>
      </h2>
      <Chart
        options={options}
        data={data}
        height={view.height ?? 200}
        text={text}
        pointed={pointed}
        hint={HINT}
        made={(own) => {
          chart.current = own;
          own.over.addEventListener(
            "wheel",
            (event) => {
              // Who only comes by scrolls the page.
              if (!event.ctrlKey && !section.current?.contains(document.activeElement)) return;
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

/** What is drawn of a part: extremes and means with gaps between what lies apart, their errors, and the range of it all. */
function drawn(shown: Shown, log: boolean): { data: uPlot.AlignedData; errors: Column; values: [number, number] } {
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
  const bars = xs.length <= MOST_BARS ? errors : null;
  const edges = [rangeOf(mean, bars, log), rangeOf(low, null, log), rangeOf(high, null, log)];
  const values: [number, number] = [Math.min(...edges.map((one) => one[0])), Math.max(...edges.map((one) => one[1]))];
  return { data: [xs, low, high, mean], errors, values };
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
