// What is on the screen, as a program asks for it: a disclosure with texts to copy.
import { useMemo, useState } from "preact/hooks";

import type { Submission } from "../api/types";
import { CopyButton } from "../parts";
import { CLIENT, commandLine, curl, opened, python } from "./snippet";

const WAYS = [
  ["Python", python],
  ["Command line", commandLine],
  ["curl", curl],
] as const;

interface Props {
  sent: Submission;
  /** The job that is seen, which programs can open as it is. */
  job?: string;
  title?: string;
}

export function Snippets({ sent, job, title = "The same from Python, the command line, curl" }: Props) {
  // Of ten thousand windows the texts are long: they are written when somebody looks.
  const [open, turn] = useState(false);
  const texts = useMemo(() => {
    if (!open) return [];
    const there = job ? opened(job) : null;
    return WAYS.map(([name, write]) => ({ name, there: there?.[name], text: write(sent) }));
  }, [open, sent, job]);
  return (
    <details
      class={`snippets ${job ? "over" : ""}`}
      open={open}
      onToggle={(event) => turn(event.currentTarget.open)}
      onKeyDown={(event) => event.key === "Escape" && turn(false)}
    >
      <summary>{job ? "In Python, command line, curl" : title}</summary>
      <div class="texts">
        {texts.length ? (
          <p class="help">
            The client for Python and the command line: <code>{CLIENT}</code>
          </p>
        ) : null}
        {texts.map(({ name, there, text }) => (
          <section key={name} aria-label={name}>
            {there ? <Text what={`${name}: open this job`} text={there} /> : null}
            <Text what={job ? `${name}: ask for the same again` : name} text={text} />
          </section>
        ))}
      </div>
    </details>
  );
}

function Text({ what, text }: { what: string; text: string }) {
  return (
    <>
      <h2 class="small">
        {what} <CopyButton text={text} what={what} />
      </h2>
      <pre tabIndex={0}>{text}</pre>
    </>
  );
}
