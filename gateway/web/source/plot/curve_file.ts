// Light curves as the mesh writes them (OGIP/93-003): times, rates, and what the header says of them; a table a band.
import { bytesOf, type Hdu, type Header, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
import { type Bins, hardness } from "./hardness";
import { type Level, pyramid, rebinned } from "./pyramid";

export interface Facts {
  object: string;
  band: string;
  unit: string;
  /** Length of a bin [s]. */
  binSeconds: number;
  bins: number;
  /** Modified Julian date (TT) of the times' zero. */
  mjdRef: number;
  /** TT - UTC [s], as the header tells it; null: it does not. */
  ttMinusUtc: number | null;
}

export interface ReadCurve {
  facts: Facts;
  levels: Level[];
}

/** Read the light curves of a file, put *factor* bins of each together, and make their scales. */
export async function readCurves(content: ArrayBuffer, factor: number): Promise<ReadCurve[]> {
  return (await tables(content)).map(({ header, unit, step, bins }) => scaled(facts(header, unit, step), rebinned(bins, factor, step), step * factor));
}

/** Read the hardness of a source: of the bins that both bands have, *factor* together. */
export async function readHardness(files: [ArrayBuffer, ArrayBuffer], bands: [string, string], factor: number): Promise<ReadCurve> {
  const found = await Promise.all(
    files.map(async (content, place) => (await tables(content)).find((one) => bandOf(one.header) === bands[place])),
  );
  const [soft, hard] = found;
  if (!soft || !hard) throw new Error(`the files do not hold the bands ${bands.join(" and ")}`);
  const ratio = hardness(soft.bins, hard.bins, factor, soft.step);
  const told = { ...facts(soft.header, "(H−S)/(H+S)", soft.step), band: `hardness of ${bands[1]} to ${bands[0]}` };
  return scaled(told, ratio, soft.step * factor);
}

interface CurveTable {
  header: Header;
  unit: string;
  step: number;
  bins: Bins;
}

async function tables(content: ArrayBuffer): Promise<CurveTable[]> {
  const file = bytesOf(content);
  const found = (await readHdus(file)).filter(isCurve);
  if (!found.length) throw new Error("the file holds no light curve");
  return Promise.all(found.map(async (hdu) => readBins(hdu, await readTable(file, hdu))));
}

/** The table with times in seconds: files have the same in days as well, for other programs. */
function isCurve({ header }: Hdu): boolean {
  return header.text("XTENSION") === "BINTABLE" && header.text("TTYPE1") === "TIME" && header.text("TUNIT1") !== "d";
}

function readBins({ header }: Hdu, table: Awaited<ReturnType<typeof readTable>>): CurveTable {
  const zero = header.number("TIMEZERO", 0);
  const name = ["RATE", "COUNTS"].find((one) => table.has(one));
  if (!name) throw new Error("the light curve has no rates");
  const rate = Float32Array.from(table.numbers(name));
  const step = header.number("TIMEDEL", 1);
  const column = (wanted: string, otherwise: number) =>
    table.has(wanted) ? Float32Array.from(table.numbers(wanted)) : new Float32Array(rate.length).fill(otherwise);
  const exposure = table.has("EXPOSURE") ? column("EXPOSURE", step) : column("FRACEXP", 1).map((share) => share * step);
  const bins = { time: table.numbers("TIME").map((one) => one + zero), rate, error: column("ERROR", 0), exposure };
  return { header, unit: table.unit(name), step, bins };
}

function scaled(told: Facts, curve: { time: Float64Array; rate: Float32Array; error: Float32Array }, binSeconds: number): ReadCurve {
  return {
    facts: { ...told, binSeconds, bins: curve.time.length },
    levels: pyramid(curve.time, curve.rate, curve.error, binSeconds),
  };
}

function bandOf(header: Header): string {
  const [low, high] = [header.number("E_MIN"), header.number("E_MAX")];
  return Number.isFinite(low) ? `${low}–${high} keV` : "";
}

function facts(header: Header, unit: string, binSeconds: number): Facts {
  const mjdRef = header.number("MJDREF", header.number("MJDREFI", 51544) + header.number("MJDREFF", 0));
  const begun = Date.parse(`${header.text("DATE-OBS")}Z`) / 1000;
  const tt = (mjdRef - 40587) * 86400 + header.number("TSTART") + header.number("TIMEZERO", 0);
  const difference = Math.round((tt - begun) * 1000) / 1000;
  return {
    object: header.text("OBJECT"),
    band: bandOf(header),
    unit: unit || "count/s",
    binSeconds,
    bins: 0,
    mjdRef,
    ttMinusUtc: difference > 60 && difference < 75 ? 64.184 + Math.round(difference - 64.184) : null,
  };
}
