// What takes long, beside the page: reading light curves and making their scales.
import { readCurve } from "../plot/curve_file";

interface Asked {
  number: number;
  content: ArrayBuffer;
  factor: number;
}

addEventListener("message", (event: MessageEvent<Asked>) => {
  const { number, content, factor } = event.data;
  readCurve(content, factor)
    .then((read) => postMessage({ number, read }))
    .catch((error: Error) => postMessage({ number, failed: error.message }));
});
