// For operators: alarms, queues, workers, dead letters, cache and users, each asked for alone, so that one server which
// does not answer leaves the rest.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { Alarm, CacheDocument, Contents, LetterDocument, LettersDocument, QueuesDocument, UsersDocument, WorkersDocument } from "../api/types";
import { type Known, useCall, useRegularly } from "../api/use";
import { FailedWindows, Summary } from "./operate_summary";
import { bytes, duration, ErrorText, Time } from "../parts";

export function Operate() {
  const { value: contents, error } = useCall<Contents>("/admin");
  if (error) {
    return (
      <>
        <h1>Operate</h1>
        <ErrorText error={error} />
      </>
    );
  }
  if (!contents) return <p>Asking the mesh…</p>;
  const dashboards = Object.entries(contents.dashboards);
  return (
    <>
      <h1>Operate</h1>
      <Summary />
      {dashboards.length ? (
        <p>
          Dashboards (each in a tab of its own):{" "}
          {dashboards.map(([title, address]) => (
            <a key={address} class="file" href={address} target="_blank" rel="noopener">
              {title}
            </a>
          ))}
        </p>
      ) : null}
      <Alarms />
      <FailedWindows />
      <Lanes />
      <Workers />
      <Letters />
      <Cache />
      <Users />
    </>
  );
}

/** A document of the operators with its heading; asked for again as long as somebody looks. */
function Panel<T>(props: { title: string; help?: string; place: string; children: (value: T, again: () => void) => ComponentChildren }) {
  const { value, error, again }: Known<T> = useCall<T>(`/admin/${props.place}`);
  useRegularly(again);
  return (
    <section aria-label={props.title}>
      <h2>{props.title}</h2>
      {props.help ? <p class="help">{props.help}</p> : null}
      {error ? <ErrorText error={error} again={again} /> : null}
      {value ? props.children(value, again) : error ? null : <p>Asking the mesh…</p>}
    </section>
  );
}

