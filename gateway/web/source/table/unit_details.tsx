// One window opened: what each stage did, why it failed, its files, and its log, which grows while the unit runs.
import { useEffect, useRef, useState } from "preact/hooks";

import { apiUrl, callText, Refused } from "../api/client";
import type { Row } from "../api/stream";
import type { LinkedProduct, UnitTable } from "../api/types";
import { useCall } from "../api/use";
import { bytes, duration, ErrorText, SIGNS } from "../parts";
import { JOB_LABEL, type LiveJob } from "./live";

export function UnitDetails({ live, label, close }: { live: LiveJob; label: string; close: () => void }) {
  const rows = [...(live.rows.get(label)?.values() ?? [])];
  const [stage, choose] = useState<string | null>(null);
  const place = useRef<HTMLElement>(null);
  // It has its least height from the beginning: what comes later, its files and log, moves nothing into view.
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [label]);
  const current = rows.find((row) => row.stage === stage) ?? rows.find((row) => row.failure) ?? rows.at(-1);
  return (
    <section
      class="details"
      aria-label={label === JOB_LABEL ? "Once for the job" : `Window ${label}`}
      ref={place}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <div class="row title">
        <h2>{label === JOB_LABEL ? "Once for the job" : <span class="mono">{label}</span>}</h2>
        <button type="button" title="Escape" onClick={close}>
          Close
        </button>
      </div>
      <div class="row" role="group" aria-label="Stage">
        {rows.map((row) => (
          <button key={row.stage} type="button" aria-pressed={row === current} onClick={() => choose(row.stage)}>
            <span aria-hidden="true">{SIGNS[row.state]}</span> {row.stage}: {row.state}
            {row.failure && row.step ? ` at ${row.step}` : ""}
          </button>
        ))}
      </div>
      {current ? <Stage key={current.stage} live={live} row={current} /> : null}
    </section>
  );
}

function Stage({ live, row }: { live: LiveJob; row: Row }) {
  return (
    <>
      {row.failure ? <p class="error">{row.failure}</p> : null}
      {row.failure ? <WhatToDo live={live} row={row} /> : null}
      {row.warnings.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <p class="quiet">
        {row.step ? `step ${row.step}; ` : ""}
        {row.attempt > 1 ? `attempt ${row.attempt}; ` : ""}
        {row.seconds !== null ? `${duration(row.seconds)}; ` : ""}
        {row.worker ? `on the worker ${row.worker}` : ""}
      </p>
      {row.state === "done" || row.state === "cached" ? <Files jobId={live.jobId} row={row} /> : null}
      <Log jobId={live.jobId} row={row} />
    </>
  );
}

/** Faults of files of the archive, which nobody mends who only asks. */
const OF_THE_ARCHIVE = /Corrupted$|Unreadable|^Bad(DeadTime|Orbit|Response)$/;

/** Who can do something about a failure. */
function WhatToDo({ live, row }: { live: LiveJob; row: Row }) {
  const table = useCall<UnitTable>(`/jobs/${live.jobId}/units?state=failed&limit=1000`).value;
  const failure = table?.rows.find((one) => one.stage === row.stage && one.label === row.label)?.failure;
  if (!failure) return null;
  if (OF_THE_ARCHIVE.test(failure.reason)) {
    return (
      <p>
        This is a fault of the archive, not of your request: tell the operator of this mesh, who can fetch the file again. They need
        the job, <code>{live.jobId.slice(0, 8)}</code>, and the window, <code>{row.label}</code>.
      </p>
    );
  }
  if (failure.kind === "transient" || failure.kind === "timeout") return <p>It may succeed when it is tried again: the button is above.</p>;
  return null;
}

function Files({ jobId, row }: { jobId: string; row: Row }) {
  const made = useCall<LinkedProduct>(`/jobs/${jobId}/products/${row.stage}/${encodeURIComponent(row.label)}`);
  if (made.error) return <ErrorText error={made.error} />;
  return (
    <ul class="files" aria-label="Files">
      {made.value?.files.map((file) => (
        <li key={file.name}>
          <a href={file.url}>{file.name}</a>{" "}
          <span class="quiet">{bytes(file.size)}</span>
        </li>
      ))}
    </ul>
  );
}

function Log({ jobId, row }: { jobId: string; row: Row }) {
  const [text, set] = useState("");
  const end = useRef<HTMLPreElement>(null);
  const place = `/jobs/${jobId}/units/${encodeURIComponent(row.label)}/log?stage=${encodeURIComponent(row.stage)}`;
  const running = row.state === "running";
  const there = row.state === "done" || row.state === "cached" || row.state === "failed";
  useEffect(() => {
    set("");
    if (!running) {
      if (!there) return;
      const stop = new AbortController();
      callText(place, stop.signal)
        .then(set)
        .catch((error) => {
          if (stop.signal.aborted) return;
          if (!(error instanceof Refused)) throw error;
          set(error.message);
        });
      return () => stop.abort();
    }
    const source = new EventSource(apiUrl(`${place}&follow=true`));
    source.addEventListener("log", (event) => {
      const piece = JSON.parse(event.data) as { text: string; left_out: number };
      set((before) => before + (piece.left_out ? `… ${piece.left_out} bytes left out …\n` : "") + piece.text);
    });
    source.addEventListener("end", () => source.close());
    return () => source.close();
  }, [place, running, there]);
  useEffect(() => {
    if (running && end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [text, running]);
  if (!running && !there) return null;
  return (
    <>
      <h3>Log{running ? ", as it grows" : ""}</h3>
      <pre class="log" tabIndex={0} ref={end} aria-label="Log">
        {text || "…"}
      </pre>
    </>
  );
}
