// The same request as curl, Python and command line: made of the submission document alone.
import { root } from "../api/address";
import type { Submission } from "../api/types";

/** A word of a shell, quoted where it has to be. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function address(): string {
  return location.origin + root;
}

export function curl(sent: Submission): string {
  const body = quoted(JSON.stringify(sent));
  return `curl --fail-with-body ${quoted(`${address()}/api/v1/jobs`)} \\\n  -H 'Content-Type: application/json' \\\n  -d ${body}`;
}

/** A JSON value in Python's words. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value as object).map(([name, one]) => `${JSON.stringify(name)}: ${literal(one)}`);
    return `{${entries.join(", ")}}`;
  }
  // What JSON writes of a text, Python reads as the same text.
  return JSON.stringify(value);
}

export function python(sent: Submission): string {
  const lines = ["import odamesh", "", `mesh = odamesh.connect(${JSON.stringify(address())})`, "job = mesh.submit("];
  lines.push(`    ${literal(sent.instrument)},`, `    ${literal(sent.product)},`);
  lines.push(`    ${literal(sent.selection ?? {})},`);
  if (sent.parameters) lines.push(`    ${literal(sent.parameters)},`);
  lines.push(")", "job.wait()", 'job.download("results")');
  return lines.join("\n");
}

export function commandLine(sent: Submission): string {
  const words = ["odamesh", "submit", sent.instrument, sent.product];
  const { scws, time, cone, max_pointings } = sent.selection ?? {};
  for (const scw of scws ?? []) words.push(`--scw ${quoted(scw)}`);
  if (time) words.push(`--t1 ${quoted(time.t1)}`, `--t2 ${quoted(time.t2)}`);
  if (cone) words.push(`--ra=${quoted(String(cone.ra))}`, `--dec=${quoted(String(cone.dec))}`, `--radius ${cone.radius}`);
  if (max_pointings) words.push(`--max-pointings ${max_pointings}`);
  for (const [name, value] of Object.entries(sent.parameters ?? {})) {
    words.push(`--set ${quoted(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)}`);
  }
  words.push(`--url ${quoted(address())}`);
  return words.slice(0, 4).join(" ") + words.slice(4).map((word) => ` \\\n  ${word}`).join("");
}
