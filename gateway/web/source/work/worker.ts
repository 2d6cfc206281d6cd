// What takes long, beside the page: reading light curves and making their scales.
import { readCurves, readHardness } from "../plot/curve_file";
import type { Asked } from "./ask";

addEventListener("message", (event: MessageEvent<Asked & { number: number }>) => {
  const { number, contents, bands, factor } = event.data;
  const [first, second] = contents;
  const reading =
    bands && second ? readHardness([first, second], bands, factor).then((read) => [read]) : readCurves(first, factor);
  reading
    .then((read) => postMessage({ number, read }))
    .catch((error: Error) => postMessage({ number, failed: error.message }));
});
