// New query: where, when, what, how; beside it what that would take, told anew as it is written.
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { go } from "../api/address";
import { call, Refused } from "../api/client";
import type { InstrumentDocument, JobDocument, RequestDocument, SelectionDocument, Submission } from "../api/types";
import { useCall } from "../api/use";
import { type Draft, draftOf, EMPTY, productOf, submission } from "../form/draft";
import { ParameterField } from "../form/fields";
import { Outline } from "../form/outline";
import { lacksPosition, placed, positionOf } from "../form/position";
import { Where, When } from "../form/selection";
import { Snippets } from "../form/snippets";
import { duration, ErrorText } from "../parts";
import { takeCatalogue } from "../table/kept_catalogue";

const PAUSE_MS = 400;

export function Query({ query }: { query: URLSearchParams }) {
  const { value: instruments, error, again } = useCall<InstrumentDocument[]>("/instruments");
  const from = query.get("from");
  const earlier = useCall<RequestDocument>(from ? `/requests/${from}` : null);
  if (error) return <ErrorText error={error} again={again} />;
  if (earlier.error) return <ErrorText error={earlier.error} />;
  if (!instruments || (from && !earlier.value)) return <p>Asking the mesh…</p>;
  const begun = earlier.value ? draftOf(earlier.value) : { ...EMPTY };
  return <Form key={location.search} instruments={instruments} begun={filled(begun, query)} />;
}

/** Fill in what the address says. */
function filled(draft: Draft, query: URLSearchParams): Draft {
  const known: Draft = { ...draft, values: { ...draft.values } };
  for (const name of ["instrument", "product", "source", "ra", "dec", "radius", "t1", "t2"] as const) {
    known[name] = query.get(name) ?? known[name];
  }
  const spectra = query.get("spectra");
  if (spectra) known.values.spectra = spectra.split(",");
  const job = query.get("catalogue");
  const sources = job ? takeCatalogue(job) : null;
  if (sources) known.values.catalogue = sources;
  return known;
}

