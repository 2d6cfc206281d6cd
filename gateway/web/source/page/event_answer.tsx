// What the mesh has to say of an event: a line for each instrument, and what was searched for and not found.
import type { LocalisationSummary, TransientDocument } from "../api/types";

/** A line of the answer: who it is about, and what there is to tell. */
interface Told {
  who: string;
  what: string;
}

/** Where another instrument begins in the sentence of the record: its name is followed by a colon. */
const NEXT = /; (?=[A-Z][\w/-]*: |no data of |localisation gave )/;
/** Name and time, with which the sentence begins, stand above already. */
const HEAD = /^(Test of )?(\w+ )?NAME( \(simulated data\))?( at \d{4}-\d\d-\d\dT[\d:.]+Z)?: /;

/** The lines of a sentence such as "SPI-ACS: ...; IBIS/ISGRI: ..."; of another sentence the whole as one. */
export function linesOf(sentence: string, name: string): Told[] {
  return sentence
    .replace(new RegExp(HEAD.source.replace("NAME", name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))), "")
    .replace(/\.$/, "")
    .split(NEXT)
    .map((part) => {
      const [, who, what] = /^([A-Z][\w/-]*): (.*)$/.exec(part) ?? [];
      const [, lacking, why] = /^no data of (.*?) \((.*)\)$/.exec(part) ?? [];
      if (who && what) return { who, what };
      return lacking && why ? { who: lacking, what: `no data: ${why}` } : { who: "", what: part };
    });
}

export function Lines({ sentence, name }: { sentence: string; name: string }) {
  const lines = linesOf(sentence, name);
  const [first] = lines;
  if (!first) return null;
  if (lines.length === 1) return <p class="answer">{sentence}</p>;
  return (
    <ul class="answer" aria-label="Answer">
      {lines.map((one) => (
        <li key={one.who + one.what}>
          {one.who ? <strong>{one.who}: </strong> : null}
          {readable(one.what)}
        </li>
      ))}
    </ul>
  );
}

/** A text with its instants as people write them. */
export function readable(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z?)/g, (_, day, clock, zone) => `${day} ${clock}${zone ? " UTC" : ""}`);
}

interface Row {
  title: string;
  text: string;
}

/** Instruments that have no analyses here, but of whose fields of view the localisation tells: SPI. */
export function onlyCovered(event: TransientDocument): Row[] {
  const summary: LocalisationSummary | null = event.localisation;
  const coverage = (summary?.coverage ?? []) as { instrument: string; title: string; when: string; status: string; reason: string | null }[];
  const known = new Set(event.instruments.map((one) => one.instrument));
  return coverage
    .filter((one) => one.when === "prompt" && !known.has(one.instrument))
    .map((one) => ({ title: `INTEGRAL ${one.title}`, text: [one.status, one.reason].filter(Boolean).join(": ") }));
}
