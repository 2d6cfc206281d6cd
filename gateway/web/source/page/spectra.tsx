// The spectra of a job as small panels; one is fitted here, together with those of the same source in other jobs.
import { useEffect, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { FitForm } from "../form/fit_form";
import { type FitStart, PLAIN, startOf } from "../form/fit_start";
import { SendButton } from "../samp/send";
import { useRun } from "./fit_run";
import { History } from "./fit_history";
import { type Earlier, useFits } from "./fits_known";
import type { TabProps } from "./job";
import { commonRange, Panel, readSpectrum, type Spectrum } from "./spectrum_panel";

const FIRST_PANELS = 12;

export function SpectraTab({ live, results, query }: TabProps) {
  const files = results.filter((file) => file.role === "spectrum");
  const [spectra, setSpectra] = useState<Spectrum[]>([]);
  const [failed, fail] = useState<string | null>(null);
  const { refused, run } = useRun(live.jobId);
  const keys = (live.job?.products ?? []).map((one) => one.key);
  const fits = useFits(keys);
  const search = query.get("source") ?? "";
  const chosen = query.get("fit");
  const together = (query.get("with") ?? "").split(",").filter(Boolean);
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const edges = new Map<string, Promise<[number[], number[]]>>();
      const found: Spectrum[] = [];
      for (const file of files) {
        found.push(await readSpectrum(file, results, edges, stop.signal));
        if (found.length % 8 === 0 || found.length === files.length) {
          setSpectra([...found].sort((a, b) => b.significance - a.significance));
        }
      }
    };
    read().catch((error) => stop.signal.aborted || fail(String(error.message ?? error)));
    return () => stop.abort();
  }, [files.map((file) => file.url).join()]);
  if (!files.length) {
    return <p>{live.job?.final ? "This job ended without spectra." : "There are no spectra yet. They appear here as soon as there are some."}</p>;
  }
  const shown = spectra.filter((one) => one.source.toLowerCase().includes(search.toLowerCase()));
  const most = Number(query.get("panels") ?? FIRST_PANELS) || FIRST_PANELS;
  const same = query.get("axes") === "same";
  const ranges = same && shown.length ? commonRange(shown) : null;
  const close = () => {
    setQuery({ fit: null });
    // Who closed it goes on where it was opened.
    document.querySelector<HTMLElement>(`[data-fit="${CSS.escape(chosen ?? "")}"]`)?.focus();
  };
  const before = fits?.find((one) => one.source === chosen) ?? null;
  return (
    <>
      <div class="row controls">
        <label>
          Source{" "}
          <input size={14} value={search} onInput={(event) => setQuery({ source: event.currentTarget.value || null })} />
        </label>
        <label>
          <input type="checkbox" checked={same} onChange={() => setQuery({ axes: same ? null : "same" })} /> same axes in all panels
        </label>
        <span class="quiet">
          {spectra.length} of {files.length} spectra read
        </span>
        <SendButton message="spectrum.load.ssa-generic" files={shown.map((one) => one.file)} />
      </div>
      {together.length ? <p class="quiet">A fit takes the spectra of {together.length === 1 ? "one other job" : `${together.length} other jobs`} too.</p> : null}
      {failed ? <p class="error">{failed}</p> : null}
      {chosen && fits ? (
        <FitForm
          key={chosen}
          source={chosen}
          job={live.jobId}
          start={withOthers(before ? startOf(before.parameters, before.report) : PLAIN, keys, together)}
          from={before ? saidOf(before) : ""}
          refused={refused}
          run={run}
          close={close}
        />
      ) : null}
      {chosen && fits ? <History fits={fits} of={live.jobId} query={query} /> : null}
      <div class="panels">
        {shown.slice(0, most).map((one) => (
          <Panel
            key={one.file.url}
            spectrum={one}
            ranges={ranges}
            large={query.get("large") === one.source}
            enlarge={() => setQuery({ large: query.get("large") === one.source ? null : one.source })}
            fit={() => setQuery({ fit: one.source })}
          />
        ))}
      </div>
      {shown.length > most ? (
        <button type="button" onClick={() => setQuery({ panels: String(most + FIRST_PANELS) })}>
          More ({shown.length - most} spectra)
        </button>
      ) : null}
      {fits && !chosen ? <History fits={fits} of={live.jobId} query={query} /> : null}
    </>
  );
}

/** The spectra of this job are taken as those of this job, whatever the earlier fit called them. */
function withOthers(start: FitStart, own: string[], together: string[]): FitStart {
  return { ...start, spectra: [...new Set([...start.spectra.filter((one) => !own.includes(one)), ...together])] };
}

function saidOf({ model, job }: Earlier): string {
  return `It begins from the last fit of this source, ${model} of ${job.submitted.slice(0, 16).replace("T", " ")} UTC: its best values are the starts.`;
}
