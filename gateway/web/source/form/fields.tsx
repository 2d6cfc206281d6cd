// One field for each type of parameter; the limits come from the instrument's own description.
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";

import type { ParameterDocument } from "../api/types";
import { numberOf } from "./draft";

interface FieldProps {
  name: string;
  declared: ParameterDocument;
  value: unknown;
  error: string | undefined;
  set: (value: unknown) => void;
}

/** Put label, field, help and error of one field together; *id* is the name that the gateway's errors have for it. */
export function Labelled(props: {
  id: string;
  label: string;
  help?: string;
  error?: string | undefined;
  children: ComponentChild;
}) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.children}
      {props.help ? (
        <p class="help" id={`${props.id}-help`}>
          {props.help}
        </p>
      ) : null}
      {props.error ? (
        <p class="error" id={`${props.id}-error`}>
          {props.error}
        </p>
      ) : null}
    </div>
  );
}

/** The attributes by which a field says that it is wrong, and where that is explained. */
export function described(id: string, error: string | undefined) {
  return {
    id,
    "aria-invalid": error ? ("true" as const) : undefined,
    "aria-describedby": error ? `${id}-error ${id}-help` : `${id}-help`,
  };
}

export function ParameterField(props: FieldProps) {
  const { name, declared, error } = props;
  const id = `parameters.${name}`;
  const unit = declared.unit ? ` [${declared.unit}]` : "";
  return (
    <Labelled id={id} label={declared.label + unit} help={declared.help} error={error}>
      <Input {...props} id={id} />
    </Labelled>
  );
}

