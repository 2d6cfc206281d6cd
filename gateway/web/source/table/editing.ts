// Editing the catalogue of an image: one selection for table and sky, steps that go back and forth, kept for the tab.
import { useEffect, useState } from "preact/hooks";

import type { Result } from "../page/job";
import { readCatalogue } from "./catalogue_of_job";
import { EditedCatalogue, type Entry } from "./edited_catalogue";
import { keepEdits, takeEdits } from "./kept_catalogue";

/** What should get the focus as soon as it is drawn. */
export type Wanted = { what: "undo" } | { what: "name" | "row"; id: number };

export interface Editing {
  catalogue: EditedCatalogue;
  chosen: Entry | null;
  choose: (id: number | null) => void;
  set: (catalogue: EditedCatalogue) => void;
  /** Add a source, which is chosen and about to be named. */
  add: (ra: number, dec: number, name?: string) => void;
  /** Take a source out; the way back gets the focus. */
  remove: (id: number) => void;
  undo: () => void;
  redo: () => void;
  wanted: Wanted | null;
  met: () => void;
  failed: string | null;
}

export function useEditing(jobId: string, image: string, file: Result | undefined): Editing {
  const [kept] = useState(() => takeEdits(jobId, image));
  const [catalogue, setCatalogue] = useState(() => kept ?? EditedCatalogue.of([]));
  const [chosen, choose] = useState<number | null>(null);
  const [wanted, want] = useState<Wanted | null>(null);
  const [failed, fail] = useState<string | null>(null);
  useEffect(() => {
    if (kept || !file) return;
    const stop = new AbortController();
    readCatalogue(file, stop.signal)
      .then((entries) => setCatalogue((before) => (before.edited ? before : EditedCatalogue.of(entries))))
      .catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [file?.url]);
  const set = (next: EditedCatalogue) => {
    setCatalogue(next);
    fail(keepEdits(jobId, image, next) ? null : "The browser has no room to keep these changes: save the catalogue as a file.");
  };
  const go = (next: EditedCatalogue) => {
    set(next);
    const came = next.differing(catalogue);
    if (came.length !== 1 || !came[0]) return want({ what: "undo" });
    choose(came[0].id);
    want({ what: "row", id: came[0].id });
  };
  const editing: Editing = {
    catalogue,
    chosen: catalogue.entries.find((one) => one.id === chosen) ?? null,
    choose,
    set,
    add: (ra, dec, name) => {
      const next = catalogue.add(ra, dec, name);
      set(next);
      const id = next.entries.at(-1)?.id ?? null;
      choose(id);
      if (id !== null) want({ what: name ? "row" : "name", id });
    },
    remove: (id) => {
      set(catalogue.remove(id));
      want({ what: "undo" });
    },
    undo: () => go(catalogue.undo()),
    redo: () => go(catalogue.redo()),
    wanted,
    met: () => want(null),
    failed,
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      // A text that is being written has an undo of its own.
      if (event.target instanceof HTMLInputElement && event.target.type === "text") return;
      if (event.target instanceof HTMLTextAreaElement) return;
      const key = event.key.toLowerCase();
      const again = key === "y" || (key === "z" && event.shiftKey);
      if (again ? !catalogue.undone : key !== "z" || !catalogue.edited) return;
      event.preventDefault();
      if (again) editing.redo();
      else editing.undo();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [catalogue]);
  return editing;
}
