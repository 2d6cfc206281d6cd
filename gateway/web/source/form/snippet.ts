// The same request as Python, command line and curl, made of the submission document alone; and a job by its id.
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

/** Entries of an object as people write them: a name comes first, then what stands in another order in canonical form. */
function entries(value: object): [string, unknown][] {
  const first = ["name", "ra", "dec"];
  const place = (name: string) => (first.indexOf(name) + first.length + 1) % (first.length + 1);
  return Object.entries(value).sort(([a], [b]) => place(a) - place(b));
}

const WIDE = 88;

/** A JSON value in Python's words; what is too long for a line has a line for each entry. */
function literal(value: unknown, indent = 4): string {
  const whole = flat(value);
  if (whole.length + indent <= WIDE || typeof value !== "object" || value === null) return whole;
  const deeper = " ".repeat(indent + 4);
  const lines = Array.isArray(value)
    ? value.map((one) => `${deeper}${literal(one, indent + 4)},`)
    : entries(value).map(([name, one]) => `${deeper}${JSON.stringify(name)}: ${literal(one, indent + 4)},`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return [open, ...lines, " ".repeat(indent) + close].join("\n");
}

function flat(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(flat).join(", ")}]`;
  if (typeof value === "object") {
    return `{${entries(value as object).map(([name, one]) => `${JSON.stringify(name)}: ${flat(one)}`).join(", ")}}`;
  }
  // What JSON writes of a text, Python reads as the same text.
  return JSON.stringify(value);
}

/** How one gets the client. */
export const CLIENT = "pip install .        # in a checkout of odamesh";

function connected(): string[] {
  return ["import odamesh", "", `mesh = odamesh.connect(${JSON.stringify(address())})`];
}

/** The texts that open a job that there is already. */
export function opened(job: string): Record<"Python" | "Command line" | "curl", string> {
  return {
    Python: [...connected(), `job = mesh.job("${job}")`, 'job.download("results")'].join("\n"),
    "Command line": `odamesh get ${job} --url ${quoted(address())}`,
    curl: `curl --fail-with-body -o results.zip ${quoted(`${address()}/api/v1/jobs/${job}/archive`)}`,
  };
}

export function python(sent: Submission): string {
  const lines = [...connected(), "job = mesh.submit("];
  lines.push(`    ${literal(sent.instrument)},`, `    ${literal(sent.product)},`);
  lines.push(`    ${literal(sent.selection ?? {})},`);
  // One parameter a line.
  const given = entries(sent.parameters ?? {}).map(([name, value]) => `        ${JSON.stringify(name)}: ${literal(value, 8)},`);
  if (given.length) lines.push("    {", ...given, "    },");
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
