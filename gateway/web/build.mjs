// Bundles the sources into built/: scripts and styles with a hash in their names, and the page that loads them.
// The page of queries is a piece of its own: it brings an editor that nobody else needs.
import { build } from "esbuild";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { basename, join } from "node:path";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "built");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  entryPoints: [join(here, "source/main.tsx"), join(here, "source/styles.css")],
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  metafile: true,
  outdir: out,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
});

const named = (start, end) =>
  Object.keys(metafile.outputs)
    .map((path) => basename(path))
    .find((name) => name.startsWith(start) && name.endsWith(end));

await writeFile(
  join(out, "index.html"),
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Fleetgauge</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/${named("styles-", ".css")}">
<script type="module" src="/assets/${named("main-", ".js")}"></script>
</head>
<body><div id="app"></div><noscript>Fleetgauge's pages need JavaScript; its API does not.</noscript></body>
</html>
`,
);
