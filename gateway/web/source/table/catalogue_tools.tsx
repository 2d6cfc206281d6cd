// Sources of other places than the image: by their position, from a file; and the catalogue as a file.
import { useState } from "preact/hooks";

import { Refused } from "../api/client";
import { degrees } from "../form/draft";
import { FORMS, type Form, readSources, writeSources } from "./catalogue_files";
import type { Editing } from "./editing";

type Refuse = (text: string | null) => void;

export function AddByPosition({ editing, refuse }: { editing: Editing; refuse: Refuse }) {
  const [entered, enter] = useState({ name: "", ra: "", dec: "" });
  const add = () => {
    const ra = degrees(entered.ra, true);
    const dec = degrees(entered.dec, false);
    if (ra === null || dec === null || ra < 0 || ra > 360 || Math.abs(dec) > 90) {
      refuse("A position is RA from 0 to 360 degrees (or 17:45:40) and Dec from -90 to 90 (or -29:00:28).");
      return;
    }
    refuse(null);
    editing.add(ra, dec, entered.name);
    enter({ name: "", ra: "", dec: "" });
  };
  const field = (name: "name" | "ra" | "dec", label: string, size: number, hint: string) => (
    <label>
      {label}{" "}
      <input
        type="text"
        size={size}
        placeholder={hint}
        value={entered[name]}
        onInput={(event) => enter({ ...entered, [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <details>
      <summary>Add by position</summary>
      <form
        class="row"
        aria-label="Add a source"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        {field("name", "Name", 12, "")}
        {field("ra", "RA", 9, "266.4167")}
        {field("dec", "Dec", 9, "-29.0078")}
        <button type="submit">Add</button>
      </form>
    </details>
  );
}

interface FileProps {
  editing: Editing;
  refuse: Refuse;
  instrument: string;
  product: string;
}

export function LoadAndSave({ editing, refuse, instrument, product }: FileProps) {
  const { catalogue } = editing;
  const [form, pickForm] = useState<Form>("fits");
  const load = async (field: HTMLInputElement) => {
    const file = field.files?.[0];
    if (!file) return;
    try {
      editing.set(catalogue.replace(await readSources(file, instrument, product)));
      refuse(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error.message);
    }
    // The same file can be chosen again.
    field.value = "";
  };
  const save = () => {
    const sources = catalogue.used().map(({ name, ra, dec }) => ({ name, ra, dec }));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(writeSources(sources, form));
    link.download = `catalogue.${form}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <details>
      <summary>Load or save as a file</summary>
      <p class="row">
        <label class="file">
          Load{" "}
          <input type="file" title="FITS, CSV, ECSV, DS9 regions, text" onChange={(event) => load(event.currentTarget)} />
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
      </p>
    </details>
  );
}
