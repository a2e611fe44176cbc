// Runs the tests: `node test.mjs [NAME…]`. esbuild bundles the TypeScript, Node's own runner runs it.
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const out = join(here, "node_modules/.cache/tests");
const names = process.argv.slice(2);
const specs = (await readdir(join(here, "test"))).filter((file) => file.endsWith(".spec.ts"));
const chosen = specs.filter((file) => names.length === 0 || names.some((name) => file.startsWith(name)));
if (chosen.length === 0) throw new Error(`no test of that name; there are ${specs.join(", ")}`);

await rm(out, { recursive: true, force: true });
await esbuild.build({
  entryPoints: chosen.map((file) => join(here, "test", file)),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  external: ["*.mjs"],
  outdir: out,
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const files = chosen.map((file) => join(out, basename(file, ".ts") + ".mjs"));
const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...files], {
  stdio: "inherit",
  cwd: here,
  env: { ...process.env, GLASSLOG_SITE: here },
});
process.exit(status ?? 1);