function Table({ label, heads, rows }: { label: string; heads: string[]; rows: { key: string; cells: ComponentChildren[] }[] }) {
  return (
    <div class="wide">
      <table aria-label={label}>
        <thead>
          <tr>
            {heads.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells: [first, ...others] }) => (
            <tr key={key}>
              <th scope="row">{first}</th>
              {others.map((cell, place) => (
                <td key={heads[place + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Alarms() {
  return (
    <Panel<Alarm[]> title="Alarms" place="alarms">
      {(found) =>
        found.length ? (
          <Table
            label="Alarms"
            heads={["alarm", "how urgent", "since (UTC)", "state", "what", "what to do"]}
            rows={found.map((one) => ({
              key: `${one.alarm} ${JSON.stringify(one.labels)}`,
              cells: [one.alarm, one.severity === "page" ? "now" : "next working day", <Time at={one.since} />, one.state, one.summary, one.action],
            }))}
          />
        ) : (
          <p>None.</p>
        )
      }
    </Panel>
  );
}

function Lanes() {
  return (
    <Panel<QueuesDocument>
      title="Queues"
      help="Each instrument has three lanes: alerts go before users, users before batches. A unit is one step for one window. Waiting units are let go in turn, so that users share; released ones stand in the queue, from which consumers (the workers' listeners) take them."
      place="queues"
    >
      {({ lanes, queues }) => (
        <>
          <Table
            label="Lanes"
            heads={["instrument", "lane", "units waiting", "released", "running", "in the queue", "consumers", "users"]}
            rows={lanes.map((one) => ({
              key: `${one.instrument} ${one.lane}`,
              cells: [one.instrument, one.lane, one.waiting, one.released, one.running, one.ready ?? "no queue", one.consumers ?? "–", one.users],
            }))}
          />
          <details>
            <summary>Other queues ({queues.length})</summary>
            <Table
              label="Other queues"
              heads={["queue", "messages", "consumers"]}
              rows={queues.map((one) => ({ key: one.queue, cells: [one.queue, one.ready, one.consumers] }))}
            />
          </details>
        </>
      )}
    </Panel>
  );
}

function Workers() {
  return (
    <Panel<WorkersDocument> title="Workers and slots" help="A slot runs one unit at a time." place="workers">
      {({ instruments }) => {
        const left = instruments.flatMap((one) => one.workers.filter((worker) => worker.withdrawn && !worker.alive).map((worker) => ({ ...worker, of: one.instrument })));
        return (
          <>
            <Table
              label="Workers"
              heads={["instrument", "slots taken", "workers"]}
              rows={instruments.map((one) => ({
                key: one.instrument,
                cells: [one.instrument, one.fault ? `left out: ${one.fault}` : `${one.running} of ${one.slots}`, namesOf(one.workers.filter((worker) => worker.alive || !worker.withdrawn))],
              }))}
            />
            {left.length ? (
              <details>
                <summary>Workers that were stopped ({left.length}): nothing is wrong with that</summary>
                <Table
                  label="Workers that were stopped"
                  heads={["worker", "instrument", "stopped before"]}
                  rows={left.map((one) => ({ key: one.name, cells: [one.name, one.of, duration(one.silent_s)] }))}
                />
              </details>
            ) : null}
          </>
        );
      }}
    </Panel>
  );
}

function namesOf(workers: WorkersDocument["instruments"][number]["workers"]): string {
  const told = workers.map((one) => `${one.name}: ${one.alive ? `${one.slots} slots` : `silent for ${duration(one.silent_s)}, as if it had died`}`);
  return told.join("; ") || "none";
}

function Letters() {
  return (
    <Panel<LettersDocument>
      title="Dead letters"
      help="Messages that failed in every attempt. Send again once the cause is gone; drop what nobody needs."
      place="dead-letters"
    >
      {({ letters }, again) =>
        letters.length ? (
          <Table
            label="Dead letters"
            heads={["what", "queue", "died (UTC)", "reason", "attempt", "do"]}
            rows={letters.map((one) => ({
              key: `${one.queue} ${one.id}`,
              cells: [one.what || one.id, one.died_in || one.queue, <Time at={one.died || null} />, one.reason, one.attempt, <LetterDeeds letter={one} done={again} />],
            }))}
          />
        ) : (
          <p>None: every message was settled.</p>
        )
      }
    </Panel>
  );
}

function LetterDeeds({ letter, done }: { letter: LetterDocument; done: () => void }) {
  const [said, say] = useState("");
  const [refused, refuse] = useState<Refused | null>(null);
  const [asking, ask] = useState(false);
  const act = async (method: string, address: string | undefined, word: string) => {
    if (!address) return;
    try {
      await call(address, { method });
      refuse(null);
      say(word);
      setTimeout(done, 1000);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  };
  const name = letter.what || letter.id;
  return (
    <>
      <span class="row">
        <button type="button" disabled={!letter.can_be_sent_again} aria-label={`Send again: ${name}`} onClick={() => act("POST", letter.links.send_again, "is sent again")}>
          Send again
        </button>
        {asking ? (
          <button type="button" aria-label={`Really drop it: ${name}`} onClick={() => act("DELETE", letter.links.self, "dropped")}>
            Really drop it
          </button>
        ) : (
          <button type="button" aria-label={`Drop: ${name}`} onClick={() => ask(true)}>
            Drop
          </button>
        )}
      </span>
      <span role="status">{said}</span>
      {refused ? <ErrorText error={refused} /> : null}
    </>
  );
}

function Cache() {
  return (
    <Panel<CacheDocument>
      title="Cache"
      help="Products are kept and found again by whoever asks for the same; pinned ones stay for ever. Removed: those that nobody had asked for the longest, where room was needed."
      place="cache"
    >
      {(cache) => (
        <>
          <p>
            {cache.products} products, {bytes(cache.bytes)}, {cache.pinned} pinned
            {cache.index_complete ? "" : "; the index is being completed, nothing is removed meanwhile"}.
          </p>
          <Table
            label="Stages"
            heads={["stage", "products", "size", "found", "made", "found of all", "removed"]}
            rows={cache.stages.map((one) => ({
              key: `${one.instrument} ${one.stage}`,
              cells: [`${one.instrument} ${one.stage}`, one.products, bytes(one.bytes), one.hits, one.made, one.hit_rate === null ? "–" : `${(100 * one.hit_rate).toFixed(0)} %`, one.evicted],
            }))}
          />
        </>
      )}
    </Panel>
  );
}

function Users() {
  return (
    <Panel<UsersDocument> title="Users" place="users">
      {({ users, unplanned }) => (
        <>
          <p>{unplanned ? `Jobs that wait to be planned: ${unplanned}.` : "No job waits to be planned."}</p>
          <Table
            label="Users"
            heads={["user", "jobs", "units", "spent today", "of", "weight"]}
            rows={users.map((one) => ({
              key: one.user,
              cells: [
                one.user,
                `${one.jobs} of ${one.allowed.jobs}`,
                `${one.units} of ${one.allowed.units}`,
                duration(one.spent_s),
                one.allowed.budget_s === null ? "no end" : duration(one.allowed.budget_s),
                one.allowed.weight,
              ],
            }))}
          />
        </>
      )}
    </Panel>
  );
}
