// Builds the page: source/ -> dist/. Run by infra/build_page.sh; fetches nothing.
//
// Every file has a hash of its content in its name, so that browsers may keep it for a year. Aladin Lite is copied as
// it came (LGPL: whoever runs a gateway may put another one in its place), with its licences beside it.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const made = "dist.new";
const packages = "node_modules";

function hashed(name, content) {
  const ending = extname(name);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return `${basename(name, ending)}-${hash}${ending}`;
}

function copy(from, name = basename(from)) {
  const content = readFileSync(from);
  const kept = hashed(name, content);
  writeFileSync(join(made, kept), content);
  return kept;
}

rmSync(made, { recursive: true, force: true });
mkdirSync(made);

const built = await build({
  entryPoints: { page: "source/main.tsx", worker: "source/work/worker.ts", style: "source/style/page.css" },
  outdir: made,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "eof",
  metafile: true,
});
const names = {};
for (const [path, output] of Object.entries(built.metafile.outputs)) {
  if (output.entryPoint) names[output.entryPoint] = basename(path);
}

const aladin = copy(`${packages}/aladin-lite/dist/aladin.js`);
mkdirSync(join(made, "licences"));
for (const name of ["LICENSE", "COPYING", "COPYING.LESSER"]) {
  cpSync(`${packages}/aladin-lite/${name}`, join(made, "licences", `aladin-lite-${name}.txt`));
}
for (const name of ["preact", "uplot"]) {
  cpSync(`${packages}/${name}/LICENSE`, join(made, "licences", `${name}-LICENSE.txt`));
}

for (const name of readdirSync(made, { withFileTypes: true })) {
  if (!name.isFile() || ![".js", ".css"].includes(extname(name.name))) continue;
  const content = readFileSync(join(made, name.name));
  writeFileSync(join(made, `${name.name}.gz`), gzipSync(content, { level: 9 }));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: content.length > 1e6 ? 8 : 11 } };
  writeFileSync(join(made, `${name.name}.br`), brotliCompressSync(content, quality));
}

// The gateway puts the path under which it is reached in place of {{root}}.
const filled = {
  page: names["source/main.tsx"],
  worker: names["source/work/worker.ts"],
  style: names["source/style/page.css"],
  icon: copy("source/style/icon.svg"),
  aladin,
};
const index = readFileSync("index.html", "utf8").replace(/\{\{(\w+)\}\}/g, (whole, name) => filled[name] ?? whole);
writeFileSync(join(made, "index.html"), index);

rmSync("dist", { recursive: true, force: true });
renameSync(made, "dist");