function Input({ id, declared, value, error, set }: FieldProps & { id: string }) {
  const common = described(id, error);
  switch (declared.type) {
    case "boolean":
      return (
        <input {...common} type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />
      );
    case "choice":
      return (
        <select {...common} value={String(value)} onChange={(event) => set(event.currentTarget.value)}>
          {declared.choices?.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    case "number":
    case "integer":
      return (
        <input
          {...common}
          inputMode="decimal"
          value={String(value ?? "")}
          title={declared.allowed}
          onInput={(event) => set(numberOf(event.currentTarget.value))}
        />
      );
    case "bands":
      return <Bands {...common} value={value as number[][]} set={set} declared={declared} />;
    case "catalogue":
      return <Catalogue {...common} value={value} set={set} declared={declared} />;
    case "labels":
    case "products":
    case "files":
    case "uploads":
      return (
        <textarea
          {...common}
          rows={2}
          value={(Array.isArray(value) ? value : [value]).join("\n")}
          title={declared.allowed}
          onInput={(event) => set(event.currentTarget.value.split("\n").map((one) => one.trim()).filter(Boolean))}
        />
      );
    default:
      return <input {...common} class="long" value={String(value ?? "")} onInput={(event) => set(event.currentTarget.value)} />;
  }
}

type Described = ReturnType<typeof described>;

const BAND = /^\s*([\d.eE]+)\s*(?:-|–|\.\.|\s)\s*([\d.eE]+)\s*$/;

/** The most bands that the page writes at once. */
const MANY = 64;

/** Edges of *count* bands of equal width in the logarithm, or from 0 in energy; three digits are enough. */
function bandsBetween(low: number, high: number, count: number): number[][] {
  const edge = (place: number) => Number((low > 0 ? low * (high / low) ** (place / count) : (high * place) / count).toPrecision(3));
  return Array.from({ length: count }, (_, place) => [edge(place), edge(place + 1)]);
}

/** Bands as chips; `20-40` and Enter adds one, `20-40, 40-80` two. */
function Bands(props: Described & { value: number[][]; set: (value: unknown) => void; declared: ParameterDocument }) {
  const { value, set, declared, ...common } = props;
  const [text, write] = useState("");
  const [wrong, complain] = useState("");
  const bands = Array.isArray(value) ? value : [];
  const add = () => {
    const written = text.split(/[,;]/).filter((one) => one.trim());
    const read = written.map((one) => BAND.exec(one)?.slice(1).map(Number) ?? null);
    if (read.includes(null)) return complain(`“${text.trim()}” is no band: write 20-40, or 20-40, 40-80.`);
    complain("");
    write("");
    const more = (read as number[][]).filter((one) => !bands.some((band) => `${band}` === `${one}`));
    if (more.length) set([...bands, ...more]);
  };
  return (
    <div class="bands">
      {bands.map((band, place) => (
        <span class="chip" key={`${band}`}>
          {band[0]}–{band[1]} {declared.unit}
          <button
            type="button"
            aria-label={`Remove band ${band[0]}–${band[1]}`}
            onClick={() => set(bands.filter((_, other) => other !== place))}
          >
            ×
          </button>
        </span>
      ))}
      <input
        {...common}
        size={9}
        placeholder="20-40"
        title={declared.allowed}
        value={text}
        onInput={(event) => write(event.currentTarget.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          add();
        }}
      />
      <button type="button" onClick={add}>
        Add band
      </button>
      {bands.length > 1 ? (
        <button type="button" onClick={() => set([])}>
          Remove all
        </button>
      ) : null}
      <span class="help">write 20-40, or several: 20-40, 40-80</span>
      <Many unit={declared.unit ?? ""} set={set} />
      {wrong ? <span class="error">{wrong}</span> : null}
    </div>
  );
}

/** Some bands of equal logarithmic width in place of those that stand there. */
function Many({ unit, set }: { unit: string; set: (value: unknown) => void }) {
  const [written, write] = useState({ count: "4", low: "20", high: "100" });
  const [count, low, high] = [Number(written.count), Number(written.low), Number(written.high)];
  const possible = Number.isInteger(count) && count > 0 && count <= MANY && low >= 0 && high > low;
  const field = (name: keyof typeof written, label: string) => (
    <input
      aria-label={label}
      size={4}
      inputMode="decimal"
      value={written[name]}
      onInput={(event) => write({ ...written, [name]: event.currentTarget.value })}
    />
  );
  return (
    <details>
      <summary>Many bands</summary>
      <p class="row">
        <span>
          {field("count", "How many")} bands from {field("low", `Lowest energy [${unit}]`)} to {field("high", `Highest energy [${unit}]`)} {unit},
          equal in logarithm
        </span>
        <button type="button" disabled={!possible} onClick={() => set(bandsBetween(low, high, count))}>
          Take these
        </button>
      </p>
    </details>
  );
}

interface Source {
  name: string;
  ra: number;
  dec: number;
}

/** A word (reference, none), or a list of sources: from a file, or that of a screen before. */
function Catalogue(props: Described & { value: unknown; set: (value: unknown) => void; declared: ParameterDocument }) {
  const { value, set, declared, ...common } = props;
  const listed = Array.isArray(value);
  const file = typeof value === "string" && !declared.choices?.includes(value);
  const read = async (files: FileList | null) => {
    const first = files?.[0];
    if (!first) return;
    const content = new Uint8Array(await first.arrayBuffer());
    let binary = "";
    for (let at = 0; at < content.length; at += 8192) binary += String.fromCharCode(...content.subarray(at, at + 8192));
    set(`data:;base64,${btoa(binary)}`);
  };
  return (
    <div class="catalogue-choice">
      <select
        {...common}
        value={listed ? "list" : file ? "file" : String(value)}
        onChange={(event) => set(event.currentTarget.value)}
      >
        {declared.choices?.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
        {listed ? <option value="list">{`a list of ${(value as Source[]).length} sources`}</option> : null}
        {file ? <option value="file">the sources of a file</option> : null}
      </select>
      <label class="file">
        from a file <input type="file" onChange={(event) => read(event.currentTarget.files)} />
      </label>
      {listed ? (
        <details>
          <summary>{(value as Source[]).length} sources</summary>
          <ul class="sources">
            {(value as Source[]).map((one) => (
              <li key={one.name}>
                {one.name} <span class="quiet">{Number(one.ra).toFixed(4)} {Number(one.dec).toFixed(4)}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}
