// The catalogue of an image as a table: one stop of the keyboard, rows are one selection with the markers of the sky.
import { useEffect, useRef, useState } from "preact/hooks";

import { CatalogueRow } from "./catalogue_row";
import { AddByPosition, LoadAndSave } from "./catalogue_tools";
import type { Editing } from "./editing";

interface Props {
  editing: Editing;
  /** The band whose flux and significance are shown, e.g. 20–40. */
  band: string;
  /** Whether the next click on the sky adds a source; null: there is no sky to click on. */
  adding: boolean | null;
  setAdding: (adding: boolean) => void;
  /** Whose catalogue parameter reads files. */
  instrument: string;
  product: string;
}

export function CatalogueTable({ editing, band, adding, setAdding, instrument, product }: Props) {
  const { catalogue, chosen, wanted } = editing;
  const [refused, refuse] = useState<string | null>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const undo = useRef<HTMLButtonElement>(null);
  const row = (id: number) => body.current?.querySelector<HTMLElement>(`[data-id="${id}"]`);
  useEffect(() => {
    if (chosen) row(chosen.id)?.scrollIntoView({ block: "nearest" });
  }, [chosen?.id]);
  useEffect(() => {
    if (!wanted) return;
    if (wanted.what === "undo") undo.current?.focus();
    else if (wanted.what === "row") row(wanted.id)?.focus();
    else {
      const field = row(wanted.id)?.querySelector<HTMLInputElement>(".of-name");
      field?.focus();
      field?.select();
    }
    editing.met();
  }, [wanted]);
  const stop = chosen?.id ?? catalogue.entries[0]?.id;
  const step = (place: number) => {
    const next = catalogue.entries[Math.max(0, Math.min(catalogue.entries.length - 1, place))];
    if (!next) return;
    editing.choose(next.id);
    row(next.id)?.focus();
  };
  const unit = catalogue.entries.map((one) => one.bands[band]?.unit).find(Boolean);
  return (
    <section aria-label="Catalogue" class="catalogue">
      <div class="wide tall">
        <table role="grid" aria-label={`Sources, values of ${band} keV`} aria-describedby="catalogue-keys">
          <thead>
            <tr>
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Use all"
                  title="Use all, or none"
                  checked={catalogue.entries.every((one) => one.used)}
                  onChange={(event) => editing.set(catalogue.useAll(event.currentTarget.checked))}
                />
              </th>
              <th scope="col">name</th>
              <th scope="col" title={`Significance in ${band} keV`}>
                σ <small>{band} keV</small>
              </th>
              <th scope="col" title={`Flux and its error in ${band} keV`}>
                flux {unit ? <small>[{unit}]</small> : null}
              </th>
              <th scope="col">
                RA <small>[°]</small>
              </th>
              <th scope="col">
                Dec <small>[°]</small>
              </th>
              <th scope="col" title="Error radius of the position, 90 %">
                ± <small>[′]</small>
              </th>
              <th scope="col" class="last">
                <span class="hidden">take out</span>
              </th>
            </tr>
          </thead>
          <tbody ref={body}>
            {catalogue.entries.map((one, place) => (
              <CatalogueRow
                key={one.id}
                entry={one}
                place={place}
                band={band}
                chosen={one === chosen}
                stop={one.id === stop}
                editing={editing}
                step={step}
              />
            ))}
          </tbody>
        </table>
        {catalogue.entries.length ? null : <p class="quiet">There is no source in it.</p>}
      </div>
      <p id="catalogue-keys" class="help">
        Click a row, then what you want to change. Keys in a row: arrows, Enter writes the name, space uses it or not, Delete takes
        it out.
      </p>
      <p class="row steps" role="status">
        <button ref={undo} type="button" disabled={!catalogue.edited} onClick={editing.undo} title="Ctrl+Z">
          Undo
        </button>
        <button type="button" disabled={!catalogue.undone} onClick={editing.redo} title="Ctrl+Shift+Z">
          Redo
        </button>
        {catalogue.edited ? (
          <button type="button" onClick={() => editing.set(catalogue.back())}>
            Back to the catalogue of the job
          </button>
        ) : null}
        <span>{saying(editing)}</span>
      </p>
      {catalogue.doubts().map((text) => (
        <p key={text} class="quiet">
          {text}
        </p>
      ))}
      {refused ?? editing.failed ? (
        <p class="error" role="alert">
          {refused ?? editing.failed}
        </p>
      ) : null}
      <div class="row">
        {adding === null ? null : (
          <button type="button" aria-pressed={adding} onClick={() => setAdding(!adding)}>
            {adding ? "Click on the sky now (Escape leaves)" : "Add by clicking on the sky"}
          </button>
        )}
        <AddByPosition editing={editing} refuse={refuse} />
        <LoadAndSave editing={editing} refuse={refuse} instrument={instrument} product={product} />
      </div>
    </section>
  );
}

function saying({ catalogue }: Editing): string {
  if (catalogue.undone) return `Undone: ${catalogue.undone}.`;
  return catalogue.edited ? `${catalogue.done}. Changes are kept in this tab.` : "Nothing is changed yet.";
}
