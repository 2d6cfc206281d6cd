// The spectra of a job as small panels; those that are ticked are fitted together, of other jobs too.
import { useEffect, useMemo, useState } from "preact/hooks";
import type uPlot from "uplot";

import { go, setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import type { JobDocument, JobList, RequestDocument } from "../api/types";
import { bytesOf, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
import { FitForm, type FitWish } from "../form/fit_form";
import { Link } from "../parts";
import { axis, Chart, colour, drawErrors } from "../plot/chart";
import { decades, logLabels } from "../plot/axes";
import { SendButton } from "../samp/send";
import type { Result, TabProps } from "./job";

const FIRST_PANELS = 12;

interface Spectrum {
  file: Result;
  source: string;
  energy: number[];
  width: number[];
  /** counts/s/keV. */
  rate: number[];
  error: number[];
  significance: number;
}

export function SpectraTab({ live, results, query }: TabProps) {
  const files = results.filter((file) => file.role === "spectrum");
  const [spectra, setSpectra] = useState<Spectrum[]>([]);
  const [failed, fail] = useState<string | null>(null);
  const [refused, refuse] = useState<Refused | null>(null);
  const search = query.get("source") ?? "";
  const chosen = query.get("fit");
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const edges = new Map<string, Promise<[number[], number[]]>>();
      const found: Spectrum[] = [];
      for (const file of files) {
        found.push(await readSpectrum(file, results, edges, stop.signal));
        if (found.length % 8 === 0 || found.length === files.length) {
          setSpectra([...found].sort((a, b) => b.significance - a.significance));
        }
      }
    };
    read().catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [files.map((file) => file.url).join()]);
  if (!files.length) return <p>There are no spectra yet. They appear here as soon as there are some.</p>;
  const shown = spectra.filter((one) => one.source.toLowerCase().includes(search.toLowerCase()));
  const most = Number(query.get("panels") ?? FIRST_PANELS) || FIRST_PANELS;
  const run = async (wish: FitWish) => {
    try {
      refuse(null);
      const body = { instrument: "spectral_fit", product: "spectral_fit", parameters: wish };
      const job = await call<JobDocument>("/jobs", { method: "POST", body });
      go(`/jobs/${job.job_id}/fit`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  };
  return (
    <>
      <div class="row controls">
        <label>
          Source{" "}
          <input size={14} value={search} onInput={(event) => setQuery({ source: event.currentTarget.value || null })} />
        </label>
        <span class="quiet">
          {spectra.length} of {files.length} spectra read
        </span>
        <SendButton message="spectrum.load.ssa-generic" files={shown.map((one) => one.file)} />
      </div>
      {failed ? <p class="error">{failed}</p> : null}
      {chosen ? (
        <FitForm
          key={chosen}
          source={chosen}
          job={live.jobId}
          refused={refused}
          run={run}
          close={() => setQuery({ fit: null })}
        />
      ) : null}
      <div class="panels">
        {shown.slice(0, most).map((one) => (
          <Panel key={one.file.url} spectrum={one} fit={() => setQuery({ fit: one.source })} />
        ))}
      </div>
      {shown.length > most ? (
        <button type="button" onClick={() => setQuery({ panels: String(most + FIRST_PANELS) })}>
          More ({shown.length - most} spectra)
        </button>
      ) : null}
      <History job={live.jobId} />
    </>
  );
}

async function readSpectrum(
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

/** Put channels together until a group has 3 sigma, for display only: bare channels are mostly noise. */
function grouped(spectrum: Spectrum): { energy: number[]; rate: (number | null)[]; error: number[] } {
  const [energy, rate, error]: [number[], (number | null)[], number[]] = [[], [], []];
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
    [sum, squares, width] = [0, 0, 0];
  });
  return { energy, rate, error };
}

function Panel({ spectrum, fit }: { spectrum: Spectrum; fit: () => void }) {
  const { data, options } = useMemo(() => {
    const { energy, rate, error } = grouped(spectrum);
    const drawnData: uPlot.AlignedData = [energy, rate];
    const drawnOptions: Omit<uPlot.Options, "width" | "height"> = {
      scales: { x: { time: false, distr: 3, range: decades }, y: { distr: 3, range: decades } },
      axes: [axis({ label: "keV", size: 45 }), axis({ label: "counts/s/keV", size: 65, values: logLabels })],
      series: [{}, { stroke: () => colour("action"), paths: () => null, points: { show: true, size: 4 } }],
      hooks: { draw: [(chart) => drawErrors(chart, 1, error, colour("action"))] },
    };
    return { data: drawnData, options: drawnOptions };
  }, [spectrum]);
  const text = `Spectrum of ${spectrum.source}: ${spectrum.significance.toFixed(1)} sigma over all channels, ${data[0].length} groups from ${data[0][0]?.toFixed(0)} to ${data[0].at(-1)?.toFixed(0)} keV`;
  return (
    <section class="panel" aria-label={spectrum.source}>
      <h2 class="small">
        {spectrum.source} <span class="quiet">{spectrum.significance.toFixed(1)} σ</span>
      </h2>
      <Chart options={options} data={data} height={220} text={text} />
      <p class="row">
        <button type="button" onClick={fit}>
          Fit {spectrum.source}
        </button>
        <a href={spectrum.file.url}>{spectrum.file.name}</a>
      </p>
    </section>
  );
}

interface Earlier {
  job: JobDocument;
  model: string;
  source: string;
}

/** Fits that used the spectra of this job, newest first. */
function History({ job }: { job: string }) {
  const [found, set] = useState<Earlier[]>([]);
  useEffect(() => {
    let over = false;
    const look = async () => {
      const keys = new Set<string>();
      const view = await call<JobDocument>(`/jobs/${job}`);
      for (const product of view.products) keys.add(product.key);
      const list = await call<JobList>("/jobs?product=spectral_fit&limit=20");
      const all = await Promise.all(
        list.jobs.map(async (one): Promise<Earlier | null> => {
          const { parameters } = await call<RequestDocument>(`/requests/${one.request_key}`);
          const own = (parameters.spectra as string[]).some((key) => keys.has(key));
          return own ? { job: one, model: String(parameters.model), source: String(parameters.source) } : null;
        }),
      );
      if (!over) set(all.filter((one) => one !== null));
    };
    look().catch((error) => {
      // Who has no list of jobs has no history; everything else works.
      if (!(error instanceof Refused)) throw error;
    });
    return () => {
      over = true;
    };
  }, [job]);
  if (!found.length) return null;
  return (
    <>
      <h2>Fits of these spectra</h2>
      <ul>
        {found.map((one) => (
          <li key={one.job.job_id}>
            <Link to={`/jobs/${one.job.job_id}/fit`}>
              {one.source || "all"}: {one.model}
            </Link>{" "}
            <span class="quiet">{one.job.state.toLowerCase()}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
