// The catalogue that an analysis wrote beside its image: positions, and flux and significance in every band.
import { remote } from "../fits/part";
import { readHdus } from "../fits/reader";
import { readTable, type Table } from "../fits/table";
import type { Result } from "../page/job";
import type { Entry, Measured } from "./edited_catalogue";

const NEW = -32767;

export async function readCatalogue(file: Result, signal: AbortSignal): Promise<Entry[]> {
  const content = remote(file.url, file.size, signal);
  const hdu = (await readHdus(content)).find((one) => one.header.text("XTENSION") === "BINTABLE");
  if (!hdu) throw new Error(`${file.name} holds no table`);
  const table = await readTable(content, hdu);
  const [ra, dec, significance, error] = ["ra", "dec", "significance", "ERR_RAD"].map((name) => table.numbers(name));
  const fresh = table.has("NEW_SOURCE") ? table.numbers("NEW_SOURCE") : null;
  const measured = bandsOf(table);
  return table.texts("src_names").map((name, row) => ({
    id: row + 1,
    name,
    ra: ra?.[row] ?? 0,
    dec: dec?.[row] ?? 0,
    significance: significance?.[row] ?? null,
    error: error?.[row] ?? 0,
    bands: measured[row] ?? {},
    fresh: fresh?.[row] === NEW,
    used: true,
  }));
}

/** What the columns of each band, flux_20_40 and those beside it, say of every source. */
function bandsOf(table: Table): Record<string, Measured>[] {
  const found: Record<string, Measured>[] = Array.from({ length: table.rows }, () => ({}));
  for (const { name } of table.columns) {
    const [, low, high] = /^flux_([\d.]+)_([\d.]+)$/i.exec(name) ?? [];
    if (!low || !high || !table.has(`flux_err_${low}_${high}`)) continue;
    const flux = table.numbers(name);
    const error = table.numbers(`flux_err_${low}_${high}`);
    const unit = table.unit(name);
    found.forEach((bands, row) => {
      const [value, deviation] = [flux[row] ?? Number.NaN, error[row] ?? Number.NaN];
      if (!Number.isFinite(value) || !(deviation > 0)) return;
      bands[`${Number(low)}–${Number(high)}`] = { flux: value, error: deviation, significance: value / deviation, unit };
    });
  }
  return found;
}
