// transparency-dev/merkle and CCTV ed25519 vectors through the wasm, in Node.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load, noVectors, vectorFiles, vectorsPackage } from "./support.mjs";
import { judge } from "./vectors.mjs";

test("vectors of others, in Node", { skip: noVectors }, async () => {
  const { init } = await load(vectorsPackage, "index.js");
  await init();
  const { judged, wrong } = judge(await load(vectorsPackage, "glasslog_verify.js"), vectorFiles());
  assert.deepEqual(wrong, []);
  assert.equal(judged, 170 + 914);
});

test("a wrong answer to a vector is noticed", { skip: noVectors }, () => {
  const says = (answer) => ({
    acceptsInclusion: () => answer,
    acceptsConsistency: () => answer,
    acceptsEd25519: () => answer,
  });
  const wrong = (answer) => judge(says(answer), vectorFiles()).wrong.length;
  assert.ok(wrong(true) > 0);
  assert.ok(wrong(false) > 0);
});
