// The way from an edited catalogue to the next request: the same windows, with these sources.
import { go } from "../api/address";
import type { InstrumentDocument } from "../api/types";
import { useCall } from "../api/use";
import { Link } from "../parts";
import type { EditedCatalogue } from "./edited_catalogue";
import { keepCatalogue } from "./kept_catalogue";

export function UseCatalogue(props: { jobId: string; instrument: string; requestKey: string; catalogue: EditedCatalogue }) {
  const { jobId, catalogue } = props;
  const instrument = useCall<InstrumentDocument>(`/instruments/${props.instrument}`).value;
  const products = Object.entries(instrument?.products ?? {}).filter(([, one]) => "catalogue" in one.parameters);
  const used = catalogue.used();
  const use = (product: string) => {
    keepCatalogue(jobId, used.map(({ name, ra, dec }) => ({ name, ra, dec })));
    go(`/new?from=${props.requestKey}&product=${product}&catalogue=${jobId}`);
  };
  return (
    <div role="group" aria-label="Use this catalogue" class="row">
      <span>
        {used.length} of {catalogue.entries.length} sources: use this catalogue for
      </span>
      {products.map(([name, one]) => (
        <button key={name} type="button" disabled={!used.length} onClick={() => use(name)}>
          {one.title}
        </button>
      ))}
      <Link to={`/jobs/${jobId}/files`}>files</Link>
    </div>
  );
}
