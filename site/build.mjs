// Builds the portal's static files into dist: `node build.mjs [--fixture]`. The same input gives the same bytes.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const WASM = "glasslog_verify_bg.wasm";

/** Minifies styles in elements: the bundler leaves them as written, a third of the whole. */
const smallStyles = {
  name: "small-styles",
  setup({ onLoad }) {
    onLoad({ filter: /src\/elements\/.*\.ts$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const [whole, css] of contents.matchAll(/css`([^`$]*)`/g)) {
        const { code } = await esbuild.transform(css, { loader: "css", minify: true, target: "es2022" });
        contents = contents.replace(whole, () => `css\`${code.trim()}\``);
      }
      return { contents, loader: "ts" };
    });
  },
};

/**
 * Builds into `out`. With `fixture`, a stand-in with fixed reports replaces the verifier: for tests only, and never
 * into `dist`, which is published.
 */
export async function build({ fixture = false, out = outDirectory(fixture) } = {}) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const pkg = join(here, "../wasm/pkg");
  const verifier = fixture ? join(here, "test/fixture/verify.ts") : join(pkg, "index.js");
  const wasm = fixture ? Buffer.alloc(0) : await readFile(join(pkg, WASM));
  await writeFile(join(out, WASM), wasm);
  await esbuild.build({
    entryPoints: { portal: join(here, "src/portal.ts"), worker: join(here, "src/worker/worker.ts") },
    alias: { "@glasslog/verify": verifier },
    define: { WASM_INTEGRITY: JSON.stringify(fixture ? "" : integrity(wasm)) },
    bundle: true,
    plugins: [smallStyles],
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "external",
    outdir: out,
    logLevel: "warning",
    logOverride: { "import-is-undefined": "error" }, // a verifier that lacks a function which the page calls
  });
  await esbuild.build({
    entryPoints: [join(here, "src/style.css")],
    minify: true,
    target: "es2022",
    outdir: out,
    logLevel: "warning",
  });
  await cp(join(here, "src/icon.svg"), join(out, "icon.svg"));
  await writeIndex(out);
  await writeSums(out);
}

/** Writes the hashes of the script and the styles into the page, so that the page's hash covers them. */
async function writeIndex(out) {
  let html = await readFile(join(here, "src/index.html"), "utf8");
  for (const file of ["portal.js", "style.css"]) {
    const hash = integrity(await readFile(join(out, file)));
    html = html.replace(`"${file}"`, `"${file}" integrity="${hash}"`);
  }
  if (html.split("connect-src 'self'").length !== 2)
    throw new Error("index.html must hold the marker connect-src 'self' once");
  await writeFile(join(out, "index.html"), html);
}

/** Writes the list that `sha256sum -c` reads. */
async function writeSums(out) {
  const files = (await readdir(out)).sort();
  const lines = await Promise.all(
    files.map(async (file) => `${sha256(await readFile(join(out, file))).toString("hex")}  ${file}\n`),
  );
  await writeFile(join(out, "SHA256SUMS"), lines.join(""));
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest();
}

function integrity(bytes) {
  return `sha256-${sha256(bytes).toString("base64")}`;
}

/** Default folder of a build. */
export function outDirectory(fixture = false) {
  return join(here, fixture ? "node_modules/.cache/fixture" : "dist");
}

/** Sizes of the files, raw and compressed as a host sends them. */
export async function sizes(out) {
  const rows = [];
  for (const file of (await readdir(out)).sort()) {
    const bytes = await readFile(join(out, file));
    const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
    rows.push({ file, bytes: bytes.length, brotli: packed.length });
  }
  return rows;
}

if (process.argv[1] === import.meta.filename) {
  const fixture = process.argv.includes("--fixture");
  await build({ fixture });
  for (const { file, bytes, brotli } of await sizes(outDirectory(fixture))) {
    console.log(`${file.padEnd(26)} ${String(bytes).padStart(8)} bytes ${String(brotli).padStart(8)} brotli`);
  }
}
