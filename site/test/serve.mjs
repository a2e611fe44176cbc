// `npm run dev`: serves the page with the stand-in verifier until stopped.
import { join } from "node:path";
import * as esbuild from "esbuild";
import { outDirectory } from "../build.mjs";

const out = join(import.meta.dirname, "../node_modules/.cache/serve.mjs");
await esbuild.build({
  entryPoints: [join(import.meta.dirname, "fixture/site.ts")],
  bundle: true,
  platform: "node",
  format: "esm",
  outfile: out,
});
const { serveFixture } = await import(out);
const { url } = await serveFixture(outDirectory(true));
console.log(`${url}portal/#q=resnet50@2.1`);
