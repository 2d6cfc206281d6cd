// What the mesh says to a query as it stands: windows, exposure, where they point; of a source alone what the archive has of it.
import { useEffect, useState } from "preact/hooks";

import { call, Refused } from "../api/client";
import type { SelectionDocument, Submission } from "../api/types";
import { duration, Link } from "../parts";
import { isWhole } from "./check";
import type { Draft } from "./draft";
import { errorsOf } from "./refusal";
import { listOf } from "./when";

const PAUSE_MS = 400;

export interface Answer {
  told: SelectionDocument | null;
  refused: Refused | null;
}

/** Ask a moment after the last key; what is not whole yet is no error, and is not asked. */
export function useAnswer(sent: Submission | null): Answer {
  const [known, set] = useState<Answer>({ told: null, refused: null });
  const text = JSON.stringify(sent);
  useEffect(() => {
    const stop = new AbortController();
    const asked: Submission | null = JSON.parse(text);
    if (!isWhole(asked)) {
      set({ told: null, refused: null });
      return;
    }
    const timer = setTimeout(() => {
      call<SelectionDocument>("/selections", { method: "POST", body: asked, signal: stop.signal })
        .then((told) => set({ told, refused: null }))
        .catch((error) => {
          if (stop.signal.aborted) return;
          if (!(error instanceof Refused)) throw error;
          set({ told: null, refused: error });
        });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return known;
}

interface Props {
  answer: Answer;
  /** Of the whole time of the archive, where a place is given and no time yet. */
  whole: Answer;
  draft: Draft;
  /** Whether the product can be made of a list of windows. */
  lists: boolean;
  change: (values: Partial<Draft>) => void;
}

export function Told({ answer, whole, draft, lists, change }: Props) {
  const { told, refused } = answer;
  if (refused) return <Said>{<p class="error">{whatIsWrong(refused)}</p>}</Said>;
  if (!told) {
    if (!whole.told) {
      // Whether a caller may ask for so long a time is no matter here.
      const nothing = whole.refused?.message.startsWith("no pointing");
      return (
        <Said>
          <p class="quiet">
            {nothing ? `The archive has no window of this instrument within ${draft.radius}° of it.` : draft.ra.trim() && draft.by === "time" ? "Give a time as well: what that would take is told here." : "What this would take is told here as you write."}
          </p>
        </Said>
      );
    }
    const { first, last } = whole.told;
    return (
      <Said>
        <p>In the whole archive, within {draft.radius}° of {draft.source.trim() || "this position"}:</p>
        <Count told={whole.told} />
        {first && last ? (
          <p>
            <button type="button" onClick={() => change({ t1: first, t2: secondAfter(last) })}>
              Take this time
            </button>
          </p>
        ) : null}
        <Windows told={whole.told} lists={lists} change={change} />
      </Said>
    );
  }
  return (
    <Said>
      {told.unit === "nothing" ? <p>It is made of what its parameters name.</p> : <Count told={told} />}
      {told.estimate_s ? <p>Computed anew it takes about {about(told.estimate_s)} on an idle mesh.</p> : null}
      {told.asked_before ? (
        <p>
          <Link to={`/requests/${told.request_key}`}>The same was asked before</Link>: what was kept of it is used.
        </p>
      ) : null}
      {told.rejected ? (
        <details>
          <summary>{told.rejected} cannot be analysed</summary>
          <ul>
            {told.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      ) : null}
      {told.note ? <p class="quiet">{told.note}</p> : null}
      {draft.by === "time" ? <Windows told={told} lists={lists} change={change} /> : null}
    </Said>
  );
}

function Said({ children }: { children: preact.ComponentChildren }) {
  return (
    <div role="status" id="told">
      {children}
    </div>
  );
}

/** The same in one line, for who has the map out of sight. */
export function Brief({ answer }: { answer: Answer }) {
  const { told, refused } = answer;
  if (refused) return <span class="quiet">{whatIsWrong(refused)}</span>;
  if (!told || told.unit === "nothing") return null;
  return (
    <span id="brief">
      {told.count} {named(told)}
      {told.exposure_s ? `, ${duration(told.exposure_s)} of data` : ""}
      {told.estimate_s ? `; takes about ${about(told.estimate_s)}` : ""}
    </span>
  );
}

function about(seconds: number): string {
  return duration(Math.max(1, Math.round(seconds))).replace(".0", "");
}

function named(told: SelectionDocument): string {
  return told.count === 1 ? told.unit.replace("windows", "window").replace("slices", "slice") : told.unit;
}

function whatIsWrong(refused: Refused): string {
  return Object.values(errorsOf(refused))[0] ?? refused.message;
}

function Count({ told }: { told: SelectionDocument }) {
  const { first, last, exposure_s } = told;
  const span = first && last ? (Date.parse(`${last}Z`) - Date.parse(`${first}Z`)) / 1000 : 0;
  return (
    <p class="count">
      <strong>
        {told.count} {named(told)}
      </strong>
      {exposure_s ? `, ${duration(exposure_s)} together` : ""}
      {exposure_s > span + 1 && span ? " (some are of the same time)" : ""}
      {first ? `, from ${first.replace("T", " ")} to ${last?.replace("T", " ")}` : ""}
    </p>
  );
}

function Windows({ told, lists, change }: { told: SelectionDocument; lists: boolean; change: (values: Partial<Draft>) => void }) {
  if (!told.pointings.length) return null;
  const all = told.pointings.length === told.count;
  return (
    <details>
      <summary>{all ? "Which windows" : `${told.pointings.length} of the windows, evenly spread`}</summary>
      {lists && all ? (
        <button type="button" onClick={() => change({ by: "windows", windows: listOf(told) })}>
          Use as a list
        </button>
      ) : null}
      <ul class="sources plain mono">
        {told.pointings.map((one) => (
          <li key={one.label}>
            {one.label} <span class="quiet">{one.start.replace("T", " ")}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The archive tells whole seconds: the one after the last is beyond all. */
function secondAfter(utc: string): string {
  return new Date(Date.parse(`${utc.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19);
}
