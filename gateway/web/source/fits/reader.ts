// Reads the structure of FITS files (standard 4.0): headers, and where the data of each unit lie.
const BLOCK = 2880;
const CARD = 80;

/** A file that can be read in pieces. */
export interface Bytes {
  read(start: number, length: number): Promise<ArrayBuffer>;
}

export class Header {
  private readonly values = new Map<string, string | number | boolean>();
  /** Cards as they stand in the file, without END. */
  readonly cards: string[] = [];

  add(card: string): void {
    this.cards.push(card);
    if (card.slice(8, 10) !== "= ") return;
    const key = card.slice(0, 8).trim();
    const text = card.slice(10);
    const quoted = /^\s*'((?:[^']|'')*)'/.exec(text);
    if (quoted) {
      this.values.set(key, (quoted[1] ?? "").replaceAll("''", "'").trimEnd());
      return;
    }
    const bare = (text.split("/")[0] ?? "").trim();
    if (bare === "T" || bare === "F") this.values.set(key, bare === "T");
    else if (bare !== "" && Number.isFinite(Number(bare.replace("D", "E")))) {
      this.values.set(key, Number(bare.replace("D", "E")));
    }
  }

  text(key: string): string {
    return String(this.values.get(key) ?? "").trim();
  }

  number(key: string, otherwise = Number.NaN): number {
    const value = this.values.get(key);
    return typeof value === "number" ? value : otherwise;
  }

  has(key: string): boolean {
    return this.values.has(key);
  }
}

/** One header-data unit. */
export interface Hdu {
  header: Header;
  name: string;
  dataStart: number;
  /** Without the filling of the last block. */
  dataBytes: number;
}

/** Read the headers of all units; of the data nothing. */
export async function readHdus(file: Bytes): Promise<Hdu[]> {
  const found: Hdu[] = [];
  let at = 0;
  for (;;) {
    const header = new Header();
    let ended = false;
    while (!ended) {
      const block = await file.read(at, BLOCK);
      if (block.byteLength < BLOCK) {
        if (header.cards.length || !found.length) throw new Error("this is no whole FITS file");
        return found;
      }
      const text = new TextDecoder("latin1").decode(block);
      if (!header.cards.length && !/^(SIMPLE|XTENSION)/.test(text)) {
        // What follows the last unit is none (standard, 3.5).
        if (found.length) return found;
        throw new Error("this is no FITS file");
      }
      for (let card = 0; card < BLOCK; card += CARD) {
        const line = text.slice(card, card + CARD);
        if (/^END\s*$/.test(line)) {
          ended = true;
          break;
        }
        header.add(line);
      }
      at += BLOCK;
    }
    const axes = header.number("NAXIS", 0);
    let size = axes ? 1 : 0;
    for (let axis = 1; axis <= axes; axis++) size *= header.number(`NAXIS${axis}`, 0);
    const bytes = (Math.abs(header.number("BITPIX", 8)) / 8) * header.number("GCOUNT", 1) * (header.number("PCOUNT", 0) + size);
    found.push({ header, name: header.text("EXTNAME"), dataStart: at, dataBytes: bytes });
    at += Math.ceil(bytes / BLOCK) * BLOCK;
  }
}

/** A file that is here already. */
export function bytesOf(content: ArrayBuffer): Bytes {
  return { read: async (start, length) => content.slice(start, start + length) };
}
