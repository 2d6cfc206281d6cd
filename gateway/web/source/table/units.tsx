// The table "Data unit x step" of a job: a row per window, a cell per step; what runs once for the job stands below.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { UnitState } from "../api/types";
import { duration, SIGNS } from "../parts";
import { JOB_LABEL, type LiveJob, stepState } from "./live";
import { UnitDetails } from "./unit_details";
import { Windowed } from "./windowed";

const STATES = Object.keys(SIGNS) as UnitState[];
const NO_STAGES: string[] = [];
type Sort = "plan" | "window" | "state" | "seconds";

export function Units({ live, query, set }: {
  live: LiveJob;
  query: URLSearchParams;
  set: (values: Record<string, string | null>) => void;
}) {
  const only = query.get("state") as UnitState | null;
  const search = query.get("window") ?? "";
  const sort = (query.get("sort") ?? "plan") as Sort;
  const opened = query.get("unit");
  const [marked, mark] = useState(-1);
  const narrow = useNarrow();
  const all = live.windowStages();
  // A telephone has no place for the steps: there the state says at which one a window is.
  const stages = narrow ? NO_STAGES : all;
  const shown = useShown(live, only, search, sort);
  const columns = useMemo(
    () => ["146px", ...stages.flatMap((stage) => (live.stages[stage] ?? []).map(() => "minmax(38px, 104px)")), "minmax(90px, 1fr)", "70px"].join(" "),
    [stages.join(), live.stages],
  );
  const section = useRef<HTMLElement>(null);
  const opener = useRef<HTMLElement | null>(null);
  const turn = (label: string) => {
    opener.current = document.activeElement as HTMLElement | null;
    set({ unit: label === opened ? null : label });
  };
  const open = (index: number) => {
    const label = shown[index];
    if (label) turn(label);
  };
  /** Close what is open, and go back to where it was opened. */
  const close = () => {
    set({ unit: null });
    const place = opener.current?.isConnected ? opener.current : section.current?.querySelector<HTMLElement>("[role=grid]");
    place?.focus();
  };
  return (
    <section aria-label="Data unit x step" ref={section}>
      <div class="row filters" role="group" aria-label="Windows by state">
        <button type="button" aria-pressed={only === null} onClick={() => set({ state: null })}>
          all {live.labels.length}
        </button>
        {STATES.filter((state) => live.counts.get(state) || state === only).map((state) => (
          <button
            key={state}
            type="button"
            class={`state ${state}`}
            aria-pressed={only === state}
            onClick={() => set({ state: only === state ? null : state })}
          >
            <span aria-hidden="true">{SIGNS[state]}</span> {state} {live.counts.get(state) ?? 0}
          </button>
        ))}
        <label>
          Window <input size={13} value={search} onInput={(event) => set({ window: event.currentTarget.value || null })} />
        </label>
        <label>
          Order{" "}
          <select value={sort} onChange={(event) => set({ sort: event.currentTarget.value === "plan" ? null : event.currentTarget.value })}>
            <option value="plan">as planned</option>
            <option value="window">window</option>
            <option value="state">state</option>
            <option value="seconds">time taken</option>
          </select>
        </label>
      </div>
      {live.labels.length ? (
        <Windowed
          label="Science windows and their steps"
          columns={columns}
          count={shown.length}
          marked={marked}
          mark={mark}
          open={open}
          opened={opened === null ? -1 : shown.indexOf(opened)}
          close={close}
          rowKey={(index) => shown[index] ?? ""}
          head={
            <>
              <span role="columnheader">window</span>
              {stages.flatMap((stage) =>
                (live.stages[stage] ?? []).map((step) => (
                  <span role="columnheader" key={`${stage}/${step}`} title={`${stage}: ${step}`}>
                    {step}
                  </span>
                )),
              )}
              <span role="columnheader">state</span>
              <span role="columnheader">time</span>
            </>
          }
          row={(index) => <WindowRow live={live} label={shown[index] ?? ""} stages={stages} />}
        />
      ) : null}
      {opened ? <UnitDetails live={live} label={opened} close={close} /> : null}
      <JobStages live={live} open={turn} />
    </section>
  );
}

