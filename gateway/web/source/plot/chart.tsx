// uPlot in a component: made once, fed with data; it wears the colours of the page.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** A colour of the page as the canvas takes it. */
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Axes in the colours of the page. */
export function axis(values: Partial<uPlot.Axis> = {}): uPlot.Axis {
  const line = { stroke: () => colour("line"), width: 1 };
  return { stroke: () => colour("text"), grid: line, ticks: line, font: "12px system-ui, sans-serif", ...values };
}

interface Props {
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  height: number;
  /** What is seen, for those who do not see it. */
  text: string;
  made?: (chart: uPlot) => void;
}

/** The chart is made anew when *options* changes: keep it equal as long as only data change. */
export function Chart({ options, data, height, text, made }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const fed = useRef<uPlot.AlignedData | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const own = new uPlot({ ...options, width: Math.max(200, element.clientWidth), height, legend: { show: false } }, data, element);
    chart.current = own;
    fed.current = data;
    made?.(own);
    const sized = new ResizeObserver(() => own.setSize({ width: Math.max(200, element.clientWidth), height }));
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
  return <div class="chart" ref={place} role="img" aria-label={text} />;
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
