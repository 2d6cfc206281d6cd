// Small parts that every screen uses: links, times, errors, states with their signs.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { go, path, root } from "./api/address";
import type { Refused } from "./api/client";
import type { UnitState } from "./api/types";

interface LinkProps {
  to: string;
  children: ComponentChildren;
  class?: string;
  current?: boolean;
  title?: string;
}

/** A link to another screen; with a modifier key the browser opens it as it does others. */
export function Link({ to, children, current = false, ...others }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={root + to} onClick={follow} aria-current={current ? "page" : undefined} {...others}>
      {children}
    </a>
  );
}

/** What went wrong, as a sentence, with the number that operators find it by. */
export function ErrorText({ error, again }: { error: Refused; again?: () => void }) {
  const request = error.problem.request_id;
  return (
    <p class="error" role="alert">
      {error.message}
      {request && error.status >= 500 ? <small> (request {request})</small> : null}
      {error.status === 401 ? (
        <>
          {" "}
          <Link to={`/sign-in?to=${encodeURIComponent(path())}`}>Sign in</Link>
        </>
      ) : null}
      {again ? (
        <>
          {" "}
          <button type="button" onClick={again}>
            Try again
          </button>
        </>
      ) : null}
    </p>
  );
}

/** An instant, UTC, to the second. */
export function Time({ at }: { at: string | null }) {
  if (!at) return <span>–</span>;
  const text = at.replace("T", " ").replace(/(\.\d+)?Z?$/, "");
  return (
    <time dateTime={at} title="UTC">
      {text}
    </time>
  );
}

/** A duration as people say it. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86400).toFixed(1)} d`;
}

/** A file's size as people say it. */
export function bytes(size: number): string {
  if (size < 1e3) return `${size} B`;
  if (size < 1e6) return `${(size / 1e3).toFixed(0)} kB`;
  if (size < 1e9) return `${(size / 1e6).toFixed(1)} MB`;
  return `${(size / 1e9).toFixed(1)} GB`;
}

/** Every state has a sign of its own: colour alone tells nothing to some. */
export const SIGNS: Record<UnitState, string> = {
  waiting: "·",
  queued: "○",
  running: "▶",
  cached: "≡",
  done: "✓",
  failed: "✕",
  cancelled: "–",
};

export const STATE_WORDS: Record<string, string> = {
  PENDING: "waits to be planned",
  QUEUED: "queued",
  EXECUTING: "running",
  COMPLETED: "completed",
  ERROR: "failed",
  ABORTED: "cancelled",
};

/** Put a text where others paste it from; false: the browser lets nobody. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https there is no clipboard, but what is marked can be copied.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/** Copies a text, and says whether it did. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, say] = useState("Copy");
  const copy = async () => {
    say((await copied(text)) ? "Copied" : "Mark the text and copy it by hand");
    setTimeout(() => say("Copy"), 3000);
  };
  return (
    <button type="button" onClick={copy} aria-label={said === "Copy" ? `Copy ${what}` : said}>
      {said}
    </button>
  );
}