const NARROW = matchMedia("(max-width: 640px)");

function useNarrow(): boolean {
  const [narrow, set] = useState(NARROW.matches);
  useEffect(() => {
    const look = () => set(NARROW.matches);
    NARROW.addEventListener("change", look);
    return () => NARROW.removeEventListener("change", look);
  }, []);
  return narrow;
}

function useShown(live: LiveJob, only: UnitState | null, search: string, sort: Sort): string[] {
  let shown = live.labels;
  if (search) shown = shown.filter((label) => label.includes(search));
  if (only) shown = shown.filter((label) => live.states.get(label) === only);
  const seconds = (label: string) =>
    [...(live.rows.get(label)?.values() ?? [])].reduce((sum, row) => sum + (row.seconds ?? 0), 0);
  if (sort === "window") shown = [...shown].sort();
  if (sort === "seconds") shown = [...shown].sort((a, b) => seconds(b) - seconds(a));
  if (sort === "state") {
    const order = (label: string) => STATES.indexOf(live.states.get(label) ?? "waiting");
    shown = [...shown].sort((a, b) => order(b) - order(a));
  }
  return shown;
}

function WindowRow({ live, label, stages }: { live: LiveJob; label: string; stages: string[] }) {
  const rows = live.rows.get(label);
  // Most rows in view stay as they are when others change: they are not compared again.
  return useMemo(() => {
    const own = [...(rows?.values() ?? [])];
    const state = live.states.get(label) ?? "waiting";
    const seconds = own.reduce((sum, row) => sum + (row.seconds ?? 0), 0);
    const failure = own.find((row) => row.failure)?.failure;
    const moves = state === "running" || state === "failed";
    const at = moves && !stages.length ? own.find((row) => row.state === state && row.step)?.step : null;
    return (
      <>
        <span role="rowheader" class="mono">
          {label}
        </span>
        {stages.flatMap((stage) => {
          const steps = live.stages[stage] ?? [];
          return steps.map((step, place) => {
            const now = stepState(rows?.get(stage), place, steps);
            return (
              <span role="gridcell" key={`${stage}/${step}`} class={`cell ${now}`} aria-label={`${step}: ${now}`}>
                {SIGNS[now]}
              </span>
            );
          });
        })}
        <span
          role="gridcell"
          class={`state ${state}`}
          title={failure ?? undefined}
          // A reason takes the place of the time that was not taken.
          aria-colspan={failure && !seconds ? 2 : undefined}
          style={{ gridColumn: failure && !seconds ? "span 2" : undefined }}
        >
          {stages.length ? "" : `${SIGNS[state]} `}
          {state}
          {at ? ` at ${at}` : ""}
          {failure ? `: ${failure}` : ""}
        </span>
        {failure && !seconds ? null : <span role="gridcell">{seconds ? duration(seconds) : ""}</span>}
      </>
    );
  }, [rows, label, live.stages, stages.join()]);
}

function JobStages({ live, open }: { live: LiveJob; open: (label: string) => void }) {
  const rows = live.ofJob();
  if (!rows.length) return null;
  return (
    <div class="wide">
      <table class="job-stages">
        <caption>Once for the job</caption>
        <tbody>
          {rows.map((row) => {
            const steps = live.stages[row.stage] ?? [];
            return (
              <tr key={row.stage}>
                <th scope="row">
                  <button type="button" onClick={() => open(JOB_LABEL)}>
                    {row.stage}
                  </button>
                </th>
                {steps.map((step, place) => {
                  const now = stepState(row, place, steps);
                  return (
                    <td key={step} class={`cell ${now}`}>
                      <span aria-hidden="true">{SIGNS[now]}</span> {step}
                      <span class="hidden">: {now}</span>
                    </td>
                  );
                })}
                <td class={`state ${row.state}`}>{row.state}</td>
                <td>{row.seconds ? duration(row.seconds) : ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