function Form({ instruments, begun }: { instruments: InstrumentDocument[]; begun: Draft }) {
  const [draft, setDraft] = useState(begun);
  const [refused, refuse] = useState<Refused | null>(null);
  const [sending, setSending] = useState(false);
  const list = useRef<HTMLDivElement | null>(null);
  // Equal key, equal job: what is sent again after a broken connection is not made twice.
  const key = useMemo(() => crypto.randomUUID?.() ?? String(Math.random()), [draft]);
  const product = productOf(instruments, draft);
  const sent = submission(draft, product);
  const { told, live } = useTold(lacksPosition(draft, product) ? null : sent);
  const change = (values: Partial<Draft>) => {
    refuse(null);
    setDraft((before) => ({ ...before, ...values }));
  };
  const shown = refused ?? live;
  const errors: Record<string, string> = {};
  for (const one of shown?.fields ?? []) errors[fieldOf(one.field)] ??= one.detail;
  const instrument = instruments.find((one) => one.name === draft.instrument);

  /** The submission of who pressed Run right behind the name. */
  const withPosition = async () => {
    try {
      const place = placed(await positionOf(draft.source.trim()));
      change(place);
      return submission({ ...draft, ...place }, product);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const entry = { field: "source", detail: error.message, allowed: null, type: "not-found" };
      throw new Refused({ ...error.problem, errors: [entry] }, error.retryAfter);
    }
  };
  const send = async () => {
    setSending(true);
    try {
      const body = lacksPosition(draft, product) ? await withPosition() : sent;
      const job = await call<JobDocument>("/jobs", { method: "POST", body, headers: { "Idempotency-Key": key } });
      go(`/jobs/${job.job_id}/table`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
      requestAnimationFrame(() => {
        const first = document.querySelector<HTMLElement>("form [aria-invalid=true]");
        (first ?? list.current)?.focus();
      });
    } finally {
      setSending(false);
    }
  };
  const fields = Object.entries(product?.parameters ?? {});
  const field = ([name, declared]: (typeof fields)[number]) => (
    <ParameterField
      key={name}
      name={name}
      declared={declared}
      value={draft.values[name] ?? declared.default}
      error={errors[`parameters.${name}`]}
      set={(value) => change({ values: { ...draft.values, [name]: value } })}
    />
  );
  const basic = fields.filter(([, declared]) => declared.group === "basic");
  const advanced = fields.filter(([, declared]) => declared.group === "advanced");
  return (
    <>
      <h1>New query</h1>
      <div class="two">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <fieldset>
            <legend>What</legend>
            <div class="row">
              <div class="field">
                <label for="instrument">Instrument</label>
                <select
                  id="instrument"
                  value={draft.instrument}
                  onChange={(event) => {
                    const chosen = instruments.find((one) => one.name === event.currentTarget.value);
                    const first = Object.keys(chosen?.products ?? {})[0] ?? "";
                    change({ instrument: event.currentTarget.value, product: first });
                  }}
                >
                  {instruments.map((one) => (
                    <option key={one.name} value={one.name}>
                      {one.title}
                    </option>
                  ))}
                </select>
              </div>
              <div class="field">
                <label for="product">Product</label>
                <select id="product" value={draft.product} onChange={(event) => change({ product: event.currentTarget.value })}>
                  {Object.entries(instrument?.products ?? {}).map(([name, one]) => (
                    <option key={name} value={name}>
                      {one.title}
                    </option>
                  ))}
                </select>
              </div>
            </div>
            <p class="help">{product?.help}</p>
          </fieldset>
          <Where draft={draft} product={product} errors={errors} change={change} />
          <When draft={draft} product={product} errors={errors} change={change} />
          {fields.length ? (
            <fieldset>
              <legend>How</legend>
              {basic.map(field)}
              {advanced.length ? (
                <details open={advanced.some(([name]) => errors[`parameters.${name}`])}>
                  <summary>Advanced</summary>
                  {advanced.map(field)}
                </details>
              ) : null}
            </fieldset>
          ) : null}
          <Refusal refused={refused} errors={errors} focus={list} />
          <p class="row">
            <button class="main" type="submit" disabled={sending}>
              {sending ? "Sending…" : "Run"}
            </button>
          </p>
          <Snippets sent={sent} />
        </form>
        <aside aria-label="What this would take">
          <Told told={told} live={live} />
          <Outline told={told} cone={sent.selection?.cone ?? null} />
        </aside>
      </div>
    </>
  );
}

/** Errors name the entry of a list; the field is that of the whole list. */
function fieldOf(name: string): string {
  return name.replace(/\[.*$/, "").replace(/^(parameters\.[^.]+)\..*$/, "$1");
}

/** What the mesh says to a submission as it stands: asked a moment after the last key. */
function useTold(sent: Submission | null): { told: SelectionDocument | null; live: Refused | null } {
  const [known, set] = useState<{ told: SelectionDocument | null; live: Refused | null }>({ told: null, live: null });
  const text = JSON.stringify(sent);
  useEffect(() => {
    const stop = new AbortController();
    const asked: Submission | null = JSON.parse(text);
    const { scws, time } = asked?.selection ?? {};
    // An empty form is no error yet.
    if (!asked || (scws && scws.length === 0) || (time && (!time.t1 || !time.t2))) {
      set({ told: null, live: null });
      return;
    }
    const timer = setTimeout(() => {
      call<SelectionDocument>("/selections", { method: "POST", body: asked, signal: stop.signal })
        .then((told) => set({ told, live: null }))
        .catch((error) => {
          if (stop.signal.aborted) return;
          if (!(error instanceof Refused)) throw error;
          set({ told: null, live: error });
        });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return known;
}

function Told({ told, live }: { told: SelectionDocument | null; live: Refused | null }) {
  if (live) {
    return (
      <div role="status" id="told">
        <p class="error">{live.message}</p>
      </div>
    );
  }
  if (!told) {
    return (
      <div role="status" id="told">
        <p class="quiet">What this would take is told here as you write.</p>
      </div>
    );
  }
  return (
    <div role="status" id="told">
      {told.unit === "nothing" ? (
        <p>It is made of what its parameters name.</p>
      ) : (
        <p class="count">
          <strong>
            {told.count} {told.unit}
          </strong>
          {told.exposure_s ? `, ${duration(told.exposure_s)} together` : ""}
          {told.first ? `, from ${told.first.replace("T", " ")} to ${told.last?.replace("T", " ")}` : ""}
        </p>
      )}
      {told.asked_before ? <p>Somebody asked for the same before: what was kept of it is used.</p> : null}
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
    </div>
  );
}

function Refusal(props: {
  refused: Refused | null;
  errors: Record<string, string>;
  focus: RefObject<HTMLDivElement | null>;
}) {
  const { refused, errors, focus } = props;
  if (!refused) return null;
  const usage = refused.problem.usage;
  return (
    <div class="error" role="alert" tabIndex={-1} ref={focus}>
      <p>{refused.message}</p>
      {Object.keys(errors).length > 1 ? (
        <ul>
          {Object.entries(errors).map(([name, text]) => (
            <li key={name}>
              <a href={`#${name}`} onClick={() => document.getElementById(name)?.focus()}>
                {text}
              </a>
            </li>
          ))}
        </ul>
      ) : null}
      {usage ? (
        <p>
          You have {usage.jobs} of {usage.jobs_limit} jobs and {usage.units} of {usage.units_limit} units waiting.
        </p>
      ) : null}
      {refused.retryAfter ? <p>The same may succeed in {refused.retryAfter} s: press Run again then.</p> : null}
    </div>
  );
}
