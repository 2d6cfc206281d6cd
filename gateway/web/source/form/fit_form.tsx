// What is fitted: model by its name or from a list, parameters with start, limits and ties, ranges, statistic.
import { useEffect, useRef, useState } from "preact/hooks";

import type { Refused } from "../api/client";
import { unitOf } from "../page/fit_report";
import { ErrorText } from "../parts";
import { described, Labelled } from "./fields";
import { listModels, type Model, type Row, rowsOf, usual } from "./fit_models";
import { bandsOf, type FitStart, type FitWish, type Setting, type Settings, written } from "./fit_start";
import { OtherSpectra } from "./other_spectra";

interface Props {
  source: string;
  /** The job whose spectra are fitted; null: those of *start*. */
  job: string | null;
  start: FitStart;
  /** What it begins from, in words. */
  from: string;
  refused: Refused | null;
  run: (wish: FitWish) => void;
  close: () => void;
}

export function FitForm(props: Props) {
  const { start, job } = props;
  const [known, setKnown] = useState<Model[]>([]);
  const [said, say] = useState("");
  const [model, setModel] = useState(start.model);
  const [settings, setSettings] = useState<Settings>(start.settings);
  const [others, setOthers] = useState(start.spectra);
  const [statistic, setStatistic] = useState(start.statistic);
  const [isgri, setIsgri] = useState(start.isgri);
  const [jemx, setJemx] = useState(start.jemx);
  const [flux, setFlux] = useState(start.flux);
  const [cross, setCross] = useState(start.cross);
  const place = useRef<HTMLFormElement>(null);
  // The button that opened it may be far below.
  useEffect(() => place.current?.querySelector("input")?.focus(), []);
  useEffect(() => {
    let over = false;
    listModels()
      .then((list) => over || setKnown(list))
      .catch((error) => over || say(String(error.message)));
    return () => {
      over = true;
    };
  }, []);
  const rows = rowsOf(model, known);
  const change = (key: string, values: Partial<Setting>) => setSettings({ ...settings, [key]: { ...settings[key], ...values } });
  const wish = (): FitWish => ({
    ...start.kept,
    spectra: [...(job ? [job] : []), ...others],
    source: props.source,
    model,
    settings: written(settings, rows, model),
    statistic,
    isgri_range: bandsOf(isgri),
    jemx_range: bandsOf(jemx),
    flux_bands: bandsOf(flux),
    cross_normalisation: cross,
  });
  const error = (name: string) => props.refused?.fields.find((one) => one.field.startsWith(`parameters.${name}`))?.detail;
  return (
    <form
      ref={place}
      class="details"
      aria-label={`Fit of ${props.source || "these spectra"}`}
      onKeyDown={(event) => event.key === "Escape" && props.close()}
      onSubmit={(event) => {
        event.preventDefault();
        props.run(wish());
      }}
    >
      <div class="row">
        <h2>Fit of {props.source || "these spectra"}</h2>
        <button type="button" onClick={props.close}>
          Close
        </button>
      </div>
      {props.from ? <p class="quiet">{props.from}</p> : null}
      <Labelled
        id="parameters.model"
        label="Model"
        error={error("model")}
        help="Any XSPEC expression: + adds, * multiplies, brackets group, e.g. tbabs*(powerlaw + gaussian). The list below fills it in; then change it here."
      >
        <input
          {...described("parameters.model", error("model"))}
          class="long"
          value={model}
          onInput={(event) => setModel(event.currentTarget.value)}
        />
      </Labelled>
      {known.length ? <ModelList known={known} model={model} choose={setModel} /> : null}
      {said ? <p class="quiet">{said}</p> : null}
      {rows.length ? <Parameters rows={rows} settings={settings} change={change} /> : null}
      {error("settings") ? <p class="error">{error("settings")}</p> : null}
      <div class="row">
        <label>
          Energies of ISGRI [keV] <input size={14} value={isgri} onInput={(event) => setIsgri(event.currentTarget.value)} />
        </label>
        <label>
          of JEM-X [keV] <input size={14} value={jemx} onInput={(event) => setJemx(event.currentTarget.value)} />
        </label>
        <label>
          Flux in the bands [keV] <input size={14} value={flux} onInput={(event) => setFlux(event.currentTarget.value)} />
        </label>
        <label>
          Statistic{" "}
          <select value={statistic} onChange={(event) => setStatistic(event.currentTarget.value)}>
            {["auto", "chi2", "cstat"].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label title="Whether each spectrum after the first has a free factor, or all have the same flux">
          Cross normalisation{" "}
          <select value={cross} onChange={(event) => setCross(event.currentTarget.value)}>
            {["free", "fixed"].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <OtherSpectra own={job} taken={others} take={setOthers} />
      <p class="row">
        <button class="main" type="submit">
          Run the fit
        </button>
      </p>
      {props.refused ? <ErrorText error={props.refused} /> : null}
    </form>
  );
}

function ModelList({ known, model, choose }: { known: Model[]; model: string; choose: (model: string) => void }) {
  const often = usual(known);
  const others = known.filter((one) => one.usable && one.kind === "add" && !often.includes(one.name)).map((one) => one.name);
  const options = (names: string[]) => names.map((one) => <option key={one}>{one}</option>);
  return (
    <label>
      or one of{" "}
      <select value={often.includes(model) || others.includes(model) ? model : ""} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">the models of this mesh</option>
        <optgroup label="often used">{options(often)}</optgroup>
        <optgroup label="all others that make photons">{options(others)}</optgroup>
      </select>
    </label>
  );
}

interface ParametersProps {
  rows: Row[];
  settings: Settings;
  change: (key: string, values: Partial<Setting>) => void;
}

/** A number as short as it can be written: 1e20, not a one with twenty zeros. */
function short(value: number): string {
  return Math.abs(value) >= 1e5 ? value.toExponential().replace("e+", "e") : String(value);
}

function Parameters({ rows, settings, change }: ParametersProps) {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            {["parameter", "start", "frozen", "from", "to", "tied to"].map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, component, parameter }) => {
            const one = settings[key] ?? {};
            const field = (name: "value" | "minimum" | "maximum" | "tie", usual: string, label: string) => (
              <td>
                <input
                  size={name === "tie" ? 16 : 9}
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
                  {key} <span class="quiet">{unitOf(component, parameter.name, parameter.unit)}</span>
                </th>
                {field("value", short(parameter.value), "Start")}
                <td>
                  <input
                    type="checkbox"
                    aria-label={`${key} frozen`}
                    checked={one.frozen ?? !parameter.free}
                    onChange={(event) => change(key, { frozen: event.currentTarget.checked })}
                  />
                </td>
                {field("minimum", short(parameter.minimum), "Least")}
                {field("maximum", short(parameter.maximum), "Most")}
                {field("tie", "", "Tie")}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
