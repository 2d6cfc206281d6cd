// What is fitted: model by its name or from a list, parameters with start, limits and ties, ranges, statistic.
import { useEffect, useRef, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { JobDocument } from "../api/types";
import { ErrorText } from "../parts";
import { described, Labelled } from "./fields";

/** Parameters of a fit, as the instrument spectral_fit takes them. */
export type FitWish = Record<string, unknown>;

interface ModelParameter {
  name: string;
  unit: string;
  value: number;
  minimum: number;
  maximum: number;
  free: boolean;
}
interface Model {
  name: string;
  kind: string;
  usable: boolean;
  parameters: ModelParameter[];
}

/** The models of this mesh, made once by its own job and kept. */
let models: Promise<Model[]> | null = null;

async function listModels(): Promise<Model[]> {
  const body = { instrument: "spectral_fit", product: "spectral_fit_models" };
  let job = await call<JobDocument>("/jobs", { method: "POST", body });
  for (let look = 0; !job.final && look < 240; look++) {
    await new Promise((done) => setTimeout(done, Math.min(2000, 250 * (look + 1))));
    job = await call<JobDocument>(`/jobs/${job.job_id}`);
  }
  const file = job.products.flatMap((product) => product.files).find((one) => one.name === "models.json");
  if (!file) throw new Refused({ detail: "The list of models could not be made; any model can be written all the same." }, null);
  return ((await (await fetch(file.url)).json()) as { models: Model[] }).models;
}

/** The rows that a user may change, by name in the settings: component and parameter. */
function rowsOf(expression: string, known: Model[]): { key: string; parameter: ModelParameter }[] {
  const counts = new Map<string, number>();
  const rows = [];
  for (const word of expression.match(/[A-Za-z_]\w*/g) ?? []) {
    const model = known.find((one) => one.name.toLowerCase() === word.toLowerCase());
    if (!model) continue;
    const number = (counts.get(model.name) ?? 0) + 1;
    counts.set(model.name, number);
    const label = number === 1 ? model.name : `${model.name}_${number}`;
    for (const parameter of model.parameters) rows.push({ key: `${label}.${parameter.name}`, parameter });
  }
  return rows;
}

interface Setting {
  value: string;
  frozen: boolean;
  minimum: string;
  maximum: string;
  tie: string;
}

/** Settings in the words of the fit: `powerlaw.PhoIndex = 2.1 [1, 4]; wabs.nH = 0.5 frozen`. */
function written(settings: Record<string, Partial<Setting>>, rows: ReturnType<typeof rowsOf>): string {
  return rows
    .map(({ key, parameter }) => {
      const one = settings[key] ?? {};
      if (one.tie) return `${key} = ${one.tie}`;
      const limits = one.minimum && one.maximum ? ` [${one.minimum}, ${one.maximum}]` : "";
      if (!one.value && !limits && !one.frozen) return "";
      return `${key} = ${one.value || parameter.value}${limits}${one.frozen ? " frozen" : ""}`;
    })
    .filter(Boolean)
    .join("; ");
}

export function FitForm(props: {
  source: string;
  job: string;
  refused: Refused | null;
  run: (wish: FitWish) => void;
  close: () => void;
}) {
  const [known, setKnown] = useState<Model[]>([]);
  const [said, say] = useState("");
  const [model, setModel] = useState("powerlaw");
  const [settings, setSettings] = useState<Record<string, Partial<Setting>>>({});
  const [others, setOthers] = useState("");
  const [statistic, setStatistic] = useState("auto");
  const [range, setRange] = useState("28-300");
  const [cross, setCross] = useState("free");
  const place = useRef<HTMLFormElement>(null);
  // The button that opened it may be far below.
  useEffect(() => place.current?.querySelector("input")?.focus(), []);
  useEffect(() => {
    let over = false;
    models ??= listModels();
    models
      .then((list) => over || setKnown(list))
      .catch((error) => {
        models = null;
        if (!over) say(String(error.message));
      });
    return () => {
      over = true;
    };
  }, []);
  const rows = rowsOf(model, known);
  const change = (key: string, values: Partial<Setting>) => setSettings({ ...settings, [key]: { ...settings[key], ...values } });
  const wish = (): FitWish => {
    const bands = range.split(",").map((one) => one.trim().split(/\s*[-–]\s*/).map(Number));
    return {
      spectra: [props.job, ...others.split(/[\s,]+/).filter(Boolean)],
      source: props.source,
      model,
      settings: written(settings, rows),
      statistic,
      isgri_range: bands,
      cross_normalisation: cross,
    };
  };
  const error = (name: string) => props.refused?.fields.find((one) => one.field.startsWith(`parameters.${name}`))?.detail;
  return (
    <form
      ref={place}
      class="details"
      aria-label={`Fit of ${props.source}`}
      onSubmit={(event) => {
        event.preventDefault();
        props.run(wish());
      }}
    >
      <h2>
        Fit of {props.source}{" "}
        <button type="button" onClick={props.close}>
          Close
        </button>
      </h2>
      <Labelled id="parameters.model" label="Model" error={error("model")} help="an XSPEC expression, e.g. tbabs*(powerlaw + gaussian)">
        <input
          {...described("parameters.model", error("model"))}
          class="long"
          value={model}
          onInput={(event) => setModel(event.currentTarget.value)}
        />
      </Labelled>
      {known.length ? (
        <label>
          or one of{" "}
          <select value={known.some((one) => one.name === model) ? model : ""} onChange={(event) => setModel(event.currentTarget.value)}>
            <option value="">the models of this mesh</option>
            {known
              .filter((one) => one.usable && one.kind === "add")
              .map((one) => (
                <option key={one.name}>{one.name}</option>
              ))}
          </select>
        </label>
      ) : null}
      {said ? <p class="quiet">{said}</p> : null}
      {rows.length ? (
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">parameter</th>
                <th scope="col">start</th>
                <th scope="col">frozen</th>
                <th scope="col">from</th>
                <th scope="col">to</th>
                <th scope="col">tied to</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, parameter }) => {
                const one = settings[key] ?? {};
                const field = (name: "value" | "minimum" | "maximum" | "tie", usual: string, label: string) => (
                  <td>
                    <input
                      size={name === "tie" ? 16 : 8}
                      aria-label={`${label} of ${key}`}
                      placeholder={usual}
                      value={one[name] ?? ""}
                      onInput={(event) => change(key, { [name]: event.currentTarget.value })}
                    />
                  </td>
                );
                return (
                  <tr key={key}>
                    <th scope="row">
                      {key} <span class="quiet">{parameter.unit}</span>
                    </th>
                    {field("value", String(parameter.value), "Start")}
                    <td>
                      <input
                        type="checkbox"
                        aria-label={`${key} frozen`}
                        checked={one.frozen ?? false}
                        onChange={(event) => change(key, { frozen: event.currentTarget.checked })}
                      />
                    </td>
                    {field("minimum", String(parameter.minimum), "Least")}
                    {field("maximum", String(parameter.maximum), "Most")}
                    {field("tie", "", "Tie")}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      ) : null}
      {error("settings") ? <p class="error">{error("settings")}</p> : null}
      <div class="row">
        <label>
          Energies of ISGRI [keV] <input size={14} value={range} onInput={(event) => setRange(event.currentTarget.value)} />
        </label>
        <label>
          Statistic{" "}
          <select value={statistic} onChange={(event) => setStatistic(event.currentTarget.value)}>
            {["auto", "chi2", "cstat"].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          Cross normalisation{" "}
          <select value={cross} onChange={(event) => setCross(event.currentTarget.value)}>
            {["free", "fixed"].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          With the spectra of these jobs too{" "}
          <input size={34} value={others} onInput={(event) => setOthers(event.currentTarget.value)} />
        </label>
        <button class="main" type="submit">
          Run the fit
        </button>
      </div>
      {props.refused ? <ErrorText error={props.refused} /> : null}
    </form>
  );
}
