// The sky of a job: its image by band and kind, and the catalogue beside it, which is edited and used again.
import { useEffect, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { type Image, readImage } from "../fits/image";
import { remote } from "../fits/part";
import { type Bytes, type Hdu, readHdus } from "../fits/reader";
import { readTable } from "../fits/table";
import { Choice } from "../form/choice";
import { SendButton } from "../samp/send";
import { CatalogueTable } from "../table/catalogue";
import { EditedCatalogue, type Entry } from "../table/edited_catalogue";
import { UseCatalogue } from "../table/use_catalogue";
import type { Result, TabProps } from "./job";
import { SkyView } from "./sky_view";

export interface Picture {
  hdu: Hdu;
  band: string;
  kind: string;
}

interface Mosaic {
  file: Bytes;
  pictures: Picture[];
}

export function SkyTab({ live, results, request, query }: TabProps) {
  const images = results.filter((file) => file.role === "image");
  const chosenFile = images.find((file) => file.name === query.get("file")) ?? images[0];
  if (!chosenFile) return <p>There is no image yet. It appears here as soon as there is one.</p>;
  const catalogue = results.find((file) => file.role === "catalogue");
  return (
    <>
      {images.length > 1 ? (
        <label>
          Image{" "}
          <select value={chosenFile.name} onChange={(event) => setQuery({ file: event.currentTarget.value })}>
            {images.map((file) => (
              <option key={file.name}>{file.name}</option>
            ))}
          </select>
        </label>
      ) : null}
      <SkyOfFile
        key={chosenFile.url}
        jobId={live.jobId}
        instrument={live.job?.instrument ?? ""}
        product={live.job?.product ?? ""}
        requestKey={request?.request_key ?? ""}
        image={chosenFile}
        catalogueFile={catalogue}
        previews={results.filter((file) => file.media_type === "image/png")}
        query={query}
      />
    </>
  );
}

function SkyOfFile(props: {
  jobId: string;
  instrument: string;
  product: string;
  requestKey: string;
  image: Result;
  catalogueFile: Result | undefined;
  previews: Result[];
  query: URLSearchParams;
}) {
  const { jobId, image: file, catalogueFile, query } = props;
  const [mosaic, setMosaic] = useState<Mosaic | null>(null);
  const [failed, fail] = useState<string | null>(null);
  const [catalogue, setCatalogue] = useState(() => new EditedCatalogue([]));
  const [chosen, choose] = useState<number | null>(null);
  const [image, setImage] = useState<{ of: Picture; image: Image } | null>(null);

  useEffect(() => {
    const stop = new AbortController();
    readMosaic(file, stop.signal)
      .then(setMosaic)
      .catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    if (catalogueFile) {
      readCatalogue(catalogueFile, stop.signal)
        .then((entries) => setCatalogue(new EditedCatalogue(entries)))
        .catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    }
    return () => stop.abort();
  }, [file.url, catalogueFile?.url]);

  const bands = [...new Set(mosaic?.pictures.map((one) => one.band))];
  const kinds = [...new Set(mosaic?.pictures.map((one) => one.kind))];
  const band = bands.includes(query.get("band") ?? "") ? query.get("band") : bands[0];
  const kind = kinds.includes(query.get("kind") ?? "") ? query.get("kind") : kinds.includes("SIGNIFICANCE") ? "SIGNIFICANCE" : kinds[0];
  const picture = mosaic?.pictures.find((one) => one.band === band && one.kind === kind);
  useEffect(() => {
    if (!mosaic || !picture) return;
    let over = false;
    readImage(mosaic.file, picture.hdu)
      .then((read) => over || setImage({ of: picture, image: read }))
      .catch((error) => over || fail(String(error.message ?? error)));
    return () => {
      over = true;
    };
  }, [mosaic, picture]);

  const select = (entry: Entry | null) => {
    choose(entry?.id ?? null);
  };
  return (
    <div class="two sky">
      <div>
        <div class="row">
          <Choice label="Band [keV]" value={band ?? ""} choices={bands} set={(value) => setQuery({ band: value, cuts: null })} />
          <Choice label="Shows" value={kind ?? ""} choices={kinds} set={(value) => setQuery({ kind: value, cuts: null })} />
          <SendButton message="image.load.fits" files={[file]} />
        </div>
        {failed ? <p class="error">{failed}</p> : null}
        {image ? (
          <SkyView
            picture={image.of}
            image={image.image}
            catalogue={catalogue}
            setCatalogue={setCatalogue}
            chosen={chosen}
            choose={select}
            previews={props.previews}
            jobId={jobId}
            query={query}
          />
        ) : failed ? null : (
          <p>Reading {file.name}…</p>
        )}
      </div>
      <div>
        <CatalogueTable
          catalogue={catalogue}
          set={setCatalogue}
          chosen={chosen}
          choose={select}
          instrument={props.instrument}
          product={props.product}
        />
        <UseCatalogue jobId={jobId} instrument={props.instrument} requestKey={props.requestKey} catalogue={catalogue} />
      </div>
    </div>
  );
}

async function readMosaic(file: Result, signal: AbortSignal): Promise<Mosaic> {
  const content = remote(file.url, file.size, signal);
  const hdus = await readHdus(content);
  const pictures = hdus
    .filter((hdu) => hdu.header.number("NAXIS") === 2 && hdu.header.has("CRVAL1") && hdu.header.text("XTENSION") !== "BINTABLE")
    .map((hdu) => ({
      hdu,
      band: `${hdu.header.number("E_MIN", 0)}–${hdu.header.number("E_MAX", 0)}`,
      kind: hdu.header.text("IMATYPE") || hdu.name,
    }));
  if (!pictures.length) throw new Error(`${file.name} holds no image of the sky`);
  return { file: content, pictures };
}

async function readCatalogue(file: Result, signal: AbortSignal): Promise<Entry[]> {
  const content = remote(file.url, file.size, signal);
  const hdu = (await readHdus(content)).find((one) => one.header.text("XTENSION") === "BINTABLE");
  if (!hdu) throw new Error(`${file.name} holds no table`);
  const table = await readTable(content, hdu);
  const [ra, dec, significance, error] = ["ra", "dec", "significance", "ERR_RAD"].map((name) => table.numbers(name));
  const fresh = table.has("NEW_SOURCE") ? table.numbers("NEW_SOURCE") : null;
  return table.texts("src_names").map((name, row) => ({
    id: row + 1,
    name,
    ra: ra?.[row] ?? 0,
    dec: dec?.[row] ?? 0,
    significance: significance?.[row] ?? null,
    error: error?.[row] ?? 0,
    fresh: fresh?.[row] === -32767,
    used: true,
  }));
}

