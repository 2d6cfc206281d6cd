// The way from an edited catalogue to the next request: the same windows, with these sources.
import { go } from "../api/address";
import type { InstrumentDocument, JobDocument, RequestDocument, Submission } from "../api/types";
import { useCall } from "../api/use";
import { submissionOf } from "../form/draft";
import { Snippets } from "../form/snippets";
import { Link } from "../parts";
import type { EditedCatalogue } from "./edited_catalogue";
import { keepCatalogue } from "./kept_catalogue";

interface Props {
  job: JobDocument;
  request: RequestDocument | null;
  catalogue: EditedCatalogue;
}

export function UseCatalogue({ job, request, catalogue }: Props) {
  const instrument = useCall<InstrumentDocument>(`/instruments/${job.instrument}`).value;
  const products = Object.entries(instrument?.products ?? {}).filter(([, one]) => "catalogue" in one.parameters);
  const sources = catalogue.used().map(({ name, ra, dec }) => ({ name, ra, dec }));
  const use = (product: string) => {
    keepCatalogue(job.job_id, sources);
    go(`/new?from=${job.request_key}&product=${product}&catalogue=${job.job_id}`);
  };
  const count = sources.length === 1 ? "this source" : `these ${sources.length} sources`;
  return (
    <section aria-label="Use this catalogue">
      <div role="group" aria-label={`Prepare a query with ${count}`} class="row">
        <span>
          Prepare a query of the same windows with {count}
          {sources.length < catalogue.entries.length ? ` of ${catalogue.entries.length}` : ""} at the positions above:
        </span>
        {products.map(([name, one]) => (
          <button key={name} type="button" disabled={!sources.length} title="Opens the form, where it is run" onClick={() => use(name)}>
            {one.title}…
          </button>
        ))}
      </div>
      {job.partial ? (
        <p class="quiet">
          Not all windows of this job were analysed: they would be asked for again.{" "}
          <Link to={`/jobs/${job.job_id}/table`}>The table says which, and why.</Link>
        </p>
      ) : null}
      {catalogue.edited && request && "catalogue" in request.parameters ? (
        <Snippets sent={withCatalogue(request, sources)} title="This job with the changed catalogue, from Python, the command line, curl" />
      ) : null}
    </section>
  );
}

function withCatalogue(request: RequestDocument, sources: { name: string; ra: number; dec: number }[]): Submission {
  const sent = submissionOf(request);
  return { ...sent, parameters: { ...sent.parameters, catalogue: sources } };
}
