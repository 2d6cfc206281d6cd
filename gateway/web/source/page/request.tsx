// The permanent link of a request: what was asked for, the job that made it, and one button that has it made again.
import { useState } from "preact/hooks";

import { go } from "../api/address";
import { Refused } from "../api/client";
import { submit } from "../api/submit";
import type { InstrumentDocument, JobList, ProductDocument, RequestDocument, Selection } from "../api/types";
import { useCall } from "../api/use";
import { sentence } from "../form/sentence";
import { ErrorText, Link, Time } from "../parts";
import { stateOf } from "./job_head";
import { jobAddress, resultTab } from "./job_tabs";

export function RequestPage({ requestKey }: { requestKey: string }) {
  const { value: request, error, again } = useCall<RequestDocument>(`/requests/${requestKey}`);
  const instruments = useCall<InstrumentDocument[]>("/instruments").value;
  const [refused, refuse] = useState<Refused | null>(null);
  if (error) return <ErrorText error={error} again={again} />;
  if (!request) return <p>Asking the mesh…</p>;
  const product = instruments?.find((one) => one.name === request.instrument)?.products[request.product];
  const make = async () => {
    try {
      const job = await submit({}, `/requests/${requestKey}/jobs`);
      go(`/jobs/${job.job_id}/table`);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      refuse(problem);
    }
  };
  return (
    <>
      <h1>{sentence(request, instruments)}</h1>
      <p class="quiet">
        This link is permanent: <code class="key">{requestKey}</code>
      </p>
      {refused ? <ErrorText error={refused} /> : null}
      <Made request={request} product={product} />
      <p class="row">
        <button class="main" type="button" onClick={make}>
          Run again
        </button>
        <span class="quiet">What was kept is used; what was not is computed.</span>
        <Link to={`/new?from=${requestKey}`}>Edit and run again</Link>
      </p>
      <Chosen selection={request.selection} />
      <h2>Parameters</h2>
      <div class="wide">
        <table>
          <tbody>
            {Object.entries(request.parameters).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{product?.parameters[name]?.label ?? name}</th>
                <td>{written(value, product?.parameters[name]?.unit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The value of a parameter as a form shows it. */
function written(value: unknown, unit: string | null | undefined): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const behind = unit ? ` ${unit}` : "";
  if (typeof value === "number") return `${value}${behind}`;
  if (typeof value === "string") return value || "–";
  const pairs = Array.isArray(value) && value.length && value.every((one) => Array.isArray(one) && one.length === 2);
  return pairs ? `${value.map((one) => one.join("–")).join(", ")}${behind}` : JSON.stringify(value);
}

/** The newest job of the request that the caller may see, before all one that has ended well. */
function Made({ request, product }: { request: RequestDocument; product: ProductDocument | undefined }) {
  const { instrument, request_key } = request;
  const jobs = useCall<JobList>(`/jobs?instrument=${instrument}&product=${request.product}&limit=100`).value?.jobs;
  const its = jobs?.filter((job) => job.request_key === request_key) ?? [];
  const job = its.find((one) => one.state === "COMPLETED") ?? its[0];
  if (!job) return null;
  return (
    <p class="row">
      {job.products_total && product ? <Link to={jobAddress(job, product)}>See the {resultTab(product).what}</Link> : null}
      <span>
        of the job{" "}
        <Link to={`/jobs/${job.job_id}/table`}>
          <code>{job.job_id.slice(0, 8)}</code>
        </Link>
        , {stateOf(job)} <Time at={job.finished ?? job.submitted} /> UTC
      </span>
    </p>
  );
}

function Chosen({ selection }: { selection: Selection }) {
  const { scws, time, cone, max_pointings } = selection;
  if (!scws && !time) return null;
  return (
    <>
      <h2>Data</h2>
      {scws ? (
        <details open={scws.length <= 20}>
          <summary>
            {scws.length} science window{scws.length === 1 ? "" : "s"}
          </summary>
          <p class="mono">{scws.join(" ")}</p>
        </details>
      ) : null}
      {time ? (
        <p>
          From <Time at={time.t1} /> to <Time at={time.t2} /> UTC, the end not included
          {cone ? `; pointing axes within ${cone.radius}° of RA ${cone.ra}°, Dec ${cone.dec}°` : ""}
          {max_pointings ? `; at most ${max_pointings} windows, evenly spread` : ""}.
        </p>
      ) : null}
    </>
  );
}
