// The sky of a job: its image by band and kind, and the catalogue beside it, which is edited and used again.
import { useEffect, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { CatalogueTable } from "../table/catalogue";
import { useEditing } from "../table/editing";
import { UseCatalogue } from "../table/use_catalogue";
import type { Result, TabProps } from "./job";
import { type Mosaic, readMosaic, useImage } from "./sky_image";
import { SkyView } from "./sky_view";

export function SkyTab({ live, results, request, query }: TabProps) {
  const images = results.filter((file) => file.role === "image");
  const chosenFile = images.find((file) => file.name === query.get("file")) ?? images[0];
  if (!chosenFile || !live.job) {
    if (live.job?.final && !live.job.products_total) return <p>The job has ended without an image: the table says why.</p>;
    return <p>There is no image yet. It appears here as soon as there is one.</p>;
  }
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
      <SkyOfFile key={chosenFile.url} live={live} results={results} request={request} query={query} file={chosenFile} />
    </>
  );
}

function SkyOfFile({ live, results, request, query, file }: TabProps & { file: Result }) {
  const [mosaic, setMosaic] = useState<Mosaic | null>(null);
  const [failed, fail] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const editing = useEditing(
    live.jobId,
    file.name,
    results.find((one) => one.role === "catalogue"),
  );
  useEffect(() => {
    const stop = new AbortController();
    readMosaic(file, stop.signal)
      .then(setMosaic)
      .catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [file.url]);
  const bands = [...new Set(mosaic?.pictures.map((one) => one.band))];
  const kinds = [...new Set(mosaic?.pictures.map((one) => one.kind))];
  const [firstBand = "", firstKind = ""] = [bands[0], kinds.includes("SIGNIFICANCE") ? "SIGNIFICANCE" : kinds[0]];
  const band = bands.find((one) => one === query.get("band")) ?? firstBand;
  const kind = kinds.find((one) => one === query.get("kind")) ?? firstKind;
  const image = useImage(
    mosaic,
    mosaic?.pictures.find((one) => one.band === band && one.kind === kind),
    fail,
  );
  const { job } = live;
  return (
    <div class="two sky">
      <div>
        {failed ? <p class="error">{failed}</p> : null}
        {mosaic && image ? (
          <SkyView
            mosaic={mosaic}
            picture={image.of}
            image={image.image}
            choices={{ band, bands, kind, kinds }}
            editing={editing}
            adding={adding}
            setAdding={setAdding}
            file={file}
            previews={results.filter((one) => one.media_type === "image/png")}
            jobId={live.jobId}
            query={query}
          />
        ) : failed ? null : (
          <p>Reading {file.name}…</p>
        )}
      </div>
      <div>
        <CatalogueTable
          editing={editing}
          band={band}
          adding={image ? adding : null}
          setAdding={setAdding}
          instrument={job?.instrument ?? ""}
          product={job?.product ?? ""}
        />
        {job ? <UseCatalogue job={job} request={request} catalogue={editing.catalogue} /> : null}
      </div>
    </div>
  );
}
