// The record of an event: what happened, what each instrument has of it or why not, localisation, limits, analyses.
import { root } from "../api/address";
import type { LocalisationSummary, ShownAnalysis, TransientDocument } from "../api/types";
import { useCall } from "../api/use";
import { ErrorText, Link, Time } from "../parts";
import { regionsOf } from "../sky/regions";
import { Lines, onlyCovered, readable } from "./event_answer";
import { CLASS_WORDS, DATA_SIGNS, DATA_WORDS, EVENT_WORDS } from "./event_words";
import { CurvesAndExcesses } from "./event_curves";
import { Badges } from "./gallery";
import { Coverage, Folded, MapFacts } from "./localisation";

export function Transient({ name, query }: { name: string; query: URLSearchParams }) {
  const { value, error, again } = useCall<TransientDocument>(`/transients/${encodeURIComponent(name)}`);
  if (error) {
    return (
      <>
        <h1>{name}</h1>
        <ErrorText error={error} again={error.status === 404 ? undefined : again} />
      </>
    );
  }
  if (!value) return <p>Asking the mesh…</p>;
  return (
    <>
      <Head event={value} again={again} />
      <Instruments event={value} />
      <CurvesAndExcesses event={value} query={query} />
      <Sky event={value} />
      <Images event={value} />
      <Notices event={value} />
    </>
  );
}

