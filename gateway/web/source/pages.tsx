// From the address to the screen.
import type { ComponentChild } from "preact";
import { useEffect } from "preact/hooks";

import { useAddress } from "./api/address";
import { later } from "./api/later";
import { Frame } from "./frame";
import { About } from "./page/about";
import { Job } from "./page/job";
import { Jobs } from "./page/jobs";
import { Query } from "./page/query";
import { RequestPage } from "./page/request";
import { SignIn } from "./page/sign_in";
import { Link } from "./parts";

const Gallery = later(() => import("./page/gallery").then((screen) => screen.Gallery));
const Transient = later(() => import("./page/transient").then((screen) => screen.Transient));
const Alerts = later(() => import("./page/alerts").then((screen) => screen.Alerts));
const Operate = later(() => import("./page/operate").then((screen) => screen.Operate));

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
    case "gallery":
      return ["Gallery", <Gallery query={query} />];
    case "transients":
      return [decoded(second), <Transient key={second} name={decoded(second)} query={query} />];
    case "alerts":
      return ["Alerts", <Alerts query={query} />];
    case "operate":
      return ["Operate", <Operate />];
    case "sign-in":
      return ["Sign in", <SignIn query={query} />];
    case "about":
      return ["About", <About />];
    default:
      return ["No such screen", <Missing />];
  }
}

/** A part of an address as it is meant; what is badly written stays, and is told as a name that nobody knows. */
function decoded(part = ""): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
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
