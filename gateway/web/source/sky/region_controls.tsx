// Regions over the image: those of the address, what the job looked at, and files of the user.
import { useEffect, useMemo, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import type { TransientDocument, TransientList } from "../api/types";
import { useCall } from "../api/use";
import { placesOf } from "./region_place";
import { fetchRegion, REGION_COLOURS, type Region, readRegion, regionsOf } from "./regions";
import type { Sky } from "./sky";
import { separation } from "./wcs";

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

export function RegionControls({ overlay, query, sky }: { overlay: Overlay; query: URLSearchParams; sky: Sky | null }) {
  const footprint = query.get("footprint") === "on";
  const [event, name] = useState("");
  const [asked, ask] = useState(false);
  const events = useCall<TransientList>(asked ? "/transients?limit=100" : null).value?.transients ?? [];
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
            <input
              size={12}
              list="events-of-gallery"
              placeholder="name or key"
              value={event}
              onFocus={() => ask(true)}
              onInput={(written) => name(written.currentTarget.value)}
            />
          </label>{" "}
          <datalist id="events-of-gallery">
            {events.map((one) => (
              <option key={one.event_key} value={one.name}>
                {one.class} {one.trigger_time?.slice(0, 10) ?? ""}
              </option>
            ))}
          </datalist>
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
                <Elsewhere region={one} sky={sky} />
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

/** The way to a region that lies outside of the view, with the distance. */
function Elsewhere({ region, sky }: { region: Region; sky: Sky | null }) {
  const [places, set] = useState<[number, number][]>([]);
  const [, look] = useState(0);
  useEffect(() => {
    let over = false;
    placesOf(region)
      .then((found) => over || set(found))
      // What cannot be read is told by who draws it.
      .catch(() => undefined);
    return () => {
      over = true;
    };
  }, [region]);
  useEffect(() => {
    const timer = setInterval(() => look((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!sky || !places.length || places.some(([ra, dec]) => sky.sees(ra, dec))) return null;
  const { ra, dec } = sky.view();
  let to = places[0] as [number, number];
  let nearest = 360;
  for (const place of places) {
    const apart = separation(ra, dec, ...place);
    if (apart < nearest) [to, nearest] = [place, apart];
  }
  return (
    <>
      {" "}
      is {nearest.toFixed(0)}° away{" "}
      <button type="button" onClick={() => sky.goTo(...to)}>
        Go to it
      </button>
    </>
  );
}
