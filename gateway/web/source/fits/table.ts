// Binary tables of FITS files, column by column.
import type { Bytes, Hdu } from "./reader";

interface Column {
  name: string;
  unit: string;
  code: string;
  repeat: number;
  offset: number;
  scale: number;
  zero: number;
}

const SIZES: Record<string, number> = { L: 1, X: 1, B: 1, I: 2, J: 4, K: 8, A: 1, E: 4, D: 8, C: 8, M: 16, P: 8, Q: 16 };

export class Table {
  readonly rows: number;
  readonly columns: Column[] = [];
  private readonly width: number;
  private readonly view: DataView;
  private readonly content: Uint8Array;

  constructor(hdu: Hdu, data: ArrayBuffer) {
    const { header } = hdu;
    this.rows = header.number("NAXIS2", 0);
    this.width = header.number("NAXIS1", 0);
    this.view = new DataView(data);
    this.content = new Uint8Array(data);
    let offset = 0;
    for (let place = 1; place <= header.number("TFIELDS", 0); place++) {
      const [, digits = "", code = "A"] = /^(\d*)([LXBIJKAEDCMPQ])/.exec(header.text(`TFORM${place}`)) ?? [];
      const repeat = digits === "" ? 1 : Number(digits);
      this.columns.push({
        name: header.text(`TTYPE${place}`),
        unit: header.text(`TUNIT${place}`),
        code,
        repeat,
        offset,
        scale: header.number(`TSCAL${place}`, 1),
        zero: header.number(`TZERO${place}`, 0),
      });
      offset += code === "X" ? Math.ceil(repeat / 8) : repeat * (SIZES[code] ?? 1);
    }
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  private find(name: string): Column | undefined {
    return this.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  }

  /** All values of a column of numbers; of one with several values a row, the entry *at*. */
  numbers(name: string, at = 0): Float64Array {
    const column = this.find(name);
    if (!column) throw new Error(`the table has no column ${name}`);
    const found = new Float64Array(this.rows);
    const { view, width } = this;
    const start = column.offset + at * (SIZES[column.code] ?? 1);
    for (let row = 0; row < this.rows; row++) {
      const place = row * width + start;
      let value: number;
      switch (column.code) {
        case "D":
          value = view.getFloat64(place);
          break;
        case "E":
          value = view.getFloat32(place);
          break;
        case "J":
          value = view.getInt32(place);
          break;
        case "I":
          value = view.getInt16(place);
          break;
        case "K":
          value = Number(view.getBigInt64(place));
          break;
        default:
          value = view.getUint8(place);
      }
      found[row] = value * column.scale + column.zero;
    }
    return found;
  }

  /** How many values a row has. */
  repeat(name: string): number {
    return this.find(name)?.repeat ?? 0;
  }

  unit(name: string): string {
    return this.find(name)?.unit ?? "";
  }

  /** All values of a column of texts. */
  texts(name: string): string[] {
    const column = this.find(name);
    if (!column || column.code !== "A") throw new Error(`the table has no texts ${name}`);
    const decoder = new TextDecoder("latin1");
    const found: string[] = [];
    for (let row = 0; row < this.rows; row++) {
      const start = row * this.width + column.offset;
      const text = decoder.decode(this.content.subarray(start, start + column.repeat));
      found.push((text.split("\0")[0] ?? "").trimEnd());
    }
    return found;
  }
}

export async function readTable(file: Bytes, hdu: Hdu): Promise<Table> {
  return new Table(hdu, await file.read(hdu.dataStart, hdu.dataBytes));
}
