// What a fit wrote: its report (fit.json) and its curves (table CURVES of fit.fits).
import type { LinkedFile } from "../api/types";
import { bytesOf, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";

export interface Estimate {
  name: string;
  component: string;
  parameter: string;
  value: number;
  error_lower: number | null;
  error_upper: number | null;
  unit: string;
  free: boolean;
  tie: string | null;
  stopped: string | null;
}

export interface Report {
  model: string;
  statistic_name: string;
  statistic: number;
  dof: number;
  reduced: number;
  null_probability: number | null;
  confidence: number;
  parameters: Estimate[];
  spectra: { source: string; instrument: string; factor_value: number; factor_error_lower: number | null; factor_error_upper: number | null }[];
  fluxes: { low_kev: number; high_kev: number; erg_cm2_s: number; erg_lower: number | null; erg_upper: number | null }[];
  free: string[];
  covariance: number[][] | null;
}

export interface Curves {
  spectrum: Float64Array;
  low: Float64Array;
  high: Float64Array;
  rate: Float64Array;
  error: Float64Array;
  model: Float64Array;
}

async function content(url: string, signal: AbortSignal | undefined): Promise<Response> {
  const answer = await fetch(url, { signal: signal ?? null });
  if (!answer.ok) throw new Error(`the result of the fit cannot be read: ${answer.status} ${answer.statusText}`);
  return answer;
}

export async function readReport(files: LinkedFile[], signal?: AbortSignal): Promise<Report> {
  const file = files.find((one) => one.name === "fit.json");
  if (!file) throw new Error("the fit has no result");
  return (await content(file.url, signal)).json();
}

export async function readCurves(files: LinkedFile[], signal?: AbortSignal): Promise<Curves> {
  const file = files.find((one) => one.name === "fit.fits");
  if (!file) throw new Error("the fit has no curves");
  const bytes = bytesOf(await (await content(file.url, signal)).arrayBuffer());
  const hdu = (await readHdus(bytes)).find((one) => one.name === "CURVES");
  if (!hdu) throw new Error(`${file.name} has no table CURVES`);
  const table = await readTable(bytes, hdu);
  return {
    spectrum: table.numbers("SPECTRUM"),
    low: table.numbers("LOW"),
    high: table.numbers("HIGH"),
    rate: table.numbers("RATE"),
    error: table.numbers("ERROR"),
    model: table.numbers("MODEL"),
  };
}

/** Source and instruments of a fit, in words. */
export function fitted(report: Report): string {
  const sources = [...new Set(report.spectra.map((one) => one.source))].filter(Boolean).join(", ");
  return [sources, [...new Set(report.spectra.map((one) => one.instrument))].join(" and ")].filter(Boolean).join(", ");
}

/** Akaike's criterion. The scale of a correction is no parameter of the model: it has a constraint of its own, which `dof` counts. */
export function aic(report: Report): number {
  return report.statistic + 2 * report.free.filter((name) => !name.startsWith("correction.")).length;
}

/** What XSPEC's manual says that the norm of a model is. */
const NORMS: Record<string, string> = {
  powerlaw: "photons/keV/cm²/s at 1 keV",
  cutoffpl: "photons/keV/cm²/s at 1 keV",
  bknpower: "photons/keV/cm²/s at 1 keV",
  grbm: "photons/keV/cm²/s at 100 keV",
  gaussian: "photons/cm²/s in the line",
  bbody: "10³⁹ erg/s at 10 kpc",
  bbodyrad: "(km / 10 kpc)²",
  diskbb: "(km / 10 kpc)² cos θ",
};

/** Unit of a parameter; *component* as in `powerlaw_2`. */
export function unitOf(component: string, parameter: string, unit: string): string {
  return unit || (parameter === "norm" ? (NORMS[component.replace(/_\d+$/, "").toLowerCase()] ?? "") : "");
}
