// Runs the tests of the modules that need no browser: bundled into a directory of their own, then by Node's runner.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const tests = fileURLToPath(new URL("tests/", import.meta.url));
const out = await mkdtemp(join(tmpdir(), "fleetgauge-web-"));
try {
  const names = (await readdir(tests)).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: names.map((name) => join(tests, name)),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
  const environment = { ...process.env, TZ: "UTC", LANG: "C" };
  const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit", env: environment });
  process.exitCode = status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}
