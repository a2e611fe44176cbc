// Measures in Node how long it takes to verify buckets of an index: `node bench-index.mjs PACKAGE BUCKETS`, the package
// built with the vectors. BUCKETS has lines `RUN<tab>NUMBER<tab>FILE`, the file in base64. Prints microseconds a bucket.

import { readFileSync } from "node:fs";

import { load } from "./support.mjs";

const [directory, path] = process.argv.slice(2);
const { init } = await load(directory, "index.js");
await init();
const { verifyBucket } = await load(directory, "glasslog_verify.js");

const lines = readFileSync(path, "utf8").trimEnd().split("\n");
const buckets = lines
  .map((line) => line.split("\t"))
  .map(([run, number, file]) => [run, BigInt(number), Buffer.from(file, "base64")]);

let keys = 0;
let best = Infinity;
// Best of five rounds: what else the machine does only slows.
for (let round = 0; round < 5; round += 1) {
  const began = performance.now();
  for (const [run, number, file] of buckets) keys += verifyBucket(run, number, file);
  best = Math.min(best, performance.now() - began);
}
if (keys === 0) throw new Error("no bucket holds a key");
console.log(((best * 1000) / buckets.length).toFixed(1));
