// One source of a catalogue: text, and fields to write in as soon as the row is chosen.
import { degrees } from "../form/draft";
import type { Entry } from "./edited_catalogue";
import type { Editing } from "./editing";

interface Props {
  entry: Entry;
  place: number;
  band: string;
  chosen: boolean;
  /** Whether the Tab key stops at this row. */
  stop: boolean;
  editing: Editing;
  /** Go to the row at another place. */
  step: (place: number) => void;
}

export function CatalogueRow({ entry, place, band, chosen, stop, editing, step }: Props) {
  const { catalogue } = editing;
  const measured = entry.bands[band];
  const significance = measured?.significance ?? entry.significance;
  const reach = chosen ? 0 : -1;
  const change = (values: Partial<Entry>) => editing.set(catalogue.change(entry.id, values));
  const moved = (value: number | null, axis: "ra" | "dec") => {
    const [low, high] = axis === "ra" ? [0, 360] : [-90, 90];
    if (value !== null && value >= low && value <= high) change({ [axis]: value });
  };
  const pressed = (event: KeyboardEvent) => {
    const row = event.currentTarget as HTMLElement;
    if (event.target !== row) return;
    const places: Record<string, number> = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: catalogue.entries.length - 1 };
    const to = places[event.key];
    if (to !== undefined) step(to);
    else if (event.key === "Delete") editing.remove(entry.id);
    else if (event.key === " ") change({ used: !entry.used });
    else if (event.key === "Enter") {
      if (chosen) row.querySelector<HTMLInputElement>(".of-name")?.focus();
      else editing.choose(entry.id);
    } else return;
    event.preventDefault();
  };
  return (
    <tr
      tabIndex={stop ? 0 : -1}
      data-id={entry.id}
      aria-selected={chosen}
      class={entry.used ? "" : "unused"}
      onClick={() => chosen || editing.choose(entry.id)}
      onKeyDown={pressed}
    >
      <td>
        <input
          type="checkbox"
          aria-label={`Use ${entry.name}`}
          tabIndex={reach}
          checked={entry.used}
          onChange={(event) => change({ used: event.currentTarget.checked })}
        />
      </td>
      <th scope="row">
        {chosen ? (
          <Cell
            label={`Name of ${entry.name}`}
            text={entry.name}
            size={Math.max(8, Math.min(16, entry.name.length))}
            kind="of-name"
            set={(text) => text.trim() && change({ name: text.trim() })}
          />
        ) : (
          entry.name
        )}
        {entry.fresh ? <small class="new">new</small> : null}
      </th>
      <td class="number">{significance?.toFixed(1) ?? "–"}</td>
      <td class="number">{measured ? `${measured.flux.toFixed(2)} ± ${measured.error.toFixed(2)}` : "–"}</td>
      {chosen ? (
        <>
          <td>
            <Cell label={`RA of ${entry.name}`} text={entry.ra.toFixed(4)} kind="of-place" set={(text) => moved(degrees(text, true), "ra")} />
          </td>
          <td>
            <Cell label={`Dec of ${entry.name}`} text={entry.dec.toFixed(4)} kind="of-place" set={(text) => moved(degrees(text, false), "dec")} />
          </td>
        </>
      ) : (
        <>
          <td class="number">{entry.ra.toFixed(4)}</td>
          <td class="number">{entry.dec.toFixed(4)}</td>
        </>
      )}
      <td class="number">{entry.error > 0 ? (entry.error * 60).toFixed(1) : "–"}</td>
      <td class="last">
        <button
          type="button"
          aria-label={`Take out ${entry.name}`}
          title="Take out"
          tabIndex={reach}
          onClick={(event) => {
            event.stopPropagation();
            editing.remove(entry.id);
          }}
        >
          ×
        </button>
      </td>
    </tr>
  );
}

interface CellProps {
  label: string;
  text: string;
  size?: number;
  kind: string;
  set: (text: string) => void;
}

/** A field that is written in: Enter keeps, Escape leaves; both go back to the row. */
function Cell({ label, text, size = 8, kind, set }: CellProps) {
  return (
    <input
      type="text"
      class={`cell-input ${kind}`}
      aria-label={label}
      size={size}
      value={text}
      onKeyDown={(event) => {
        const field = event.currentTarget;
        if (event.key === "Escape") field.value = text;
        if (event.key === "Enter" || event.key === "Escape") {
          field.closest("tr")?.focus();
          event.stopPropagation();
        }
      }}
      onBlur={(event) => {
        const field = event.currentTarget;
        if (field.value === text) return;
        set(field.value);
        // What was no value leaves what was there.
        field.value = text;
      }}
    />
  );
}
