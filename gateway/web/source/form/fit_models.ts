// The models that a fit may name: the list of this mesh, those that people mostly take, and the parameters of an expression.
import { call, Refused } from "../api/client";
import { submit } from "../api/submit";
import type { JobDocument } from "../api/types";

export interface ModelParameter {
  name: string;
  unit: string;
  value: number;
  minimum: number;
  maximum: number;
  free: boolean;
}

export interface Model {
  name: string;
  kind: string;
  usable: boolean;
  parameters: ModelParameter[];
}

/** A parameter that a user may change; its key in the settings names component and parameter. */
export interface Row {
  key: string;
  component: string;
  parameter: ModelParameter;
}

/** Of hard X-rays, the most usual first. */
const USUAL = [
  "powerlaw",
  "cutoffpl",
  "bknpower",
  "comptt",
  "bbody",
  "diskbb",
  "grbm",
  "highecut*powerlaw",
  "powerlaw + gaussian",
  "powerlaw + bbody",
  "tbabs*powerlaw",
  "tbabs*cutoffpl",
];

let models: Promise<Model[]> | null = null;

/** The models of this mesh, made once by its own job and kept. */
export function listModels(): Promise<Model[]> {
  models ??= made();
  models.catch(() => {
    models = null;
  });
  return models;
}

async function made(): Promise<Model[]> {
  const body = { instrument: "spectral_fit", product: "spectral_fit_models" };
  let job = await submit(body);
  for (let look = 0; !job.final && look < 240; look++) {
    await new Promise((done) => setTimeout(done, Math.min(2000, 250 * (look + 1))));
    job = await call<JobDocument>(`/jobs/${job.job_id}`);
  }
  const file = job.products.flatMap((product) => product.files).find((one) => one.name === "models.json");
  if (!file) throw new Refused({ detail: "The list of models could not be made; any model can be written all the same." }, null);
  return ((await (await fetch(file.url)).json()) as { models: Model[] }).models;
}

function named(word: string, known: Model[]): Model | undefined {
  return known.find((one) => one.name.toLowerCase() === word.toLowerCase());
}

/** Usual expressions of which this mesh has every part. */
export function usual(known: Model[]): string[] {
  return USUAL.filter((expression) => (expression.match(/\w+/g) ?? []).every((word) => named(word, known)?.usable));
}

/** The rows that a user may change. */
export function rowsOf(expression: string, known: Model[]): Row[] {
  const counts = new Map<string, number>();
  const rows: Row[] = [];
  for (const word of expression.match(/[A-Za-z_]\w*/g) ?? []) {
    const model = named(word, known);
    if (!model) continue;
    const number = (counts.get(model.name) ?? 0) + 1;
    counts.set(model.name, number);
    const component = number === 1 ? model.name : `${model.name}_${number}`;
    for (const parameter of model.parameters) rows.push({ key: `${component}.${parameter.name}`, component, parameter });
  }
  return rows;
}
