// The same package in a real Chromium, in a page and in a worker, under the portal's content security policy.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { noVectors, packageDirectory, serve, vectorFiles, vectorsPackage } from "./support.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const noBrowser = process.env.CHROMIUM ? false : "no browser: set CHROMIUM to the path of Chrome or Chromium";

/** Opens a page and waits for what it posts. */
async function open(url, posted) {
  const profile = mkdtempSync(join(tmpdir(), "glasslog-chromium-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const browser = spawn(process.env.CHROMIUM, [...flags, ...quiet, `--user-data-dir=${profile}`, url], {
    stdio: "ignore",
    detached: true,
  });
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  try {
    const gone = ended.then((code) => Promise.reject(new Error(`the browser ended with code ${code}`)));
    const late = setTimeout(60_000, undefined, { ref: false }).then(() =>
      Promise.reject(new Error("the page says nothing")),
    );
    return await Promise.race([posted, gone, late]);
  } finally {
    if (browser.exitCode === null) process.kill(-browser.pid, "SIGKILL"); // the whole group: it is many processes
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Serves a script, opens it as a page, and answers what it posts. */
async function run(folders, pages, script) {
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
  const page = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><script type="module" src="/main.mjs"></script>`;
  const { address, posted, close } = await serve(folders, { "/": page, "/main.mjs": script, ...pages });
  try {
    return await open(`${address}/`, posted);
  } finally {
    close();
  }
}

const post = `
  const post = (value) => fetch("/result", { method: "POST", body: JSON.stringify(value) });
  addEventListener("error", (event) => post({ error: String(event.message) }));
  addEventListener("unhandledrejection", (event) => post({ error: String(event.reason) }));`;

test("loads and hashes, in a page and in a worker", { skip: noBrowser }, async () => {
  const digest = `
    import { init, FileHasher } from "/pkg/index.js";
    await init();
    const hasher = new FileHasher();
    hasher.update(new TextEncoder().encode("abc"));
    const digest = hasher.digest();`;
  const worker = `${digest} postMessage(digest);`;
  const page = `${digest}${post}
    const worker = new Worker("/worker.mjs", { type: "module" });
    worker.onmessage = ({ data }) => post({ page: digest, worker: data });`;
  const answer = await run({ pkg: packageDirectory }, { "/worker.mjs": worker }, page);
  const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.deepEqual(answer, { page: abc, worker: abc });
});

test("vectors of others, in Chromium", { skip: noBrowser || noVectors }, async () => {
  const script = `${post}
    import { init } from "/pkg/index.js";
    import * as verify from "/pkg/glasslog_verify.js";
    import { judge } from "/test/vectors.mjs";
    await init();
    post(judge(verify, await (await fetch("/vectors")).json()));`;
  const pages = { "/vectors": JSON.stringify(vectorFiles()) };
  const { judged, wrong, error } = await run({ pkg: vectorsPackage, test: here }, pages, script);
  assert.equal(error, undefined);
  assert.deepEqual(wrong, []);
  assert.equal(judged, 170 + 914);
});
