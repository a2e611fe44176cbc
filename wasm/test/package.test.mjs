// Arguments of the package: digests, and misuse.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";

import { load, packageDirectory, root } from "./support.mjs";

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

test("folders have the digests of model_signing", () => {
  const vectors = join(root, "docs/formats/vectors/folders/model_signing.json");
  let folders = 0;
  for (const { about, files, ignorePaths, envelope } of JSON.parse(readFileSync(vectors, "utf8")).folders) {
    const folder = new verify.FolderHasher();
    for (const [path, written] of Object.entries(files)) {
      const isIgnored = ignorePaths.some((ignored) => path === ignored || path.startsWith(`${ignored}/`));
      if (isIgnored || verify.isLeftOut(path)) continue;
      // A link is counted as the file that it leads to.
      const content = files[new URL(written.replace(/^-> /, ""), `file:///${path}`).pathname.slice(1)] ?? written;
      const bytes = new TextEncoder().encode(content);
      const hasher = new verify.FileHasher();
      hasher.update(bytes);
      folder.add(path, bytes.length, hasher.digest());
    }
    const statement = JSON.parse(Buffer.from(envelope.payload, "base64"));
    assert.equal(verify.folderDigest(folder.list()), `sha256:${statement.subject[0].digest.sha256}`, about);
    folders += 1;
  }
  assert.ok(folders >= 6);
});

test("a folder that a list cannot hold is refused", () => {
  const digest = `sha256:${"ab".repeat(32)}`;
  const list = (...paths) => {
    const folder = new verify.FolderHasher();
    for (const path of paths) folder.add(path, 1n, digest);
    return folder.list();
  };
  assert.equal(list("b", "a/c"), `glasslog-files/v1\n${digest} 1 a/c\n${digest} 1 b\n`);
  for (const [paths, message] of [
    [[], /holds no file/],
    [["../a"], /is not a path of a file list/],
    [["a\\b"], /is not a path of a file list/],
    [["a\u001b[2J"], /is not a path of a file list/],
    [["a", "a"], /listed twice/],
    [["a", "a/b"], /a file and a folder/],
  ])
    assert.throws(() => list(...paths), { message });
  const folder = new verify.FolderHasher();
  assert.throws(() => folder.add("a", 1, "sha256:AB"), { name: "TypeError" });
  assert.throws(() => folder.add("a", -1, digest), { name: "RangeError" });
  assert.throws(() => folder.add("a", 1.5, digest), { name: "TypeError" });
  folder.add("a", 1, digest);
  folder.list();
  assert.throws(() => folder.list(), { message: "the list was already taken" });
  assert.throws(() => verify.folderDigest("no list"), /begins with the line/);
  assert.throws(() => new verify.FolderQuery("no list", ""), /begins with the line/);
  assert.throws(() => new verify.FilesQuery([], ""), { name: "TypeError" });
  assert.throws(() => new verify.FilesQuery([digest.toUpperCase()], ""), { name: "TypeError" });
  assert.throws(() => new verify.FilesQuery([digest], "", { artifact: "m" }), /is not a name with a version/);
});

test("the declarations name what the package exports", () => {
  const declared = readFileSync(join(packageDirectory, "index.d.ts"), "utf8").matchAll(
    /^export (?:function|class) (\w+)/gm,
  );
  assert.deepEqual([...declared].map(([, name]) => name).sort(), Object.keys(verify).sort());
});

test("a fetcher learns the limit of each file, and which of them never change", () => {
  const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  for (const [path, limit, isImmutable, isOptional] of [
    ["checkpoint", 1_000_000, false, false],
    ["tile/0/000.p/1", 8_192, true, true],
    ["tile/entries/000", 256 * 65_537, true, false],
    ["index/latest.tlog-proof", 2_000_000, false, true],
    ["index/audited.tlog-proof", 2_000_000, false, true],
    [`index/postings/${hash}`, 2 << 20, true, false],
    [`index/run/${hash}/000`, (16 << 20) + 1_024, true, false],
    ["portal/index.html", undefined, false, false],
    ["../checkpoint", undefined, false, false],
  ]) {
    assert.equal(verify.fileLimit(path), limit, path);
    assert.equal(verify.isImmutable(path), isImmutable, path);
    assert.equal(verify.isOptional(path), isOptional, path);
  }
  assert.deepEqual(
    ["tile/entries/000", "tile/entries/x001/234.p/17", "tile/0/000", "index/tile/entries/000.p/3"].map(
      verify.entriesIn,
    ),
    [256, 17, 0, 0],
  );
});
