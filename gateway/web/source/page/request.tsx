// The permanent link of a request: what was asked for, and one button that has it made again.
import { useState } from "preact/hooks";

import { go } from "../api/address";
import { call, Refused } from "../api/client";
import type { InstrumentDocument, JobDocument, RequestDocument } from "../api/types";
import { useCall } from "../api/use";
import { sentence } from "../form/draft";
import { ErrorText, Link } from "../parts";

export function RequestPage({ requestKey }: { requestKey: string }) {
  const { value: request, error, again } = useCall<RequestDocument>(`/requests/${requestKey}`);
  const instruments = useCall<InstrumentDocument[]>("/instruments").value;
  const [refused, refuse] = useState<Refused | null>(null);
  if (error) return <ErrorText error={error} again={again} />;
  if (!request) return <p>Asking the mesh…</p>;
  const title = instruments?.find((one) => one.name === request.instrument)?.products[request.product]?.title;
  const make = async () => {
    try {
      const job = await call<JobDocument>(`/requests/${requestKey}/jobs`, { method: "POST", body: {} });
      go(`/jobs/${job.job_id}/table`);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      refuse(problem);
    }
  };
  return (
    <>
      <h1>{sentence(request, title ?? request.product)}</h1>
      <p class="quiet">
        This link is permanent: <code>{requestKey}</code>
      </p>
      {refused ? <ErrorText error={refused} /> : null}
      <p class="row">
        <button class="main" type="button" onClick={make}>
          Make it again
        </button>
        <span class="quiet">What was kept is used; what was not is computed.</span>
        <Link to={`/new?from=${requestKey}`}>Edit</Link>
      </p>
      <h2>Parameters</h2>
      <table>
        <tbody>
          {Object.entries(request.parameters).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="mono">{JSON.stringify(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
