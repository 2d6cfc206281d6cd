// What a fit begins from: settings in the words of the fit, and an earlier fit with its best values as the new start.
import type { Report } from "../page/fit_report";
import type { ModelParameter, Row } from "./fit_models";

/** Parameters of a fit, as the instrument spectral_fit takes them. */
export type FitWish = Record<string, unknown>;

export interface Setting {
  value: string;
  frozen: boolean;
  minimum: string;
  maximum: string;
  tie: string;
}

export type Settings = Record<string, Partial<Setting>>;

export interface FitStart {
  model: string;
  settings: Settings;
  statistic: string;
  isgri: string;
  jemx: string;
  flux: string;
  cross: string;
  /** Jobs or products whose spectra it takes. */
  spectra: string[];
  /** All other parameters of the earlier fit: they stay as they were. */
  kept: Record<string, unknown>;
}

export const PLAIN: FitStart = {
  model: "powerlaw",
  settings: {},
  statistic: "auto",
  isgri: "28-300",
  jemx: "3-35",
  flux: "20-40, 40-80",
  cross: "free",
  spectra: [],
  kept: {},
};

export function bandsText(bands: unknown): string {
  return (bands as [number, number][]).map((one) => one.join("-")).join(", ");
}

/** Bands of a text such as 20-40, 40-80; what is none is refused by the mesh in its own words. */
export function bandsOf(text: string): number[][] {
  return text.split(",").map((one) => one.trim().split(/\s*[-–]\s*/).map(Number));
}

const SETTING =
  /^([\w.]+)\s*=\s*(?:([-+]?[\d.][-+.\deE]*)|(?!(?:free|frozen)$)([A-Za-z][\w.]*))?\s*(?:\[\s*([^,\]]+?)\s*,\s*([^\]]+?)\s*\])?\s*(free|frozen)?$/;

/** Settings of a text: `powerlaw.PhoIndex = 2.1 [1, 4]; wabs.nH = 0.5 frozen`. */
export function readSettings(text: string): Settings {
  const found: Settings = {};
  for (const line of text.split(/[;\n]/)) {
    const match = SETTING.exec(line.trim());
    if (!match) continue;
    const [, name = "", value, tie, minimum, maximum, word] = match;
    const one: Partial<Setting> = {};
    if (value) one.value = value;
    if (tie) one.tie = tie;
    if (minimum && maximum) [one.minimum, one.maximum] = [minimum, maximum];
    if (word) one.frozen = word === "frozen";
    found[name] = one;
  }
  return found;
}

/** Settings as the fit takes them; *model*: the expression, whose parts are known here or not. */
export function written(settings: Settings, rows: Row[], model: string): string {
  const parts = (model.match(/[A-Za-z_]\w*/g) ?? []).map((one) => one.toLowerCase());
  // Of models that could not be listed, what an earlier fit set stays.
  const unlisted = Object.keys(settings).filter(
    (key) => !rows.some((row) => row.key === key) && parts.includes((key.split(".")[0] ?? "").replace(/_\d+$/, "").toLowerCase()),
  );
  return [
    ...rows.map(({ key, parameter }) => one(key, settings[key] ?? {}, parameter)),
    ...unlisted.map((key) => one(key, settings[key] ?? {}, null)),
  ]
    .filter(Boolean)
    .join("; ");
}

function one(key: string, set: Partial<Setting>, parameter: ModelParameter | null): string {
  if (set.tie) return `${key} = ${set.tie}`;
  // Of two limits one may stay as it is.
  const [minimum, maximum] = [set.minimum || parameter?.minimum, set.maximum || parameter?.maximum];
  const limits = set.minimum || set.maximum ? ` [${minimum}, ${maximum}]` : "";
  const usual = parameter ? !parameter.free : null;
  const frozen = set.frozen ?? usual;
  const word = frozen === null || frozen === usual ? "" : frozen ? " frozen" : " free";
  const value = set.value || parameter?.value;
  return (set.value || limits || word) && value !== undefined ? `${key} = ${value}${limits}${word}` : "";
}

/** A start that is an earlier fit: *parameters* of its request, and its best values where it came to some. */
export function startOf(parameters: Record<string, unknown>, report: Report | null): FitStart {
  const { model, settings, statistic, isgri_range, jemx_range, flux_bands, cross_normalisation, spectra, source: _, ...kept } = parameters;
  const given = readSettings(String(settings ?? ""));
  const begin: Settings = { ...given };
  for (const one of report?.parameters ?? []) {
    // The component may be left out of a setting.
    const own = Object.keys(given).find((name) => [one.name, one.parameter].some((known) => known.toLowerCase() === name.toLowerCase()));
    if (own && own !== one.name) delete begin[own];
    const { minimum, maximum } = (own && given[own]) || {};
    begin[one.name] = {
      value: String(Number(one.value.toPrecision(6))),
      frozen: !one.free,
      ...(minimum && maximum ? { minimum, maximum } : {}),
      ...(one.tie ? { tie: one.tie } : {}),
    };
  }
  return {
    model: String(model),
    settings: begin,
    statistic: String(statistic),
    isgri: bandsText(isgri_range),
    jemx: bandsText(jemx_range),
    flux: bandsText(flux_bands),
    cross: String(cross_normalisation),
    spectra: spectra as string[],
    kept,
  };
}
