// Regions over the image: those of the address, what the job looked at, and files of the user.
import { useEffect, useMemo, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { fetchRegion, REGION_COLOURS, type Region, readRegion } from "./regions";

export interface Overlay {
  regions: Region[];
  failed: string | null;
  load: (files: FileList | null) => void;
}

/** The regions to draw, as they are fetched; the first ones are those of the address. */
export function useRegions(jobId: string, query: URLSearchParams): Overlay {
  const [fetched, setFetched] = useState<Region[]>([]);
  const [loaded, setLoaded] = useState<Region[]>([]);
  const [failed, fail] = useState<string | null>(null);
  const named = query.get("regions") ?? "";
  const footprint = query.get("footprint") === "on";
  useEffect(() => {
    const stop = new AbortController();
    const places = named.split(" ").filter(Boolean);
    if (footprint) places.push(`/vo/moc/${jobId}?responseformat=json`);
    Promise.all(places.map((place) => fetchRegion(place, stop.signal)))
      .then((found) => {
        if (stop.signal.aborted) return;
        setFetched(found.map((one) => (one.name === jobId ? { ...one, name: "what the job looked at" } : one)));
        fail(null);
      })
      .catch((error) => stop.signal.aborted || fail(String(error.message)));
    return () => stop.abort();
  }, [named, footprint, jobId]);
  const load = (files: FileList | null) => {
    const file = files?.[0];
    if (!file) return;
    readRegion(file.name, file)
      .then((region) => {
        setLoaded((before) => [...before, region]);
        fail(null);
      })
      .catch((error) => fail(String(error.message)));
  };
  const regions = useMemo(() => [...fetched, ...loaded], [fetched, loaded]);
  return { regions, failed, load };
}

export function RegionControls({ overlay, query }: { overlay: Overlay; query: URLSearchParams }) {
  const footprint = query.get("footprint") === "on";
  return (
    <>
      <div class="row controls">
        <label>
          <input type="checkbox" checked={footprint} onChange={() => setQuery({ footprint: footprint ? null : "on" })} /> what the
          job looked at
        </label>
        <label class="file">
          Region (MOC){" "}
          <input type="file" accept=".fits,.json" onChange={(event) => overlay.load(event.currentTarget.files)} />
        </label>
        {overlay.regions.length ? (
          <span aria-label="Regions drawn" role="group">
            {overlay.regions.map((one, place) => (
              <span key={one.name} class="region">
                <span aria-hidden="true" class="swatch" style={{ background: REGION_COLOURS[place % REGION_COLOURS.length] }} /> {one.name}
              </span>
            ))}
          </span>
        ) : null}
      </div>
      {overlay.failed ? (
        <p class="error" role="alert">
          {overlay.failed}
        </p>
      ) : null}
    </>
  );
}
