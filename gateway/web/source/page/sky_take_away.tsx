// What is taken away of an image of the sky: a picture of the view, the file to other programs; and the whole screen for it.
import type { RefObject } from "preact";
import { useState } from "preact/hooks";

import { SendButton } from "../samp/send";
import type { Sky } from "../sky/sky";
import type { Result } from "./job";

interface Props {
  sky: Sky | null;
  file: Result;
  /** What fills the screen. */
  frame: RefObject<HTMLElement | null>;
  /** Of the picture. */
  name: string;
}

export function TakeAway({ sky, file, frame, name }: Props) {
  const [failed, fail] = useState("");
  const picture = async () => {
    if (!sky) return;
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await sky.picture());
      link.download = `${name}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      fail("");
    } catch (error) {
      fail(`There is no picture: ${(error as Error).message}.`);
    }
  };
  const fill = () =>
    document.fullscreenElement
      ? document.exitFullscreen()
      : frame.current?.requestFullscreen().catch((error) => fail(`The browser does not fill the screen: ${error.message}`));
  return (
    <div class="row controls" role="group" aria-label="Take away">
      <button type="button" disabled={!sky} onClick={picture}>
        Picture of this view (PNG)
      </button>
      {document.fullscreenEnabled ? (
        <button type="button" disabled={!sky} title="Escape leaves it" onClick={fill}>
          Full screen
        </button>
      ) : null}
      <a href={file.url} download={file.name}>
        {file.name}
      </a>
      <SendButton message="image.load.fits" files={[file]} />
      {failed ? (
        <span class="error" role="alert">
          {failed}
        </span>
      ) : null}
    </div>
  );
}
