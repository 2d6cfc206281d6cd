// A document of the gateway in a component: what is known of it, and why not more.
import { useEffect, useState } from "preact/hooks";

import { call, Refused } from "./client";

export interface Known<T> {
  value: T | null;
  error: Refused | null;
  /** Ask again; what is shown stays until the answer is there. */
  again: () => void;
}

/** Ask the gateway for *place*, and again when it changes; null asks for nothing. */
export function useCall<T>(place: string | null): Known<T> {
  const [known, set] = useState<{ place: string | null; value: T | null; error: Refused | null }>({
    place: null,
    value: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (place === null) return;
    const stop = new AbortController();
    call<T>(place, { signal: stop.signal })
      .then((value) => set({ place, value, error: null }))
      .catch((error) => {
        if (stop.signal.aborted) return;
        if (!(error instanceof Refused)) throw error;
        set((before) => ({ place, value: before.place === place ? before.value : null, error }));
      });
    return () => stop.abort();
  }, [place, turn]);
  const current = known.place === place;
  return {
    value: current ? known.value : null,
    error: current ? known.error : null,
    again: () => setTurn((count) => count + 1),
  };
}

const LOOK_SECONDS = 10;

/** Ask again every few seconds as long as somebody looks; *wanted*: whether at all. */
export function useRegularly(again: () => void, wanted = true): void {
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => document.hidden || again(), 1000 * LOOK_SECONDS);
    return () => clearInterval(timer);
  }, [wanted]);
}
