// Asks the worker, which is begun at the first question.
import { workerUrl } from "../api/address";
import type { ReadCurve } from "../plot/curve_file";

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, { done: (read: ReadCurve) => void; failed: (error: Error) => void }>();

/** Read a light curve in the worker. */
export function curveOf(content: ArrayBuffer, factor: number): Promise<ReadCurve> {
  if (!worker) {
    worker = new Worker(workerUrl, { type: "module" });
    worker.onmessage = (event: MessageEvent<{ number: number; read?: ReadCurve; failed?: string }>) => {
      const { number, read, failed } = event.data;
      const asked = waiting.get(number);
      waiting.delete(number);
      if (read) asked?.done(read);
      else asked?.failed(new Error(failed));
    };
  }
  const number = ++last;
  const answer = new Promise<ReadCurve>((done, failed) => waiting.set(number, { done, failed }));
  worker.postMessage({ number, content, factor });
  return answer;
}
