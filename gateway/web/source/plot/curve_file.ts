// Light curves as the mesh writes them (OGIP/93-003): times, rates, and what the header says of them.
import { bytesOf, type Header, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
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

/** Read a light curve, put *factor* bins together, and make its scales. */
export async function readCurve(content: ArrayBuffer, factor: number): Promise<ReadCurve> {
  const file = bytesOf(content);
  const hdu = (await readHdus(file)).find((one) => one.header.text("XTENSION") === "BINTABLE" && one.header.text("TTYPE1") === "TIME");
  if (!hdu) throw new Error("the file holds no light curve");
  const table = await readTable(file, hdu);
  const zero = hdu.header.number("TIMEZERO", 0);
  const name = ["RATE", "COUNTS"].find((one) => table.has(one));
  if (!name) throw new Error("the light curve has no rates");
  const time = table.numbers("TIME").map((one) => one + zero);
  const rate = Float32Array.from(table.numbers(name));
  const error = table.has("ERROR") ? Float32Array.from(table.numbers("ERROR")) : new Float32Array(rate.length);
  const step = hdu.header.number("TIMEDEL", 1);
  const exposure = table.has("EXPOSURE") ? Float32Array.from(table.numbers("EXPOSURE")) : new Float32Array(rate.length).fill(step);
  const binned = rebinned({ time, rate, error, exposure }, factor, step);
  return {
    facts: facts(hdu.header, table.unit(name), step * factor, binned.time.length),
    levels: pyramid(binned.time, binned.rate, binned.error, step * factor),
  };
}

function facts(header: Header, unit: string, binSeconds: number, bins: number): Facts {
  const mjdRef = header.number("MJDREF", header.number("MJDREFI", 51544) + header.number("MJDREFF", 0));
  const [low, high] = [header.number("E_MIN"), header.number("E_MAX")];
  const begun = Date.parse(`${header.text("DATE-OBS")}Z`) / 1000;
  const tt = (mjdRef - 40587) * 86400 + header.number("TSTART") + header.number("TIMEZERO", 0);
  const difference = Math.round((tt - begun) * 1000) / 1000;
  return {
    object: header.text("OBJECT"),
    band: Number.isFinite(low) ? `${low}–${high} keV` : "",
    unit: unit || "count/s",
    binSeconds,
    bins,
    mjdRef,
    ttMinusUtc: difference > 60 && difference < 75 ? 64.184 + Math.round(difference - 64.184) : null,
  };
}
