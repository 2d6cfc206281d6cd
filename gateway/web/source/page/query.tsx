// New query: where, when, what, how; beside it what that would take, told anew as it is written.
import { useEffect, useRef, useState } from "preact/hooks";

import { go } from "../api/address";
import { Refused } from "../api/client";
import { submit } from "../api/submit";
import type { ArchiveDocument, InstrumentDocument, RequestDocument, Submission } from "../api/types";
import { useCall } from "../api/use";
import { withTimes, wrongNumbers } from "../form/check";
import { type Draft, draftOf, EMPTY, productOf, submission } from "../form/draft";
import { ParameterField } from "../form/fields";
import { forgetDraft, isEmpty, keepDraft, keptDraft } from "../form/kept_draft";
import { Outline } from "../form/outline";
import { lacksPosition, placed, positionOf } from "../form/position";
import { errorsOf, Refusal } from "../form/refusal";
import { sentence } from "../form/sentence";
import { Snippets } from "../form/snippets";
import { Brief, Told, useAnswer } from "../form/told";
import { When } from "../form/when";
import { Where } from "../form/where";
import { ErrorText, Link } from "../parts";
import { takeCatalogue } from "../table/kept_catalogue";

export function Query({ query }: { query: URLSearchParams }) {
  const [turn, setTurn] = useState(0);
  const startAnew = () => {
    forgetDraft();
    go("/new");
    setTurn((count) => count + 1);
  };
  const { value: instruments, error, again } = useCall<InstrumentDocument[]>("/instruments");
  const from = query.get("from");
  const earlier = useCall<RequestDocument>(from ? `/requests/${from}` : null);
  if (error) return <ErrorText error={error} again={again} />;
  if (earlier.error) return <ErrorText error={earlier.error} />;
  if (!instruments || (from && !earlier.value)) return <p>Asking the mesh…</p>;
  const named = [...query.keys()].length > 0;
  // An address that says something begins anew; without one goes on what was written before.
  const begun = earlier.value ? draftOf(earlier.value) : named ? { ...EMPTY } : keptDraft();
  return (
    <>
      <h1>New query</h1>
      {earlier.value ? (
        <Begun request={earlier.value} job={query.get("job")} instruments={instruments} />
      ) : !named && !isEmpty(begun) ? (
        <p>
          This is what you wrote last in this tab. <em>Clear the form</em>, beside Run, begins anew.
        </p>
      ) : (
        <p>
          odamesh analyses data of INTEGRAL and POLAR for you: say what, where and when, and get images, spectra, light curves and
          bursts. <Link to="/about">More about it</Link>
        </p>
      )}
      <Form key={`${location.search} ${turn}`} instruments={instruments} begun={filled(begun, query)} startAnew={startAnew} />
    </>
  );
}

/** What an edited request was before. */
function Begun({ request, job, instruments }: { request: RequestDocument; job: string | null; instruments: InstrumentDocument[] }) {
  return (
    <p>
      From {job ? <Link to={`/jobs/${job}/table`}>the job {job.slice(0, 8)}</Link> : <Link to={`/requests/${request.request_key}`}>the request</Link>}:{" "}
      {sentence(request, instruments)}. Change what you want, and run it.
    </p>
  );
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
  // A hundred-thousandth of a degree is far below what any instrument here resolves.
  const short = (value: number) => Number(value.toFixed(5));
  if (sources) known.values.catalogue = sources.map(({ name, ra, dec }) => ({ name, ra: short(ra), dec: short(dec) }));
  return known;
}

function Form({ instruments, begun, startAnew }: { instruments: InstrumentDocument[]; begun: Draft; startAnew: () => void }) {
  const [draft, setDraft] = useState(begun);
  const [refused, refuse] = useState<Refused | null>(null);
  const [sending, setSending] = useState(false);
  const list = useRef<HTMLDivElement | null>(null);
  const product = productOf(instruments, draft);
  const sent = submission(draft, product);
  const archive = useCall<ArchiveDocument>("/archive").value;
  const answer = useAnswer(lacksPosition(draft, product) ? null : sent);
  const { told } = answer;
  const whole = useAnswer(wholeTime(sent, draft, archive));
  useEffect(() => keepDraft(draft), [draft]);
  // What was found last: a list begins with it, also when the time has been spoilt since.
  const found = useRef(told);
  found.current = told ?? whole.told ?? found.current;
  const change = (values: Partial<Draft>) => {
    refuse(null);
    setDraft((before) => ({ ...before, ...values }));
  };
  const errors = { ...wrongNumbers(draft, product), ...errorsOf(refused ?? answer.refused) };
  const kinds = product?.selection ?? [];
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
      let body = lacksPosition(draft, product) ? await withPosition() : sent;
      if (body.selection?.time) {
        // Who pressed Run right behind a time did not leave its field.
        const times = await withTimes(draft);
        if (times.t1 !== draft.t1 || times.t2 !== draft.t2) change(times);
        body = { ...body, selection: { ...body.selection, time: times } };
      }
      const job = await submit(body);
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
        <When draft={draft} product={product} archive={archive} found={found.current} errors={errors} change={change} />
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
        <Refusal refused={refused} errors={errorsOf(refused)} product={product} focus={list} />
        <p class="row">
          <button class="main" type="submit" disabled={sending}>
            {sending ? "Sending…" : "Run"}
          </button>
          <Brief answer={answer} />
          {isEmpty(draft) ? null : (
            <button type="button" onClick={startAnew}>
              Clear the form
            </button>
          )}
        </p>
        <Snippets sent={sent} />
      </form>
      <aside aria-label="What this would take">
        <Told answer={answer} whole={whole} draft={draft} lists={kinds.includes("windows")} change={change} />
        <Outline told={told ?? whole.told} cone={coneOf(sent)} />
      </aside>
    </div>
  );
}

function coneOf(sent: Submission) {
  return sent.selection?.cone ?? null;
}

/** The same over the whole time of the archive, where only a place is written yet. */
function wholeTime(sent: Submission, draft: Draft, archive: ArchiveDocument | null): Submission | null {
  const held = archive?.instruments[draft.instrument];
  const cone = coneOf(sent);
  if (!cone || !held?.first || !held.last || draft.t1.trim() || draft.t2.trim()) return null;
  return { instrument: sent.instrument, product: sent.product, selection: { cone, time: { t1: held.first, t2: held.last } } as Submission["selection"] };
}
