// Sends files to the programs on the desk of the user, TOPCAT, Aladin or DS9, by SAMP (Web Profile 1.3).
import { useState } from "preact/hooks";

import type { Kind, Sent } from "./hub";

export function SendButton({ message, files }: { message: Kind; files: Sent[] }) {
  const [said, say] = useState("");
  const [busy, setBusy] = useState(false);
  if (!files.length) return null;
  const send = async () => {
    setBusy(true);
    try {
      const { sendAll } = await import("./hub");
      const count = await sendAll(message, files);
      say(count ? `${files.length === 1 ? files[0]?.name : `${files.length} files`} sent to ${count} programs.` : "A SAMP hub answers, but no program there takes such files.");
    } catch (error) {
      say(String((error as Error).message));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" disabled={busy} onClick={send} title="to TOPCAT, Aladin, DS9 by SAMP">
        Send to programs
      </button>
      <span role="status">{said}</span>
    </>
  );
}
