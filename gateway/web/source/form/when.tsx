// When: a time range, read in any form as one leaves its field, or a list of science windows.
import { useRef, useState } from "preact/hooks";

import type { ArchiveDocument, ProductDocument, SelectionDocument } from "../api/types";
import { type Draft, dayAfter, takesList } from "./draft";
import { described, Labelled } from "./fields";
import { FORMS, isInstant, readTime, shorter, spelled } from "./instants";

interface Props {
  draft: Draft;
  product: ProductDocument | undefined;
  archive: ArchiveDocument | null;
  /** What the mesh found for the draft, or for what it was before. */
  found: SelectionDocument | null;
  errors: Record<string, string>;
  change: (values: Partial<Draft>) => void;
}

type End = "t1" | "t2";

export function When({ draft, product, archive, found, errors, change }: Props) {
  const [wrong, complain] = useState<Partial<Record<End, string>>>({});
  // The end that a day or a revolution gave by itself: it goes with its begin until somebody writes another.
  const filled = useRef(dayAfter(draft.t1.trim()) === draft.t2 ? draft.t2 : "");
  const kinds = product?.selection ?? [];
  if (kinds.length === 0) return null;
  const own = draft.t2.trim() !== "" && draft.t2 !== filled.current;
  const write = (name: End, text: string) => {
    complain((before) => ({ ...before, [name]: undefined }));
    if (name === "t2") {
      filled.current = "";
      return change({ t2: text });
    }
    // A day is known as the last of its digits is written, and so is where it ends.
    const day = spelled(text);
    const end = own ? null : /^\d{4}-\d\d-\d\d$/.test(day) ? (dayAfter(day) ?? "") : draft.t2 === filled.current ? "" : null;
    if (end !== null) filled.current = end;
    change(end === null ? { t1: text } : { t1: text, t2: end });
  };
  const read = async (name: End) => {
    const text = draft[name].trim();
    if (!text) return;
    try {
      const { begin, end } = await readTime(text);
      if (name === "t1") {
        const fills = end !== null && !own;
        if (fills) filled.current = end;
        change(fills ? { t1: begin, t2: end } : { t1: begin });
        if (fills) requestAnimationFrame(() => selectEnd(end));
      } else {
        // The end of a revolution is its end; a day as an end is its begin, but for the day that was the begin.
        const whole = end !== null && (!isInstant(spelled(text)) || spelled(text) === draft.t1.trim());
        change({ t2: whole ? end : begin });
      }
    } catch (error) {
      complain((before) => ({ ...before, [name]: (error as Error).message }));
    }
  };
  const listed = takesList(draft, kinds);
  const held = archive?.instruments[draft.instrument];
  const choose = (by: Draft["by"]) => {
    // What was found is the list that one begins with.
    const begins = by === "windows" && found && found.pointings.length === found.count && !draft.windows.trim();
    change(begins ? { by, windows: listOf(found) } : { by });
  };
  return (
    <fieldset>
      <legend>When</legend>
      {kinds.includes("windows") && kinds.includes("time") ? (
        <div class="row" role="radiogroup" aria-label="How windows are chosen">
          {(["time", "windows"] as const).map((by) => (
            <label key={by}>
              <input type="radio" name="by" checked={draft.by === by} onChange={() => choose(by)} />
              {by === "time" ? " a time range" : " a list of science windows"}
            </label>
          ))}
        </div>
      ) : null}
      {listed ? (
        <Labelled
          id="selection.scws"
          label="Science windows"
          error={errors["selection.scws"] ?? errors["selection"]}
          help="RRRRPPPPSSSF, e.g. 201600270010; blanks, commas or lines between them"
        >
          <textarea
            {...described("selection.scws", errors["selection.scws"])}
            rows={6}
            value={draft.windows}
            onInput={(event) => change({ windows: event.currentTarget.value })}
          />
        </Labelled>
      ) : (
        <div class="row">
          {(["t1", "t2"] as const).map((name) => {
            const id = `selection.time.${name}`;
            const error = wrong[name] ?? errors[id] ?? (name === "t1" ? (errors["selection.time"] ?? errors["selection"]) : undefined);
            return (
              <Labelled
                key={name}
                id={id}
                label={name === "t1" ? "From (UTC)" : "To (UTC)"}
                error={error}
                help={name === "t1" ? FORMS : "the end, itself not included; in the same forms"}
              >
                <input
                  {...described(id, error)}
                  size={20}
                  value={draft[name]}
                  onInput={(event) => write(name, event.currentTarget.value)}
                  onBlur={() => read(name)}
                  // What the page has filled in is replaced by what is typed.
                  onFocus={(event) => name === "t2" && event.currentTarget.select()}
                  onClick={(event) => name === "t2" && draft.t2 === filled.current && event.currentTarget.select()}
                />
              </Labelled>
            );
          })}
          {kinds.includes("cone") ? (
            <Labelled id="selection.max_pointings" label="At most [windows]" error={errors["selection.max_pointings"]} help="evenly spread; empty: all">
              <input
                {...described("selection.max_pointings", errors["selection.max_pointings"])}
                size={6}
                value={draft.most}
                onInput={(event) => change({ most: event.currentTarget.value })}
              />
            </Labelled>
          ) : null}
        </div>
      )}
      {held?.first && held.last ? (
        <p class="help">
          The archive has data of this instrument from {shorter(held.first).replace("T", " ")} to {shorter(held.last).replace("T", " ")}.
        </p>
      ) : null}
    </fieldset>
  );
}

/** Mark the end that was just filled in, if one stands in its field: the next key replaces it. */
function selectEnd(end: string): void {
  const field = document.getElementById("selection.time.t2") as HTMLInputElement | null;
  if (field && field === document.activeElement && field.value === end) field.select();
}

/** The windows of an answer as a list is written: the newest version of each. */
export function listOf(told: SelectionDocument): string {
  return told.pointings.map((one) => one.label.replace(/\.\d{3}$/, "")).join("\n");
}
