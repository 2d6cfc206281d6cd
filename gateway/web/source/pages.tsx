// From the address to the screen.
import type { ComponentChild } from "preact";
import { useEffect } from "preact/hooks";

import { useAddress } from "./api/address";
import { Frame } from "./frame";
import { About } from "./page/about";
import { Job } from "./page/job";
import { Jobs } from "./page/jobs";
import { Query } from "./page/query";
import { RequestPage } from "./page/request";
import { Link } from "./parts";

export function Pages() {
  const { path, query } = useAddress();
  const [title, screen] = screenOf(path, query);
  useEffect(() => {
    document.title = `${title} · odamesh`;
  }, [title]);
  return <Frame path={path}>{screen}</Frame>;
}

function screenOf(path: string, query: URLSearchParams): [string, ComponentChild] {
  const [first = "", second, third] = path.split("/").slice(1);
  switch (first) {
    case "":
    case "new":
      return ["New query", <Query query={query} />];
    case "jobs":
      if (second) return [`Job ${second.slice(0, 8)}`, <Job key={second} id={second} tab={third ?? "table"} query={query} />];
      return ["Jobs", <Jobs query={query} />];
    case "requests":
      return ["Request", <RequestPage key={second} requestKey={second ?? ""} />];
    case "about":
      return ["About", <About />];
    default:
      return ["No such screen", <Missing />];
  }
}

function Missing() {
  return (
    <>
      <h1>No such screen</h1>
      <p>
        The page has none at this address. <Link to="/jobs">The newest jobs</Link> are a way back.
      </p>
    </>
  );
}
