// Regions over the image: those of the address, what the job looked at, and files of the user.
import { useEffect, useMemo, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import type { TransientDocument } from "../api/types";
import { fetchRegion, REGION_COLOURS, type Region, readRegion, regionsOf } from "./regions";

export interface Overlay {
  regions: Region[];
  failed: string | null;
  load: (files: FileList | null) => void;
  /** Draw the credible regions of an event of the gallery. */
  find: (event: string) => void;
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
  const find = (event: string) => {
    call<TransientDocument>(`/transients/${encodeURIComponent(event)}`)
      .then(({ name, localisation }) => {
        const places = regionsOf(localisation);
        if (!places.length) return fail(`The mesh has no credible region of ${name}: a file with one can be loaded.`);
        setQuery({ regions: places.join(" ") });
        fail(null);
      })
      .catch((error) => {
        if (!(error instanceof Refused)) throw error;
        fail(error.message);
      });
  };
  const regions = useMemo(() => [...fetched, ...loaded], [fetched, loaded]);
  return { regions, failed, load, find };
}

export function RegionControls({ overlay, query }: { overlay: Overlay; query: URLSearchParams }) {
  const footprint = query.get("footprint") === "on";
  const [event, name] = useState("");
  return (
    <>
      <div class="row controls">
        <label>
          <input type="checkbox" checked={footprint} onChange={() => setQuery({ footprint: footprint ? null : "on" })} /> what the
          job looked at
        </label>
        <form
          onSubmit={(submitted) => {
            submitted.preventDefault();
            if (event.trim()) overlay.find(event.trim());
          }}
        >
          <label>
            Credible region of event{" "}
            <input size={10} placeholder="GW170817" value={event} onInput={(written) => name(written.currentTarget.value)} />
          </label>{" "}
          <button type="submit">Draw</button>
        </form>
        <label class="file">
          or of a file (MOC){" "}
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
