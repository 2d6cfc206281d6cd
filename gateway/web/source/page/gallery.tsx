// The gallery of transients: a time line and a card an event, narrowed by what stands in the address.
import { setQuery } from "../api/address";
import type { InstrumentDocument, TransientCard, TransientList } from "../api/types";
import { useCall } from "../api/use";
import { askedFor, narrowing } from "../form/narrowing";
import { TimeLine } from "../form/time_line";
import { ErrorText, Link, Time } from "../parts";
import { Lines } from "./event_answer";
import { CLASS_WORDS, DATA_SIGNS, EVENT_WORDS } from "./event_words";

const NARROWED = ["t1", "t2", "class", "instrument", "state", "text", "tests", "cursor"];
const INSTRUMENTS = ["spiacs", "isgri", "jemx", "polar"];

export function Gallery({ query }: { query: URLSearchParams }) {
  const asked = askedFor(query, NARROWED, 24);
  const { value, error, again } = useCall<TransientList>(`/transients?${asked}`);
  const instruments = useCall<InstrumentDocument[]>("/instruments").value ?? [];
  const titles = INSTRUMENTS.map((name): [string, string] => [name, instruments.find((one) => one.name === name)?.title ?? name]);
  const { narrow, select, entry } = narrowing(query, "cursor");
  const next = value?.next ? new URL(value.next, location.href).searchParams.get("cursor") : null;
  return (
    <>
      <h1>Gallery of transients</h1>
      <form class="row" role="search" onSubmit={(event) => event.preventDefault()}>
        {entry("text", "Name or words", "GW170817")}
        {select("class", "Class", Object.entries(CLASS_WORDS))}
        {select("instrument", "With data of", titles)}
        {select("state", "State", Object.entries(EVENT_WORDS))}
        {entry("t1", "From (UTC)", "2017-08-01")}
        {entry("t2", "To (UTC)", "2017-09-01")}
        <label>
          <input
            type="checkbox"
            checked={query.get("tests") === "true"}
            onChange={(event) => narrow({ tests: event.currentTarget.checked ? "true" : null })}
          />{" "}
          tests too
        </label>
      </form>
      {error ? <ErrorText error={error} again={again} /> : null}
      {value ? <Shown cards={value.transients} titles={Object.fromEntries(titles)} choose={(t1, t2) => narrow({ t1, t2 })} /> : error ? null : <p>Asking the mesh…</p>}
      <p class="row">
        {query.get("cursor") ? (
          <button type="button" onClick={() => setQuery({ cursor: null })}>
            Latest events
          </button>
        ) : null}
        {next ? (
          <button type="button" onClick={() => setQuery({ cursor: next })}>
            Earlier events
          </button>
        ) : null}
      </p>
    </>
  );
}

interface ShownProps {
  cards: TransientCard[];
  /** Of the instruments, by name. */
  titles: Record<string, string>;
  choose: (t1: string, t2: string) => void;
}

function Shown({ cards, titles, choose }: ShownProps) {
  if (!cards.length) return <p>There is no such event: take out one of the words, times or choices above. Tests are shown with their tick only.</p>;
  const marks = cards.flatMap((card) => (card.trigger_time ? [{ name: card.name, utc: card.trigger_time, kind: card.class }] : []));
  return (
    <>
      <TimeLine marks={marks} choose={choose} />
      <ul class="cards" aria-label="Events">
        {cards.map((card) => (
          <li key={card.event_key} class="panel">
            <Card card={card} titles={titles} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Card({ card, titles }: { card: TransientCard; titles: Record<string, string> }) {
  return (
    <article aria-label={card.name}>
      <h2 class="small">
        <Link to={`/transients/${encodeURIComponent(card.event_key)}`}>{card.name}</Link> <span class="quiet">{card.class}</span>
      </h2>
      <p>
        <Time at={card.trigger_time} /> UTC
        <Badges card={card} />
      </p>
      {card.links.picture ? <img class="preview" loading="lazy" src={card.links.picture} alt={`Sky of ${card.name}`} /> : null}
      <Lines sentence={card.answer} name={card.name} />
      <p class="row quiet">
        {Object.entries(card.instruments).map(([name, status]) => (
          <span key={name} title={status}>
            {DATA_SIGNS[status] ?? "?"} {titles[name] ?? name} <span class="hidden">{status}</span>
          </span>
        ))}
      </p>
    </article>
  );
}

/** What one must know of an event before anything else of it. */
export function Badges({ card }: { card: Pick<TransientCard, "state" | "test" | "simulated" | "association"> }) {
  const words = [
    card.state === "ACTIVE" ? "" : EVENT_WORDS[card.state],
    card.test ? "a test" : "",
    card.simulated ? "simulated data" : "",
    card.association,
  ].filter(Boolean);
  return (
    <>
      {words.map((word) => (
        <span key={word} class="badge">
          {word}
        </span>
      ))}
    </>
  );
}
