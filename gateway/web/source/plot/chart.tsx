// Charts in the colours of the page: uPlot with its axes, a line that tells what is under the pointer, and their redrawing
// when the theme or the width changes.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

import { logLabel, logTicks, roundTicks, toStep } from "./axes";

/** A colour of the page as the canvas takes it. */
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const TICK_SIZE = 6;
const TICK_GAP = 4;
/** Of the labels of a y axis: charts above each other mostly begin at one place. */
const LEAST_WIDTH = 56;
/** Room of one label [CSS pixels]: along the x axis, along the y axis. */
const ROOM = [60, 26] as const;
const LOG_ROOM = [30, 15] as const;

/** An axis in the colours of the page; labels at its left take the room that they need, beside its title. */
export function axis(values: Partial<uPlot.Axis> = {}): uPlot.Axis {
  const line = { stroke: () => colour("line"), width: 1 };
  return {
    stroke: () => colour("text"),
    grid: line,
    ticks: { ...line, size: TICK_SIZE },
    gap: TICK_GAP,
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    labelSize: 18,
    size: (chart, labels, place, turn) => (place === 0 ? 28 : Math.max(LEAST_WIDTH, widthOf(chart, labels, place, turn))),
    filter: (_, ticks) => ticks,
    ...values,
  };
}

function widthOf(chart: uPlot, labels: string[] | null, place: number, turn: number): number {
  const own = chart.axes[place] as uPlot.Axis & { _size?: number };
  // The second turn is the last that may change it: otherwise size and labels could follow each other for ever.
  if (turn > 2 && own._size) return own._size;
  chart.ctx.font = String((own.font as unknown as [string])[0]);
  const widest = Math.max(0, ...(labels ?? []).map((one) => chart.ctx.measureText(one).width / devicePixelRatio));
  return Math.ceil(widest) + TICK_SIZE + TICK_GAP + 4;
}

/** Length of an axis [CSS pixels]. */
export function lengthOf(chart: uPlot, place: number): number {
  return (place === 0 ? chart.bbox.width : chart.bbox.height) / devicePixelRatio || 200;
}

/** An axis with round numbers. */
export function linearAxis(label: string): uPlot.Axis {
  const ticks = (chart: uPlot, place: number, low: number, high: number) =>
    roundTicks(low, high, Math.max(3, Math.floor(lengthOf(chart, place) / (place === 0 ? ROOM[0] : ROOM[1]))));
  return axis({
    label,
    splits: (chart, place, low, high) => ticks(chart, place, low, high).places,
    values: (chart, splits, place) => {
      const { min, max } = chart.scales[place === 0 ? "x" : "y"] as { min: number; max: number };
      const { step } = ticks(chart, place, min, max);
      return splits.map((one) => toStep(one, step));
    },
  });
}

/** An axis of a logarithmic scale. */
export function logAxis(label: string): uPlot.Axis {
  return axis({
    label,
    splits: (chart, place, low, high) => logTicks(low, high, lengthOf(chart, place), place === 0 ? LOG_ROOM[0] : LOG_ROOM[1]),
    values: (_, splits) => splits.map(logLabel),
  });
}

interface Props {
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  height: number;
  /** What is seen, for those who do not see it. */
  text: string;
  /** What the line above the chart tells of the point under the pointer; none: there is no line. */
  pointed?: (chart: uPlot, place: number) => string;
  /** What the line says while nothing is pointed at. */
  hint?: string;
  /** Whether the chart can have the focus, and arrows step from point to point. */
  steps?: boolean;
  made?: (chart: uPlot) => void;
}

const HINT = "Point at the curve to read its values.";

