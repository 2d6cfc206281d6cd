// The address of the page is its state: which screen, and in the query what of it is seen.
import { useEffect, useState } from "preact/hooks";

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="odamesh-${name}"]`)?.content ?? "";
}

/** Path below which the gateway is reached; empty, or begins with a slash. */
export const root = meta("root");
export const version = meta("version");
export const workerUrl = meta("worker");
export const aladinUrl = meta("aladin");

const changed = new EventTarget();

/** Path of the screen that is shown, without the root. */
export function path(): string {
  const whole = location.pathname;
  return (whole.startsWith(root) ? whole.slice(root.length) : whole) || "/";
}

/** Go to another screen, or another state of this one; *replace*: no step of its own for the button "back". */
export function go(to: string, replace = false): void {
  const url = root + to;
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  changed.dispatchEvent(new Event("change"));
  if (!replace) scrollTo(0, 0);
}

/** Follow the address: the component is drawn again when it changes. */
export function useAddress(): { path: string; query: URLSearchParams } {
  const [, redraw] = useState(0);
  useEffect(() => {
    const again = () => redraw((count) => count + 1);
    addEventListener("popstate", again);
    changed.addEventListener("change", again);
    return () => {
      removeEventListener("popstate", again);
      changed.removeEventListener("change", again);
    };
  }, []);
  return { path: path(), query: new URLSearchParams(location.search) };
}

/** Write values into the query of this screen; null takes one out. */
export function setQuery(values: Record<string, string | null>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(path() + (text ? `?${text}` : "") + location.hash, true);
}
