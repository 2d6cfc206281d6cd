// The inbox of alerts: events as their notices come, what waits for a person, and what an operator does about one.
import { useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import type { EventDocument, EventLine, EventList, Quarantined, SessionDocument } from "../api/types";
import { isOperator } from "../api/session";
import { useCall, useRegularly } from "../api/use";
import { ErrorText, Link, Time } from "../parts";
import { EVENT_WORDS } from "./event_words";

export function Alerts({ query }: { query: URLSearchParams }) {
  const before = query.get("before");
  const asked = before ? `/alerts/events?limit=30&before=${encodeURIComponent(before)}` : "/alerts/events?limit=30";
  const { value, error, again } = useCall<EventList>(asked);
  const session = useCall<SessionDocument>("/session").value;
  const chosen = query.get("event");
  // Older pages stay as they are while somebody reads them.
  useRegularly(again, before === null);
  const last = value?.events.at(-1)?.event_key ?? null;
  return (
    <>
      <h1>Alerts</h1>
      {error ? <ErrorText error={error} again={again} /> : null}
      <div class="two">
        <div>
          {value ? <Inbox lines={value.events} chosen={chosen} /> : error ? null : <p>Asking the mesh…</p>}
          <p class="row">
            {before ? (
              <button type="button" onClick={() => setQuery({ before: null })}>
                Newest alerts
              </button>
            ) : null}
            {value?.next ? (
              <button type="button" onClick={() => setQuery({ before: last })}>
                Older alerts
              </button>
            ) : null}
          </p>
        </div>
        <aside aria-label="Chosen event">
          {chosen ? <Chosen key={chosen} event={chosen} operator={isOperator(session)} accounts={session?.accounts ?? true} /> : <p class="quiet">Choose an event to see its notices, analyses and topics.</p>}
        </aside>
      </div>
      {isOperator(session) ? <Refusals /> : null}
    </>
  );
}

function Inbox({ lines, chosen }: { lines: EventLine[]; chosen: string | null }) {
  if (!lines.length) return <p>No alert has come yet.</p>;
  return (
    <div class="wide">
      <table aria-label="Inbox">
        <thead>
          <tr>
            <th scope="col">event</th>
            <th scope="col">class</th>
            <th scope="col">state</th>
            <th scope="col">received (UTC)</th>
            <th scope="col">answer</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((one) => (
            <tr key={one.event_key} aria-current={one.event_key === chosen ? "true" : undefined}>
              <th scope="row">
                <button type="button" class="as-link" onClick={() => setQuery({ event: one.event_key })}>
                  {one.event_key}
                </button>
              </th>
              <td>{one.messenger}</td>
              <td>
                {EVENT_WORDS[one.state] ?? one.state.toLowerCase()}
                {one.test ? ", a test" : ""}
              </td>
              <td>
                <Time at={one.received} />
              </td>
              <td>{one.answer}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ChosenProps {
  event: string;
  operator: boolean;
  /** Whether the mesh knows who somebody is. */
  accounts: boolean;
}

function Chosen({ event, operator, accounts }: ChosenProps) {
  const { value, error, again } = useCall<EventDocument>(`/alerts/events/${encodeURIComponent(event)}`);
  useRegularly(again, true);
  if (error) return <ErrorText error={error} again={again} />;
  if (!value) return <p>Asking the mesh…</p>;
  return (
    <>
      <h2>{value.names[0] ?? value.event_key}</h2>
      <p class="row">
        <strong>
          {EVENT_WORDS[value.state] ?? value.state.toLowerCase()}
          {value.test ? `, a test: ${value.why_test}` : ""}
        </strong>
        <span>
          T0 <Time at={value.trigger_time} /> UTC
        </span>
        {value.record ? <Link to={`/transients/${encodeURIComponent(value.event_key)}`}>Record {value.record}</Link> : <span>no record yet</span>}
      </p>
      <Waiting event={value} />
      {operator ? <Deeds event={value} accounts={accounts} done={again} /> : null}
      <h3>Notices</h3>
      <ul>
        {value.versions.map((one) => (
          <li key={one.receipt_id}>
            {one.label} <span class="quiet">{one.state}</span>, received <Time at={one.received} />
            {one.remarks.length ? `: ${one.remarks.join("; ")}` : ""}
          </li>
        ))}
      </ul>
      <h3>Analyses</h3>
      {value.jobs.length ? (
        <ul>
          {value.jobs.map((one) => (
            <li key={`${one.instrument} ${one.product} ${one.links.job}`}>
              {one.links.job ? <Link to={`/jobs/${one.links.job.split("/").at(-1)}/table`}>{one.instrument} {one.product}</Link> : `${one.instrument} ${one.product}`}{" "}
              <span class="quiet">{one.state.toLowerCase()}</span>
              {one.text ? `: ${one.text}` : ""}
            </li>
          ))}
        </ul>
      ) : (
        <p>None is asked for.</p>
      )}
      <Published event={value} />
    </>
  );
}

/** What is still to be published, and what of it waits for a person. */
function Waiting({ event }: { event: EventDocument }) {
  const held = event.outbox.filter((one) => one.held_until);
  if (!event.outbox.length) return null;
  return (
    <p role="status">
      {held.length ? `${held.length} messages wait for a person; without one they are published at ${held[0]?.held_until?.slice(0, 19).replace("T", " ")} UTC.` : `${event.outbox.length} messages are being published.`}
    </p>
  );
}

function Published({ event }: { event: EventDocument }) {
  const topics = Object.entries(event.published);
  return (
    <>
      <h3>Published</h3>
      {topics.length ? (
        <ul>
          {topics.map(([topic, version]) => (
            <li key={topic}>
              <code>{topic}</code>: {version < 0 ? "retracted" : `record ${version}`}
            </li>
          ))}
        </ul>
      ) : (
        <p>Nothing.</p>
      )}
      {event.commands.length ? (
        <>
          <h3>What operators did</h3>
          <ul>
            {event.commands.map((one) => (
              <li key={String(one.at)}>
                {String(one.deed)} by {String(one.caller)} <Time at={String(one.at)} />
                {one.reason ? `: ${one.reason}` : ""}
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  );
}

const DEEDS: [string, string, string][] = [
  ["approve", "Approve", "Publish what waits"],
  ["retract", "Retract", "Take back what was published, until a replay"],
  ["replay", "Replay", "Try once more what failed, publish again"],
  ["mute", "Mute", "Publish nothing"],
  ["unmute", "Unmute", "Publish again"],
];

function Deeds({ event, accounts, done }: { event: EventDocument; accounts: boolean; done: () => void }) {
  const [reason, setReason] = useState("");
  const [said, say] = useState("");
  const [refused, refuse] = useState<Refused | null>(null);
  const act = async (deed: string, word: string) => {
    try {
      // What is approved is the record that is shown, not one that came meanwhile.
      const body = deed === "approve" ? { reason, version: event.record || null } : { reason };
      await call(`/alerts/events/${encodeURIComponent(event.event_key)}/${deed}`, { method: "POST", body });
      refuse(null);
      setReason("");
      say(`${word}: taken; the record follows in a moment.`);
      setTimeout(done, 1500);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  };
  return (
    <fieldset>
      <legend>As operator</legend>
      {accounts ? null : <p class="help">This mesh has no accounts: everybody who reaches it is its operator. What is done here changes what others get.</p>}
      <label>
        Reason <input size={30} maxLength={500} value={reason} onInput={(change) => setReason(change.currentTarget.value)} />
      </label>
      <p class="row">
        {DEEDS.map(([deed, word, what]) => (
          <button key={deed} type="button" title={what} onClick={() => act(deed, word)}>
            {word}
          </button>
        ))}
      </p>
      <p role="status">{said}</p>
      {refused ? <ErrorText error={refused} /> : null}
    </fieldset>
  );
}

/** Messages that could not be taken. */
function Refusals() {
  const { value, error } = useCall<Quarantined[]>("/alerts/quarantine");
  if (error) return <ErrorText error={error} />;
  if (!value?.length) return null;
  return (
    <details>
      <summary>{value.length} messages could not be taken</summary>
      <ul>
        {value.map((one) => (
          <li key={one.raw}>
            <Time at={one.received} /> from {one.sender}: {one.text} <code>{one.raw.slice(0, 12)}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
