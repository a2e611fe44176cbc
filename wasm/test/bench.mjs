// Measures the package's hot paths in Node, whose engine is Chromium's: `node bench.mjs PACKAGE`, built with the vectors.
// Prints `what<tab>number<tab>unit` lines for `cargo xtask bench`.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

import { load } from "./support.mjs";

const [directory] = process.argv.slice(2);
const { init, FileHasher } = await load(directory, "index.js");
await init();
const { acceptsEd25519, acceptsInclusion } = await load(directory, "glasslog_verify.js");

/** Calls a second, best of five rounds of a fifth of a second each: what else the machine does only slows. */
function rate(work) {
  let best = 0;
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now();
    let calls = 0;
    for (; performance.now() - began < 200; calls += 1) work();
    best = Math.max(best, (calls * 1000) / (performance.now() - began));
  }
  return best;
}

const row = (what, number, unit) => console.log(`${what}\t${number}\t${unit}`);

const chunk = randomBytes(1 << 20);
const hasher = new FileHasher();
row("SHA-256 of a file", rate(() => hasher.update(chunk)) * 1.048576, "MB/s");

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
const message = "m".repeat(200);
const signature = sign(null, Buffer.from(message), privateKey).toString("hex");
if (!acceptsEd25519(key, signature, message)) throw new Error("a good signature is refused");
row(
  "Ed25519: admit a key and verify",
  rate(() => acceptsEd25519(key, signature, message)),
  "/s",
);

const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const leaf = randomBytes(32);
const proof = Array.from({ length: 30 }, () => randomBytes(32));
const index = 0x2aaaaaaa;
let root = leaf;
proof.forEach((sibling, level) => {
  root = (index >> level) & 1 ? hash(Buffer.of(1), sibling, root) : hash(Buffer.of(1), root, sibling);
});
const text = (bytes) => bytes.toString("base64");
const vector = JSON.stringify({
  leafIdx: index,
  treeSize: 2 ** 30,
  root: text(root),
  leafHash: text(leaf),
  proof: proof.map(text),
});
if (!acceptsInclusion(vector)) throw new Error("a good proof is refused");
row(
  "inclusion in 2^30, from JSON",
  rate(() => acceptsInclusion(vector)),
  "/s",
);
