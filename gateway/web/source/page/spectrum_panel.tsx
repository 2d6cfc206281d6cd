// One spectrum as a small panel: channels put together for the eye, its exposure, and the way to its fit.
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";

import { bytesOf, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
import { rangeOf } from "../plot/axes";
import { Chart, colour, drawErrors, logAxis } from "../plot/chart";
import { measured } from "../plot/values";
import type { Result } from "./job";

export interface Spectrum {
  file: Result;
  source: string;
  energy: number[];
  width: number[];
  /** counts/s/keV. */
  rate: number[];
  error: number[];
  significance: number;
  /** [s]; NaN: the file does not tell it. */
  exposure: number;
}

export async function readSpectrum(
  file: Result,
  results: Result[],
  edges: Map<string, Promise<[number[], number[]]>>,
  signal: AbortSignal,
): Promise<Spectrum> {
  const content = bytesOf(await (await fetch(file.url, { signal })).arrayBuffer());
  const hdu = (await readHdus(content)).find((one) => one.header.text("HDUCLAS1") === "SPECTRUM");
  if (!hdu) throw new Error(`${file.name} holds no spectrum`);
  const table = await readTable(content, hdu);
  const response = hdu.header.text("RESPFILE");
  const place = results.find((one) => one.name === response)?.url;
  if (!place) throw new Error(`${file.name} names a response that the job does not have`);
  if (!edges.has(place)) edges.set(place, readEdges(place, signal));
  const [low, high] = (await edges.get(place)) as [number[], number[]];
  const rates = table.numbers("RATE");
  const errors = table.numbers("STAT_ERR");
  const quality = table.has("QUALITY") ? table.numbers("QUALITY") : null;
  const spectrum: Spectrum = {
    file,
    source: hdu.header.text("NAME") || hdu.header.text("OBJECT") || file.name,
    energy: [],
    width: [],
    rate: [],
    error: [],
    significance: 0,
    exposure: hdu.header.number("EXPOSURE"),
  };
  let [sum, squares] = [0, 0];
  for (let channel = 0; channel < rates.length; channel++) {
    const [from, to] = [low[channel] ?? 0, high[channel] ?? 0];
    const [rate, error] = [rates[channel] ?? 0, errors[channel] ?? 0];
    if (quality?.[channel] || !(error > 0) || !(to > from)) continue;
    spectrum.energy.push(Math.sqrt(Math.max(from, 1e-3) * to));
    spectrum.width.push(to - from);
    spectrum.rate.push(rate / (to - from));
    spectrum.error.push(error / (to - from));
    sum += rate;
    squares += error * error;
  }
  spectrum.significance = squares > 0 ? sum / Math.sqrt(squares) : 0;
  return spectrum;
}

/** Edges of the channels [keV], of the table EBOUNDS of a response. */
async function readEdges(url: string, signal: AbortSignal): Promise<[number[], number[]]> {
  const content = bytesOf(await (await fetch(url, { signal })).arrayBuffer());
  const hdu = (await readHdus(content)).find((one) => one.name === "EBOUNDS");
  if (!hdu) throw new Error("the response has no table EBOUNDS");
  const table = await readTable(content, hdu);
  return [[...table.numbers("E_MIN")], [...table.numbers("E_MAX")]];
}

interface Groups {
  energy: number[];
  rate: (number | null)[];
  error: number[];
  /** Edges of each group [keV]. */
  edges: [number, number][];
}

/** Put channels together until a group has 3 sigma, for display only: bare channels are mostly noise. */
function grouped(spectrum: Spectrum): Groups {
  const [energy, rate, error, edges]: [number[], (number | null)[], number[], [number, number][]] = [[], [], [], []];
  let [sum, squares, width, first] = [0, 0, 0, 0];
  spectrum.rate.forEach((value, at) => {
    const own = spectrum.width[at] as number;
    if (width === 0) first = at;
    sum += value * own;
    squares += ((spectrum.error[at] as number) * own) ** 2;
    width += own;
    const done = sum > 3 * Math.sqrt(squares);
    if (!done && at < spectrum.rate.length - 1) return;
    energy.push(Math.sqrt((spectrum.energy[first] as number) * (spectrum.energy[at] as number)));
    rate.push(sum > 0 ? sum / width : null);
    error.push(Math.sqrt(squares) / width);
    edges.push([edge(spectrum, first, -1), edge(spectrum, at, 1)]);
    [sum, squares, width] = [0, 0, 0];
  });
  return { energy, rate, error, edges };
}

/** Lower (-1) or upper (1) edge of a channel [keV], of its geometric middle and its width. */
function edge(spectrum: Spectrum, channel: number, side: -1 | 1): number {
  const half = (spectrum.width[channel] as number) / 2;
  return Math.hypot(spectrum.energy[channel] as number, half) + side * half;
}

/** Ranges of energy and rate that show all of these spectra. */
export function commonRange(spectra: Spectrum[]): Ranges {
  const all = spectra.map((one) => rangesOf(grouped(one)));
  const wide = (axis: 0 | 1): [number, number] => [Math.min(...all.map((one) => one[axis][0])), Math.max(...all.map((one) => one[axis][1]))];
  return [wide(0), wide(1)];
}

type Ranges = [[number, number], [number, number]];

function rangesOf({ energy, rate, error }: Groups): Ranges {
  return [rangeOf(energy, null, true), rangeOf(rate, error, true)];
}

interface PanelProps {
  spectrum: Spectrum;
  /** Axes of all panels; null: each has its own. */
  ranges: Ranges | null;
  large: boolean;
  enlarge: () => void;
  fit: () => void;
}

export function Panel({ spectrum, ranges, large, enlarge, fit }: PanelProps) {
  const { data, options, groups } = useMemo(() => {
    const found = grouped(spectrum);
    const drawnData: uPlot.AlignedData = [found.energy, found.rate];
    const [energies, rates] = ranges ?? rangesOf(found);
    const drawnOptions: Omit<uPlot.Options, "width" | "height"> = {
      scales: { x: { time: false, distr: 3, range: () => energies }, y: { distr: 3, range: () => rates } },
      axes: [logAxis("energy [keV]"), logAxis("counts/s/keV")],
      series: [{}, { stroke: () => colour("action"), paths: () => null, points: { show: true, size: 4 } }],
      hooks: { draw: [(chart) => drawErrors(chart, 1, found.error, colour("action"))] },
    };
    return { data: drawnData, options: drawnOptions, groups: found };
  }, [spectrum, ranges?.flat().join()]);
  const pointed = (_: uPlot, at: number) => {
    const [low, high] = groups.edges[at] ?? [0, 0];
    return `${low.toFixed(1)} to ${high.toFixed(1)} keV: ${measured(groups.rate[at] ?? null, groups.error[at] ?? null, "counts/s/keV")}`;
  };
  const text = `Spectrum of ${spectrum.source}: ${spectrum.significance.toFixed(1)} sigma over all channels, ${data[0].length} groups from ${data[0][0]?.toFixed(0)} to ${data[0].at(-1)?.toFixed(0)} keV`;
  return (
    <section class={large ? "panel large" : "panel"} aria-label={spectrum.source}>
      <h2 class="small">
        {spectrum.source} <span class="quiet">{spectrum.significance.toFixed(1)} σ{exposed(spectrum)}</span>
      </h2>
      <Chart options={options} data={data} height={large ? 440 : 230} text={text} pointed={pointed} hint="Point at a group to read energy, rate and error." steps={large} />
      <p class="row">
        <button type="button" onClick={fit}>
          Fit {spectrum.source}
        </button>
        <button type="button" aria-pressed={large} aria-label={`${large ? "Make smaller" : "Enlarge"}: ${spectrum.source}`} onClick={enlarge}>
          {large ? "Smaller" : "Enlarge"}
        </button>
        <a href={spectrum.file.url}>{spectrum.file.name}</a>
      </p>
    </section>
  );
}

function exposed({ exposure }: Spectrum): string {
  return exposure > 0 ? `, exposure ${exposure < 1000 ? `${Math.round(exposure)} s` : `${(exposure / 1000).toPrecision(3)} ks`}` : "";
}
