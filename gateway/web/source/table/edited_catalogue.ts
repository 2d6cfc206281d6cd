// A catalogue that is being edited: what was found, what was added, moved, taken out; every step goes back and forth.
import { separation } from "../sky/wcs";

/** What the image of one band says of a source. */
export interface Measured {
  flux: number;
  error: number;
  significance: number;
  /** Of the flux and its error. */
  unit: string;
}

export interface Entry {
  id: number;
  name: string;
  ra: number;
  dec: number;
  /** Radius of the position error (90 %) [deg]; 0: not known. */
  error: number;
  /** The highest of all bands. */
  significance: number | null;
  /** By band, e.g. 20–40; what was added or loaded has none. */
  bands: Record<string, Measured>;
  /** Not known before: found in the image, or added here. */
  fresh: boolean;
  used: boolean;
}

interface Step {
  entries: readonly Entry[];
  done: string;
}

/** Sources that are nearer than this may be one [deg]. */
const NEAR_DEG = 0.05;
/** Rows of all steps together that are kept by the browser: they are written anew with every step. */
const KEPT_ROWS = 2000;

export class EditedCatalogue {
  private constructor(
    private readonly steps: readonly [Step, ...Step[]],
    private readonly at: number,
  ) {}

  static of(entries: readonly Entry[]): EditedCatalogue {
    return new EditedCatalogue([{ entries, done: "" }], 0);
  }

  private get step(): Step {
    return this.steps[this.at] ?? this.steps[0];
  }

  private then(entries: readonly Entry[], done: string): EditedCatalogue {
    const [first, ...others] = this.steps;
    return new EditedCatalogue([first, ...others.slice(0, this.at), { entries, done }], this.at + 1);
  }

  get entries(): readonly Entry[] {
    return this.step.entries;
  }

  /** What the last step was, for whoever may want to undo it. */
  get done(): string {
    return this.step.done;
  }

  /** The step that was undone last, which can be done again; empty: there is none. */
  get undone(): string {
    return this.steps[this.at + 1]?.done ?? "";
  }

  get edited(): boolean {
    return this.at > 0;
  }

  undo(): EditedCatalogue {
    return new EditedCatalogue(this.steps, Math.max(0, this.at - 1));
  }

  redo(): EditedCatalogue {
    return new EditedCatalogue(this.steps, Math.min(this.steps.length - 1, this.at + 1));
  }

  /** Throw all edits away; that is a step as others, which can be undone. */
  back(): EditedCatalogue {
    return this.then(this.steps[0].entries, "All changes were thrown away");
  }

  used(): Entry[] {
    return this.entries.filter((one) => one.used);
  }

  add(ra: number, dec: number, name?: string): EditedCatalogue {
    let number = 1;
    while (this.entries.some((one) => one.name === `ADDED_${number}`)) number++;
    const entry: Entry = {
      id: this.next(),
      name: name?.trim() || `ADDED_${number}`,
      ra,
      dec,
      error: 0,
      significance: null,
      bands: {},
      fresh: true,
      used: true,
    };
    return this.then([...this.entries, entry], `${entry.name} was added`);
  }

  private next(): number {
    // A source that was undone keeps its number: the row of another one is not taken for its own.
    return 1 + this.steps.reduce((most, step) => step.entries.reduce((highest, one) => Math.max(highest, one.id), most), 0);
  }

  change(id: number, values: Partial<Entry>): EditedCatalogue {
    const was = this.entries.find((one) => one.id === id);
    if (!was) return this;
    const now = { ...was, ...values };
    return this.then(
      this.entries.map((one) => (one.id === id ? now : one)),
      changed(was, now),
    );
  }

  remove(id: number): EditedCatalogue {
    const was = this.entries.find((one) => one.id === id);
    return this.then(
      this.entries.filter((one) => one.id !== id),
      `${was?.name ?? ""} was taken out`,
    );
  }

  useAll(used: boolean): EditedCatalogue {
    return this.then(
      this.entries.map((one) => ({ ...one, used })),
      used ? "All sources are used" : "No source is used",
    );
  }

  replace(sources: { name: string; ra: number; dec: number }[]): EditedCatalogue {
    const first = this.next();
    const others = { error: 0, significance: null, bands: {}, fresh: false, used: true };
    const entries = sources.map((one, place) => ({ ...one, ...others, id: first + place }));
    return this.then(entries, `${entries.length} sources were loaded`);
  }

  /** The sources without equal in another catalogue: what a step has brought, or brought back. */
  differing(other: EditedCatalogue): Entry[] {
    const known = new Map(other.entries.map((one) => [one.id, one]));
    return this.entries.filter((one) => known.get(one.id) !== one);
  }

  /** Text from which `fromText` makes the same again: with all steps, or of many sources with the last ones. */
  toText(): string {
    const { at, steps } = this;
    const most = Math.max(1, Math.floor(KEPT_ROWS / Math.max(1, this.entries.length)));
    const begin = Math.max(1, at + 1 - most);
    return JSON.stringify({ steps: [steps[0], ...steps.slice(begin, at + most)], at: at ? at - begin + 1 : 0 });
  }

  /** The catalogue of such a text; null: it is none. */
  static fromText(text: string): EditedCatalogue | null {
    try {
      const { steps, at } = JSON.parse(text);
      // Another version of the page may have kept it.
      return steps?.[at] ? new EditedCatalogue(steps, at) : null;
    } catch {
      return null;
    }
  }

  /** Pairs of used sources that may be one: nearer than their errors, or than 3 arcmin; and equal names. */
  doubts(): string[] {
    const found: string[] = [];
    const used = this.used();
    used.forEach((one, place) => {
      for (let next = place + 1; next < used.length; next++) {
        const other = used[next] as Entry;
        const far = Math.max(NEAR_DEG, one.error, other.error);
        // Of most pairs this tells enough, and there are many.
        if (Math.abs(one.dec - other.dec) >= far && one.name !== other.name) continue;
        const apart = separation(one.ra, one.dec, other.ra, other.dec);
        if (one.name === other.name) found.push(`Two sources are called ${one.name}: the mesh will refuse that.`);
        else if (apart < far) {
          found.push(`${one.name} and ${other.name} are ${(apart * 60).toFixed(1)}′ apart: they may be one source.`);
        }
      }
    });
    return found.slice(0, 5);
  }
}

function changed(was: Entry, now: Entry): string {
  if (was.name !== now.name) return `${was.name} was renamed to ${now.name}`;
  if (was.used !== now.used) return now.used ? `${now.name} is used again` : `${now.name} is left out`;
  const apart = separation(was.ra, was.dec, now.ra, now.dec);
  return `${now.name} was moved by ${apart < 1 ? `${(apart * 60).toFixed(1)}′` : `${apart.toFixed(1)}°`}`;
}
