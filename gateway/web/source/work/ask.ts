// Asks the worker, which is begun at the first question.
import { workerUrl } from "../api/address";
import type { ReadCurve } from "../plot/curve_file";

/** Light curves of one file; or, with *bands*, the hardness of a source of two files, soft and hard. */
export interface Asked {
  contents: [ArrayBuffer, ArrayBuffer?];
  bands: [string, string] | null;
  factor: number;
}

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, { done: (read: ReadCurve[]) => void; failed: (error: Error) => void }>();

/** Read light curves in the worker. */
export function curvesOf(asked: Asked): Promise<ReadCurve[]> {
  if (!worker) {
    worker = new Worker(workerUrl, { type: "module" });
    worker.onmessage = (event: MessageEvent<{ number: number; read?: ReadCurve[]; failed?: string }>) => {
      const { number, read, failed } = event.data;
      const one = waiting.get(number);
      waiting.delete(number);
      if (read) one?.done(read);
      else one?.failed(new Error(failed));
    };
  }
  const number = ++last;
  const answer = new Promise<ReadCurve[]>((done, failed) => waiting.set(number, { done, failed }));
  worker.postMessage({ number, ...asked });
  return answer;
}
