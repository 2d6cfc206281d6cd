// One field for each type of parameter; the limits come from the instrument's own description.
import type { ComponentChild } from "preact";

import type { ParameterDocument } from "../api/types";
import { Bands } from "./bands";
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

export type Described = ReturnType<typeof described>;

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