/** The chart is made anew when *options* changes: keep it equal as long as only data change. */
export function Chart({ options, data, height, text, pointed, hint = HINT, steps = false, made }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLParagraphElement>(null);
  const chart = useRef<uPlot | null>(null);
  const fed = useRef<uPlot.AlignedData | null>(null);
  const telling = useRef(pointed);
  telling.current = pointed;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const tell = (own: uPlot) => {
      const at = own.cursor.left !== undefined && own.cursor.left >= 0 ? own.cursor.idx : null;
      const said = at === null || at === undefined ? "" : telling.current?.(own, at);
      if (line.current) line.current.textContent = said || hint;
    };
    const hooks = { ...options.hooks, setCursor: [...(options.hooks?.setCursor ?? []), tell] };
    const wide = () => Math.max(200, element.clientWidth);
    const own = new uPlot({ ...options, hooks, width: wide(), height, legend: { show: false } }, data, element);
    if (line.current) line.current.textContent = hint;
    chart.current = own;
    fed.current = data;
    made?.(own);
    const sized = new ResizeObserver(() => own.setSize({ width: wide(), height }));
    sized.observe(element);
    const again = () => own.redraw(false, true);
    addEventListener("odamesh:theme", again);
    return () => {
      sized.disconnect();
      removeEventListener("odamesh:theme", again);
      own.destroy();
      chart.current = null;
    };
  }, [options, height]);
  useEffect(() => {
    // What it was made with it has; to tell it so at once would take its ranges from nothing.
    if (fed.current === data) return;
    fed.current = data;
    chart.current?.setData(data);
  }, [data]);
  const keys = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by || !chart.current) return;
    event.preventDefault();
    stepBy(chart.current, by);
  };
  const drawn = <div class="chart" ref={place} role="img" aria-label={text} />;
  if (!pointed) return drawn;
  const told = <p class="pointed" ref={line} aria-live="polite" />;
  return steps ? (
    <div class="steps" tabIndex={0} role="group" aria-label={`${text}; arrow keys step from point to point`} onKeyDown={keys}>
      {told}
      {drawn}
    </div>
  ) : (
    <>
      {told}
      {drawn}
    </>
  );
}

/** Put the cursor on the next point that has a value, as the pointer would. */
export function stepBy(chart: uPlot, by: 1 | -1): void {
  const [xs, ...columns] = chart.data;
  const [first, last] = chart.series[0]?.idxs ?? [0, xs.length - 1];
  const seen = chart.cursor.left !== undefined && chart.cursor.left >= 0;
  let at = seen && typeof chart.cursor.idx === "number" ? chart.cursor.idx + by : by > 0 ? first : last;
  while (at >= first && at <= last && columns.every((column) => column[at] === null || column[at] === undefined)) at += by;
  if (at < first || at > last) return;
  chart.setCursor({ left: chart.valToPos(xs[at] as number, "x"), top: chart.over.clientHeight / 2 });
}

/** Error bars of the points in view, from *low* to *high* of each. */
export function drawErrors(chart: uPlot, series: number, errors: ArrayLike<number | null>, stroke: string): void {
  const { ctx, data } = chart;
  const [first, last] = chart.series[0]?.idxs ?? [0, 0];
  const xs = data[0];
  const ys = data[series];
  if (!ys) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
  ctx.clip();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1;
  ctx.setLineDash([]);
  ctx.beginPath();
  const scale = chart.series[series]?.scale ?? "y";
  const least = chart.scales[scale]?.min ?? 0;
  for (let at = first; at <= last; at++) {
    const [y, error] = [ys[at], errors[at]];
    if (y === null || y === undefined || !error) continue;
    const x = chart.valToPos(xs[at] as number, "x", true);
    const low = chart.scales[scale]?.distr === 3 ? Math.max(least, y - error) : y - error;
    ctx.moveTo(x, chart.valToPos(low, scale, true));
    ctx.lineTo(x, chart.valToPos(y + error, scale, true));
  }
  ctx.stroke();
  ctx.restore();
}

/** A dashed line at one place of the x axis, from top to bottom. */
export function drawInstant(chart: uPlot, x: number, stroke: string): void {
  const { ctx, bbox } = chart;
  const at = chart.valToPos(x, "x", true);
  if (at < bbox.left || at > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** A small triangle at the upper edge, at one place of the x axis. */
export function drawMark(chart: uPlot, x: number, fill: string): void {
  const { ctx, bbox } = chart;
  const at = chart.valToPos(x, "x", true);
  if (at < bbox.left || at > bbox.left + bbox.width) return;
  const size = 6 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.moveTo(at - size, bbox.top);
  ctx.lineTo(at + size, bbox.top);
  ctx.lineTo(at, bbox.top + 1.5 * size);
  ctx.fill();
  ctx.restore();
}
