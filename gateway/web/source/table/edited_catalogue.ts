// A catalogue that is being edited: what was found, what was added, moved, taken out; every step can be undone.
import { separation } from "../sky/wcs";

export interface Entry {
  id: number;
  name: string;
  ra: number;
  dec: number;
  /** Radius of the position error [deg]; 0: not known. */
  error: number;
  significance: number | null;
  /** Not known before: found in the image, or added here. */
  fresh: boolean;
  used: boolean;
}

/** Sources that are nearer than this may be one [deg]. */
const NEAR_DEG = 0.05;

export class EditedCatalogue {
  private next: number;

  constructor(
    readonly entries: readonly Entry[],
    private readonly before: EditedCatalogue | null = null,
    /** What the last step was, for whoever may want to undo it. */
    readonly done = "",
  ) {
    this.next = entries.reduce((most, one) => Math.max(most, one.id), 0) + 1;
  }

  undo(): EditedCatalogue {
    return this.before ?? this;
  }

  get edited(): boolean {
    return this.before !== null;
  }

  used(): Entry[] {
    return this.entries.filter((one) => one.used);
  }

  add(ra: number, dec: number, name?: string): EditedCatalogue {
    let number = 1;
    while (this.entries.some((one) => one.name === `ADDED_${number}`)) number++;
    const entry: Entry = {
      id: this.next,
      name: name?.trim() || `ADDED_${number}`,
      ra,
      dec,
      error: 0,
      significance: null,
      fresh: true,
      used: true,
    };
    return new EditedCatalogue([...this.entries, entry], this, `${entry.name} was added`);
  }

  change(id: number, values: Partial<Entry>): EditedCatalogue {
    const was = this.entries.find((one) => one.id === id);
    const entries = this.entries.map((one) => (one.id === id ? { ...one, ...values } : one));
    return new EditedCatalogue(entries, this, `${was?.name ?? ""} was changed`);
  }

  remove(id: number): EditedCatalogue {
    const was = this.entries.find((one) => one.id === id);
    return new EditedCatalogue(
      this.entries.filter((one) => one.id !== id),
      this,
      `${was?.name ?? ""} was taken out`,
    );
  }

  useAll(used: boolean): EditedCatalogue {
    return new EditedCatalogue(this.entries.map((one) => ({ ...one, used })), this, used ? "all are used" : "none is used");
  }

  replace(sources: { name: string; ra: number; dec: number }[]): EditedCatalogue {
    const entries = sources.map((one, place) => ({ ...one, id: place + 1, error: 0, significance: null, fresh: false, used: true }));
    return new EditedCatalogue(entries, this, `${entries.length} sources were loaded`);
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
