// What the mesh refused of a form: each error names its field as the form does, and leads there.
import type { RefObject } from "preact";

import type { Refused } from "../api/client";
import type { ProductDocument } from "../api/types";

const LABELS: Record<string, string> = {
  source: "Source",
  "selection.scws": "Science windows",
  "selection.time": "From, to",
  "selection.time.t1": "From",
  "selection.time.t2": "To",
  "selection.cone": "Where",
  "selection.cone.ra": "RA",
  "selection.cone.dec": "Dec",
  "selection.cone.radius": "Radius",
  "selection.max_pointings": "At most",
};

/** What the form calls a field. */
function labelOf(field: string, product: ProductDocument | undefined): string {
  const parameter = /^parameters\.(.+)$/.exec(field)?.[1];
  return LABELS[field] ?? (parameter ? product?.parameters[parameter]?.label : undefined) ?? "";
}

/** Errors by field: those of the entries of a list are the list's, and none has a name that the form does not show. */
export function errorsOf(refused: Refused | null): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const one of refused?.fields ?? []) {
    const field = one.field.replace(/\[.*$/, "").replace(/^(parameters\.[^.]+)\..*$/, "$1");
    errors[field] ??= inWords(one.detail);
  }
  return errors;
}

function inWords(detail: string): string {
  const text = detail.replace(/^(selection|parameters|since|until)[\w.[\]]*: /, "");
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function Refusal(props: {
  refused: Refused | null;
  errors: Record<string, string>;
  product: ProductDocument | undefined;
  focus: RefObject<HTMLDivElement | null>;
}) {
  const { refused, errors, product, focus } = props;
  if (!refused) return null;
  const usage = refused.problem.usage;
  const listed = Object.entries(errors);
  return (
    <div class="error" role="alert" tabIndex={-1} ref={focus}>
      {listed.length ? (
        <>
          <p>{listed.length === 1 ? "One field needs another value:" : `${listed.length} fields need other values:`}</p>
          <ul>
            {listed.map(([name, text]) => (
              <li key={name}>
                <a
                  href={`#${name}`}
                  onClick={(event) => {
                    event.preventDefault();
                    document.getElementById(name)?.focus();
                  }}
                >
                  {labelOf(name, product) || "The request"}
                </a>
                : {text}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>{inWords(refused.message)}</p>
      )}
      {usage ? (
        <p>
          You have {usage.jobs} of {usage.jobs_limit} jobs and {usage.units} of {usage.units_limit} units waiting.
        </p>
      ) : null}
      {refused.retryAfter ? <p>The same may succeed in {refused.retryAfter} s: press Run again then.</p> : null}
    </div>
  );
}
