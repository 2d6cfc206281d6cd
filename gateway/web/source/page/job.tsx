// A job: its head, which all its tabs share, and the tabs. What lights up, exists; nothing jumps.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";

import { setQuery } from "../api/address";
import { call, Refused } from "../api/client";
import { later } from "../api/later";
import type { InstrumentDocument, JobDocument, LinkedFile, LinkedProduct, ProductList, RequestDocument } from "../api/types";
import { useCall } from "../api/use";
import { ErrorText, Link } from "../parts";
import { type LiveJob, useJob } from "../table/live";
import { Units } from "../table/units";
import { Files } from "./files";
import { Head, stateOf } from "./job_head";
import { type Role, TABS, tabsOf } from "./job_tabs";

const SkyTab = later(() => import("./sky").then((screen) => screen.SkyTab));
const CurvesTab = later(() => import("./curves").then((screen) => screen.CurvesTab));
const SpectraTab = later(() => import("./spectra").then((screen) => screen.SpectraTab));
const BurstsTab = later(() => import("./bursts").then((screen) => screen.BurstsTab));
const FitTab = later(() => import("./fit").then((screen) => screen.FitTab));

/** A file of the result of a job, and what it is. */
export interface Result extends LinkedFile {
  role: Role | null;
}

export interface TabProps {
  live: LiveJob;
  results: Result[];
  request: RequestDocument | null;
  query: URLSearchParams;
}

export function Job({ id, tab, query }: { id: string; tab: string; query: URLSearchParams }) {
  const live = useJob(id);
  const job = live?.job ?? null;
  const request = useCall<RequestDocument>(job ? `/requests/${job.request_key}` : null).value;
  const instruments = useCall<InstrumentDocument[]>("/instruments").value;
  const products = useProducts(job);
  const product = instruments?.find((one) => one.name === job?.instrument)?.products[job?.product ?? ""];
  const roles = product?.results ?? {};
  const results = products.flatMap((product) => product.files.map((file) => ({ ...file, role: roleOf(file.name, roles) })));
  if (live?.error) {
    return (
      <>
        <h1>Job {id.slice(0, 8)}</h1>
        <ErrorText error={live.error} />
      </>
    );
  }
  if (!live || !job) return <p>Asking the mesh…</p>;
  const there = (role: Role | undefined) => !role || results.some((file) => file.role === role);
  // What the record counts is there before its files are listed.
  const listed = products.length >= job.products_total;
  const role = TABS.find((one) => one.name === tab)?.role;
  return (
    <>
      <Head live={live} job={job} tab={tab} request={request} instruments={instruments} product={product} />
      <nav class="tabs" aria-label="Of this job">
        {tabsOf(product).map((one) => (
          <Link key={one.name} to={`/jobs/${id}/${one.name}`} current={one.name === tab}>
            {one.text}
            {there(one.role) || !listed ? "" : job.final ? " (none)" : " (not yet)"}
          </Link>
        ))}
      </nav>
      {listed && job.final && product && (tab === "files" ? !results.length : !there(role)) ? (
        <p>
          The job is {stateOf(job)}: there is no {tabsOf(product).find((one) => one.name === tab)?.what ?? "result"}.{" "}
          <Link to={`/jobs/${id}/table`}>The table</Link> tells what became of each window.
        </p>
      ) : (
        contents(tab, { live, results, request, query })
      )}
    </>
  );
}

function contents(tab: string, props: TabProps): ComponentChild {
  switch (tab) {
    case "sky":
      return <SkyTab {...props} />;
    case "spectra":
      return <SpectraTab {...props} />;
    case "fit":
      return <FitTab {...props} />;
    case "curves":
      return <CurvesTab {...props} />;
    case "bursts":
      return <BurstsTab {...props} />;
    case "files":
      if (!props.results.length) return <p>{props.live.job?.products_total ? "Asking the mesh…" : "There is no result yet."}</p>;
      return <Files job={props.live.jobId} results={props.results} />;
    default:
      return <Units live={props.live} query={props.query} set={setQuery} />;
  }
}

/** All products that are the result: the record names the first ones only. */
function useProducts(job: JobDocument | null): LinkedProduct[] {
  const [found, set] = useState<LinkedProduct[]>([]);
  const total = job?.products_total ?? 0;
  const id = job?.job_id;
  useEffect(() => {
    if (!id || !total) return;
    let over = false;
    const read = async () => {
      const all: LinkedProduct[] = [];
      let place: string | null = `/jobs/${id}/products?limit=1000`;
      while (place && !over) {
        const page: ProductList = await call(place);
        all.push(...page.products);
        place = page.next;
      }
      if (!over) set(all);
    };
    read().catch((error) => {
      // The table says that the mesh is not connected.
      if (!(error instanceof Refused)) throw error;
    });
    return () => {
      over = true;
    };
  }, [id, total, job?.state]);
  return found;
}

function roleOf(name: string, roles: Record<string, Role>): Role | null {
  for (const [pattern, role] of Object.entries(roles)) {
    const written = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
    if (new RegExp(`^${written}$`).test(name)) return role;
  }
  return null;
}
