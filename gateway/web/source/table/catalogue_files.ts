// Catalogues as files: written here as CSV, ECSV, DS9 regions and FITS; read by the mesh, which knows all forms.
import { call } from "../api/client";
import type { RequestDocument } from "../api/types";
import type { Source } from "./kept_catalogue";

export const FORMS = ["fits", "csv", "ecsv", "reg"] as const;
export type Form = (typeof FORMS)[number];

/** Read a file of sources of any form that the mesh takes; throws `Refused` with what is wrong with it. */
export async function readSources(file: File, instrument: string, product: string): Promise<Source[]> {
  const content = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < content.length; at += 8192) binary += String.fromCharCode(...content.subarray(at, at + 8192));
  const body = {
    instrument,
    product,
    selection: { scws: ["000100010010"] },
    parameters: { catalogue: `data:;base64,${btoa(binary)}` },
  };
  const checked = await call<RequestDocument>("/requests", { method: "POST", body });
  return checked.parameters.catalogue as Source[];
}

export function writeSources(sources: Source[], form: Form): Blob {
  switch (form) {
    case "csv":
      return text(["name,ra,dec", ...sources.map((one) => `${cell(one.name)},${one.ra},${one.dec}`)], "text/csv");
    case "ecsv":
      return text(
        [
          "# %ECSV 1.0",
          "# ---",
          "# datatype:",
          "# - {name: name, datatype: string}",
          "# - {name: ra, unit: deg, datatype: float64}",
          "# - {name: dec, unit: deg, datatype: float64}",
          "# delimiter: ','",
          "# schema: astropy-2.0",
          "name,ra,dec",
          ...sources.map((one) => `${cell(one.name)},${one.ra},${one.dec}`),
        ],
        "text/plain",
      );
    case "reg":
      return text(
        [
          "# Region file format: DS9 version 4.1",
          "icrs",
          ...sources.map((one) => `point(${one.ra.toFixed(6)},${one.dec.toFixed(6)}) # point=circle text={${one.name}}`),
        ],
        "text/plain",
      );
    case "fits":
      return fits(sources);
  }
}

function cell(name: string): string {
  return /[",\n#]/.test(name) || name !== name.trim() ? `"${name.replaceAll('"', '""')}"` : name;
}

function text(lines: string[], type: string): Blob {
  return new Blob([lines.join("\n"), "\n"], { type });
}

function fits(sources: Source[]): Blob {
  const card = (key: string, value: string | number) => {
    const written = typeof value === "number" || value === "T" ? String(value).padStart(20) : `'${value.padEnd(8)}'`;
    return `${key.padEnd(8)}= ${written}`.padEnd(80);
  };
  const header = (cards: string[]) => {
    const whole = [...cards, "END".padEnd(80)].join("");
    return whole.padEnd(Math.ceil(whole.length / 2880) * 2880);
  };
  const primary = header([card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0), card("EXTEND", "T")]);
  const width = 64 + 16;
  const table = header([
    card("XTENSION", "BINTABLE"),
    card("BITPIX", 8),
    card("NAXIS", 2),
    card("NAXIS1", width),
    card("NAXIS2", sources.length),
    card("PCOUNT", 0),
    card("GCOUNT", 1),
    card("TFIELDS", 3),
    ...["src_names", "ra", "dec"].flatMap((name, place) => [
      card(`TTYPE${place + 1}`, name),
      card(`TFORM${place + 1}`, place ? "1D" : "64A"),
      ...(place ? [card(`TUNIT${place + 1}`, "deg")] : []),
    ]),
    card("EXTNAME", "CATALOG"),
  ]);
  const data = new Uint8Array(Math.ceil((width * sources.length) / 2880) * 2880);
  const view = new DataView(data.buffer);
  sources.forEach((one, row) => {
    data.set(new TextEncoder().encode(one.name).subarray(0, 64), row * width);
    view.setFloat64(row * width + 64, one.ra);
    view.setFloat64(row * width + 72, one.dec);
  });
  return new Blob([primary, table, data], { type: "application/fits" });
}