function Head({ event, again }: { event: TransientDocument; again: () => void }) {
  const others = event.names.filter((one) => one !== event.name);
  const waits = event.instruments.some((one) => one.analyses.some((analysis) => analysis.state === "waiting"));
  return (
    <>
      <h1>{event.name}</h1>
      <p class="row">
        <strong>
          {CLASS_WORDS[event.class] ?? event.class}
          {event.state === "ACTIVE" ? `, ${EVENT_WORDS.ACTIVE}` : ""}
        </strong>
        {event.trigger_time ? <span>T0 {readable(event.trigger_time)}</span> : <span>no trigger time</span>}
        <span>
          <Badges card={event} />
        </span>
        <span class="quiet">
          version {event.version} of <Time at={event.made} /> UTC
        </span>
        {waits ? (
          <button type="button" onClick={again}>
            Look again
          </button>
        ) : null}
        <Link to={`/alerts?event=${encodeURIComponent(event.event_key)}`}>Alert</Link>
        <a href={event.links.record}>Record as JSON</a>
      </p>
      {event.why ? <p>{sentence(event.why)}</p> : null}
      {event.why_test ? <p>It is a test: {event.why_test}.</p> : null}
      <Lines sentence={event.answer} name={event.name} />
      {others.length || event.related.length ? (
        <p class="quiet">
          {others.length ? `Also named ${others.join(", ")}. ` : ""}
          {event.related.length ? `Related: ${event.related.join(", ")}.` : ""}
        </p>
      ) : null}
      <Shares title="Classification" shares={event.classification} />
      {event.position ? (
        <p>
          Position RA {event.position.ra.toFixed(4)}°, Dec {event.position.dec.toFixed(4)}°, radius {event.position.radius.toPrecision(3)}° (
          {(100 * event.position.containment).toFixed(0)} %)
        </p>
      ) : null}
    </>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function Shares({ title, shares }: { title: string; shares: Record<string, number> }) {
  const entries = Object.entries(shares);
  if (!entries.length) return null;
  return (
    <p>
      {title}: {entries.map(([name, share]) => `${name} ${(100 * share).toPrecision(3)} %`).join(", ")}
    </p>
  );
}

/** One row an instrument: its data, or the sentence why there are none. */
function Instruments({ event }: { event: TransientDocument }) {
  return (
    <section aria-label="Instruments">
      <h2>Data, and why not</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">instrument</th>
              <th scope="col">data, or why there are none</th>
              <th scope="col">analyses</th>
            </tr>
          </thead>
          <tbody>
            {event.instruments.map((one) => (
              <tr key={one.instrument}>
                <th scope="row">{one.title}</th>
                <td>
                  {DATA_SIGNS[one.status]} <strong>{DATA_WORDS[one.status]}</strong>:{" "}
                  {readable(one.text).replace(`${DATA_WORDS[one.status]}: `, "")}
                  {one.simulated ? `; simulated: ${one.simulated}` : ""}
                </td>
                <td>
                  <Analyses found={one.analyses} />
                </td>
              </tr>
            ))}
            {onlyCovered(event).map((one) => (
              <tr key={one.title}>
                <th scope="row">{one.title}</th>
                <td>{readable(one.text)}</td>
                <td>–</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Analyses in words, each with a link to its job. */
function Analyses({ found }: { found: ShownAnalysis[] }) {
  if (!found.length) return <>–</>;
  return (
    <ul class="plain">
      {found.map((one) => (
        <li key={`${one.product} ${one.job}`}>
          {one.job ? <Link to={`${jobOf(one.job)}/table`}>{one.product}</Link> : one.product}{" "}
          <span class="quiet">{one.state.toLowerCase()}</span>
          {one.text ? ` (${one.text})` : ""}
        </li>
      ))}
    </ul>
  );
}

/** The screen of a job whose address in the interface is known. */
function jobOf(address: string): string {
  return `/jobs/${address.split("/").at(-1)}`;
}

function Sky({ event }: { event: TransientDocument }) {
  const summary = event.localisation;
  if (!summary && !event.picture && !event.localising.length) return null;
  return (
    <section aria-label="Localisation">
      <h2>Localisation</h2>
      {event.picture ? (
        <a href={event.picture} title="Open the picture alone, as large as it is">
          <img class="preview" src={event.picture} alt="The whole sky: limits, regions of the map, fields of view, Earth; the tables beside it say the same" />
        </a>
      ) : null}
      {summary ? (
        <>
          <MapFacts summary={summary} />
          <Folded limits={event.limits} />
          <Coverage summary={summary} />
          <Files summary={summary} />
        </>
      ) : (
        <Analyses found={event.localising} />
      )}
    </section>
  );
}

function Files({ summary }: { summary: LocalisationSummary }) {
  if (!summary.files.length) return null;
  return (
    <p>
      Files:{" "}
      {summary.files.map((one) => (
        <a key={one.url} class="file" href={one.url}>
          {one.name}
        </a>
      ))}
    </p>
  );
}

/** Images of the windows that cover the map, each with the way to its sky, with the region of the map drawn in. */
function Images({ event }: { event: TransientDocument }) {
  if (!event.images.length) return null;
  const regions = regionsOf(event.localisation);
  const query = regions.length ? `?regions=${encodeURIComponent(regions.join(" "))}` : "";
  return (
    <section aria-label="Images">
      <h2>Images</h2>
      <ul class="cards">
        {event.images.map((one) => (
          <li key={`${one.instrument} ${one.product} ${one.job}`} class="panel">
            <h3>
              {one.instrument} <span class="quiet">{one.state.toLowerCase()}</span>
            </h3>
            {one.picture ? <img class="preview" loading="lazy" src={one.picture} alt={`Image of ${one.instrument}`} /> : null}
            {one.text ? <p>{one.text}</p> : null}
            {one.job ? <Link to={`${jobOf(one.job)}/sky${query}`}>On the sky, with the region of the map</Link> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Notices({ event }: { event: TransientDocument }) {
  return (
    <section aria-label="Notices">
      <h2>Notices</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">notice</th>
              <th scope="col">kind</th>
              <th scope="col">state</th>
              <th scope="col">issued (UTC)</th>
              <th scope="col">received (UTC)</th>
              <th scope="col">remarks</th>
            </tr>
          </thead>
          <tbody>
            {event.notices.map((one) => (
              <tr key={one.receipt_id}>
                <th scope="row">
                  <a href={`${root}/api/v1/alerts/receipts/${one.receipt_id}`}>{one.label}</a>
                </th>
                <td>{one.kind.toLowerCase().replace("_", " ")}</td>
                <td>{one.state}</td>
                <td>
                  <Time at={one.issued} />
                </td>
                <td>
                  <Time at={one.received} />
                </td>
                <td>{one.remarks.join("; ") || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
