// Where a region of the sky lies: the middles of its cells, of a coverage map in JSON or FITS (MOC 2.0, NUNIQ and RANGE).
import { bytesOf, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
import { cellCentre } from "./healpix";
import type { Region } from "./regions";

const FINEST = 29;
/** Of more cells these tell as well where the region is. */
const MOST = 4000;

/** Middles of cells of the region [deg], of large ones first. */
export async function placesOf({ content }: Region): Promise<[number, number][]> {
  const cells = content instanceof Blob ? await cellsOfFits(await content.arrayBuffer()) : cellsOfJson(content);
  cells.sort((a, b) => a[0] - b[0]);
  return cells.slice(0, MOST).map(([order, index]) => cellCentre(order, index));
}

function cellsOfJson(content: Record<string, number[]>): [number, number][] {
  return Object.entries(content).flatMap(([order, list]) => list.map((index): [number, number] => [Number(order), index]));
}

async function cellsOfFits(content: ArrayBuffer): Promise<[number, number][]> {
  const file = bytesOf(content);
  const hdu = (await readHdus(file)).find((one) => one.header.text("XTENSION") === "BINTABLE");
  if (!hdu) return [];
  const table = await readTable(file, hdu);
  const [name = ""] = table.columns.map((column) => column.name);
  const values = [...table.numbers(name)];
  if (/RANGE/i.test(hdu.header.text("ORDERING"))) return cellsOfRanges(values);
  // NUNIQ: 4 · 4^order + index.
  return values.map((unique) => {
    const order = Math.floor(Math.log2(unique / 4) / 2);
    return [order, unique - 4 * 4 ** order];
  });
}

/** Ranges [from, to) of cells of the finest order, one number a row: the cell in their middle, as coarse as they are long. */
function cellsOfRanges(values: number[]): [number, number][] {
  const found: [number, number][] = [];
  for (let row = 0; row + 1 < values.length; row += 2) {
    const [from, to] = [values[row] as number, values[row + 1] as number];
    const coarser = Math.max(0, Math.min(FINEST, Math.floor(Math.log2(Math.max(1, to - from)) / 2)));
    found.push([FINEST - coarser, Math.floor((from + to) / 2 / 4 ** coarser)]);
  }
  return found;
}
