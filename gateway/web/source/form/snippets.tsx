// What is on the screen, as a program asks for it: a disclosure with three texts to copy.
import { useMemo, useState } from "preact/hooks";

import type { Submission } from "../api/types";
import { CopyButton } from "../parts";
import { commandLine, curl, python } from "./snippet";

const WAYS: [string, (sent: Submission) => string][] = [
  ["Python", python],
  ["Command line", commandLine],
  ["curl", curl],
];

interface Props {
  sent: Submission;
  title?: string;
}

export function Snippets({ sent, title = "The same from Python, the command line, curl" }: Props) {
  // Of ten thousand windows the texts are long: they are written when somebody looks.
  const [open, turn] = useState(false);
  const texts = useMemo(() => (open ? WAYS.map(([name, write]) => ({ name, text: write(sent) })) : []), [open, sent]);
  return (
    <details class="snippets" onToggle={(event) => turn(event.currentTarget.open)}>
      <summary>{title}</summary>
      {texts.map(({ name, text }) => (
        <section key={name} aria-label={name}>
          <h2 class="small">
            {name} <CopyButton text={text} what={name} />
          </h2>
          <pre tabIndex={0}>{text}</pre>
        </section>
      ))}
    </details>
  );
}
