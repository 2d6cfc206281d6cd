// The catalogue of an image as a table: cells are edited in place, rows are one selection with the markers of the sky.
import { useEffect, useRef, useState } from "preact/hooks";

import { Refused } from "../api/client";
import { degrees } from "../form/draft";
import { FORMS, type Form, readSources, writeSources } from "./catalogue_files";
import type { EditedCatalogue, Entry } from "./edited_catalogue";

interface Props {
  catalogue: EditedCatalogue;
  set: (catalogue: EditedCatalogue) => void;
  chosen: number | null;
  choose: (entry: Entry | null) => void;
  /** Whose catalogue parameter reads files. */
  instrument: string;
  product: string;
}

export function CatalogueTable({ catalogue, set, chosen, choose, instrument, product }: Props) {
  const [refused, refuse] = useState<string | null>(null);
  const [form, pickForm] = useState<Form>("fits");
  const [entered, enter] = useState({ name: "", ra: "", dec: "" });
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    body.current?.querySelector(`[data-id="${chosen}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const load = async (files: FileList | null) => {
    const file = files?.[0];
    if (!file) return;
    try {
      set(catalogue.replace(await readSources(file, instrument, product)));
      refuse(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error.message);
    }
  };
  const save = () => {
    const sources = catalogue.used().map(({ name, ra, dec }) => ({ name, ra, dec }));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(writeSources(sources, form));
    link.download = `catalogue.${form}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const add = () => {
    const ra = degrees(entered.ra, true);
    const dec = degrees(entered.dec, false);
    if (ra === null || dec === null || ra < 0 || ra > 360 || Math.abs(dec) > 90) {
      refuse("A position is RA from 0 to 360 degrees (or 17:45:40) and Dec from -90 to 90 (or -29:00:28).");
      return;
    }
    refuse(null);
    const next = catalogue.add(ra, dec, entered.name);
    set(next);
    choose(next.entries.at(-1) ?? null);
    enter({ name: "", ra: "", dec: "" });
  };
  const field = (name: "name" | "ra" | "dec", label: string, size: number) => (
    <label>
      {label} <input size={size} value={entered[name]} onInput={(event) => enter({ ...entered, [name]: event.currentTarget.value })} />
    </label>
  );
  return (
    <section aria-label="Catalogue" class="catalogue">
      <div class="wide tall">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Use all"
                  checked={catalogue.entries.every((one) => one.used)}
                  onChange={(event) => set(catalogue.useAll(event.currentTarget.checked))}
                />
              </th>
              <th scope="col">name</th>
              <th scope="col">RA</th>
              <th scope="col">Dec</th>
              <th scope="col">σ</th>
              <th scope="col">new</th>
              <th scope="col">
                <span class="hidden">take out</span>
              </th>
            </tr>
          </thead>
          <tbody ref={body}>
            {catalogue.entries.map((one) => (
              <tr key={one.id} data-id={one.id} aria-selected={one.id === chosen} onClick={() => choose(one)}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Use ${one.name}`}
                    checked={one.used}
                    onChange={(event) => set(catalogue.change(one.id, { used: event.currentTarget.checked }))}
                  />
                </td>
                <Cell label={`Name of ${one.name}`} text={one.name} size={14} set={(text) => text.trim() && set(catalogue.change(one.id, { name: text.trim() }))} />
                <Cell label={`RA of ${one.name}`} text={one.ra.toFixed(4)} size={8} set={(text) => moved(degrees(text, true), "ra", one)} />
                <Cell label={`Dec of ${one.name}`} text={one.dec.toFixed(4)} size={8} set={(text) => moved(degrees(text, false), "dec", one)} />
                <td>{one.significance?.toFixed(1) ?? ""}</td>
                <td>{one.fresh ? "new" : ""}</td>
                <td>
                  <button type="button" aria-label={`Take out ${one.name}`} onClick={() => set(catalogue.remove(one.id))}>
                    ×
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {catalogue.edited ? (
        <p role="status">
          {catalogue.done}.{" "}
          <button type="button" onClick={() => set(catalogue.undo())}>
            Undo
          </button>
        </p>
      ) : null}
      {catalogue.doubts().map((text) => (
        <p key={text} class="quiet">
          {text}
        </p>
      ))}
      {refused ? (
        <p class="error" role="alert">
          {refused}
        </p>
      ) : null}
      <div class="row" role="group" aria-label="Add a source">
        {field("name", "Name", 12)}
        {field("ra", "RA", 9)}
        {field("dec", "Dec", 9)}
        <button type="button" onClick={add}>
          Add
        </button>
      </div>
      <div class="row">
        <label class="file">
          Load <input type="file" onChange={(event) => load(event.currentTarget.files)} />
        </label>
        <label>
          Save as{" "}
          <select value={form} onChange={(event) => pickForm(event.currentTarget.value as Form)}>
            {FORMS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={save}>
          Save
        </button>
      </div>
    </section>
  );

  function moved(value: number | null, axis: "ra" | "dec", one: Entry) {
    if (value !== null) set(catalogue.change(one.id, { [axis]: value }));
  }
}

/** A cell that is written in: Enter keeps, Escape leaves. */
function Cell({ label, text, size, set }: { label: string; text: string; size: number; set: (text: string) => void }) {
  return (
    <td>
      <input
        class="cell-input"
        aria-label={label}
        size={size}
        value={text}
        onKeyDown={(event) => {
          const field = event.currentTarget;
          if (event.key === "Enter") field.blur();
          if (event.key === "Escape") {
            field.value = text;
            field.blur();
          }
        }}
        onBlur={(event) => {
          if (event.currentTarget.value !== text) set(event.currentTarget.value);
        }}
      />
    </td>
  );
}
