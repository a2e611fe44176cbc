// Arguments of the package: digests, and misuse.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";

import { load, packageDirectory } from "./support.mjs";

let verify;
before(async () => {
  verify = await load(packageDirectory, "index.js");
  await Promise.all([verify.init(), verify.init()]); // once, however often it is called
});

test("hashes a file in pieces as in one", () => {
  const file = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) % 251);
  const digest = (pieces) => {
    const hasher = new verify.FileHasher();
    pieces.forEach((piece) => hasher.update(piece));
    return hasher.digest();
  };
  assert.equal(digest([]), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(digest([file.subarray(0, 1), file.subarray(1, 70_000), file.subarray(70_000)]), digest([file]));
});

test("a digest is taken once", () => {
  const hasher = new verify.FileHasher();
  hasher.digest();
  assert.throws(() => hasher.digest(), { message: "the digest was already taken" });
  assert.throws(() => hasher.update(new Uint8Array()), { message: "the digest was already taken" });
});

test("the declarations name what the package exports", () => {
  const declared = readFileSync(join(packageDirectory, "index.d.ts"), "utf8").matchAll(
    /^export (?:function|class) (\w+)/gm,
  );
  assert.deepEqual([...declared].map(([, name]) => name).sort(), Object.keys(verify).sort());
});

test("a fetcher learns the limit of each file, and which of them never change", () => {
  const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  for (const [path, limit, isImmutable] of [
    ["checkpoint", 1_000_000, false],
    ["tile/0/000.p/1", 8_192, true],
    ["tile/entries/000", 256 * 65_537, true],
    ["index/latest.tlog-proof", 2_000_000, false],
    ["index/audited.tlog-proof", 2_000_000, false],
    [`index/postings/${hash}`, 2 << 20, true],
    [`index/run/${hash}/000`, (16 << 20) + 1_024, true],
    ["portal/index.html", undefined, false],
    ["../checkpoint", undefined, false],
  ]) {
    assert.equal(verify.fileLimit(path), limit, path);
    assert.equal(verify.isImmutable(path), isImmutable, path);
  }
  assert.deepEqual(
    ["tile/entries/000", "tile/entries/x001/234.p/17", "tile/0/000", "index/tile/entries/000.p/3"].map(
      verify.entriesIn,
    ),
    [256, 17, 0, 0],
  );
});
