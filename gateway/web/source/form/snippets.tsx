// What is on the screen, as a program asks for it: a disclosure with three texts to copy.
import type { Submission } from "../api/types";
import { CopyButton } from "../parts";
import { commandLine, curl, python } from "./snippet";

const WAYS: [string, (sent: Submission) => string][] = [
  ["Python", python],
  ["Command line", commandLine],
  ["curl", curl],
];

export function Snippets({ sent }: { sent: Submission }) {
  return (
    <details class="snippets">
      <summary>The same from Python, the command line, curl</summary>
      {WAYS.map(([name, write]) => {
        const text = write(sent);
        return (
          <section key={name} aria-label={name}>
            <h2 class="small">
              {name} <CopyButton text={text} what={name} />
            </h2>
            <pre tabIndex={0}>{text}</pre>
          </section>
        );
      })}
    </details>
  );
}
