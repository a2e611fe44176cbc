// The package's reports are the command line's, byte for byte, for the same inputs and the same now.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { consistency, entries, makeLog, noBinary, report } from "./ours.mjs";
import { load, packageDirectory, root } from "./support.mjs";

const skip = noBinary;
/** The instant of judgement, in the two spellings. */
const NOW = "2030-01-01T00:00:00Z";
const now = BigInt(Date.parse(NOW) / 1000);

let verify;
let log;
before(async () => {
  if (skip) return;
  verify = await load(packageDirectory, "index.js");
  await verify.init();
  log = makeLog();
});
after(() => log?.remove());

/** Asks for the history of an artifact. */
function history(tree, artifact, policy, options) {
  return answer(tree, new verify.HistoryQuery(artifact, policy, options));
}

/** Feeds a query from a public tree. */
function answer(tree, query) {
  for (let paths; (paths = query.needs()).length > 0;) {
    assert.equal(query.report(), undefined);
    for (const path of paths) {
      const file = join(tree, path);
      query.supply(path, existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined);
    }
  }
  const progress = JSON.parse(query.progress());
  const text = query.report();
  assert.deepEqual(progress.checks, JSON.parse(text).checks);
  query.free();
  return text;
}

const trust = () => ["--policy", log.at("trust.policy"), "--now", NOW];
const result = (text) => JSON.parse(text).result;

test("histories, of what is there and of what is not", { skip }, () => {
  for (const [artifact, expected] of [
    ["model@1", "verified"],
    ["model", "verified"],
    ["actor:ci@example.org", "verified"],
    [`sha256:${"ab".repeat(32)}`, "verified"],
    ["nothing@1", "unknown"],
  ]) {
    const ours = history(log.public, artifact, log.policy, { now });
    assert.equal(ours, report("history", artifact, "--log", log.log, ...trust()));
    assert.equal(result(ours), expected);
    assert.equal(JSON.parse(ours).complete, true);
  }
});

test("options reach the verdict", { skip }, () => {
  for (const [options, words, expected] of [
    [{ require: "included" }, ["--require", "included"], "verified"],
    [{ require: "complete" }, ["--require", "complete"], "verified"],
    [{ maxCheckpointAge: 1n }, ["--max-checkpoint-age", "1s"], "unknown"],
    [{ maxCheckpointAge: 1_000_000_000n }, ["--max-checkpoint-age", "1000000000s"], "verified"],
  ]) {
    const ours = history(log.public, "model@1", log.policy, { now, ...options });
    assert.equal(ours, report("history", "model@1", "--log", log.log, ...trust(), ...words));
    assert.equal(result(ours), expected);
  }
});

test("the grounds of a complete history: a scan of a small log, or the index's word", { skip }, () => {
  const small = log.at("small.bundle");
  report("bundle", "model@1", "--log", log.log, ...trust(), "--accept-index", "-o", small);
  const bundle = log.read("small.bundle");
  for (const [options, words, grounds, ofBundle] of [
    [{}, [], "scan", "scan"],
    [{ acceptIndex: true }, ["--accept-index"], "index", "index"],
    [{ acceptIndex: false }, [], "scan", "scan"],
  ]) {
    const ours = history(log.public, "model@1", log.policy, { now, ...options });
    assert.equal(ours, report("history", "model@1", "--log", log.log, ...trust(), ...words));
    assert.equal(JSON.parse(ours).completeBy, grounds);
    const offline = verify.verifyBundle(bundle, log.policy, { now, ...options });
    assert.equal(offline, report("verify", "bundle", small, ...trust(), ...words));
    assert.equal(JSON.parse(offline).completeBy, ofBundle);
    assert.equal(result(offline), "verified");
  }
  const scanned = history(log.public, "model@1", log.policy, { now, fullScan: true });
  assert.equal(scanned, history(log.public, "model@1", log.policy, { now }));
});

test("the history of the state leaves out routine accesses", { skip }, () => {
  for (const [options, words] of [
    [{}, []],
    [{ acceptIndex: true }, ["--accept-index"]],
    [{ exact: true, fullScan: true }, ["--exact", "--full-scan"]],
  ]) {
    const ours = history(log.public, "model@1", log.policy, { now, ...options, state: true });
    assert.equal(ours, report("history", "model@1", "--log", log.log, ...trust(), ...words, "--state"));
    const { result, query, events } = JSON.parse(ours);
    assert.deepEqual([result, query.state], ["verified", true]);
    const actions = (list) => list.map(({ action }) => action);
    const all = JSON.parse(history(log.public, "model@1", log.policy, { now, ...options })).events;
    assert.deepEqual(
      actions(events),
      actions(all).filter((action) => !["read", "execute", "verify"].includes(action)),
    );
    assert.ok(events.length < all.length);
  }
  const older = new Uint8Array();
  assert.throws(
    () => new verify.HistoryQuery("model@1", log.policy, { state: true, since: older }),
    /options `state` and `since` exclude each other/,
  );
  assert.throws(() => new verify.HistoryQuery("model@1", log.policy, { state: 1 }), /option `state` must be a boolean/);
});

test("a log that was changed, in each of its files", { skip }, () => {
  const tree = log.at("changed");
  const files = [
    "checkpoint",
    ...readdirSync(log.public, { recursive: true }).filter((path) => path.startsWith("tile")),
  ];
  let failed = 0;
  for (const path of files) {
    if (!existsSync(join(log.public, path)) || !/\d$|^checkpoint$/.test(path)) continue;
    for (const change of ["flip", "remove", "truncate", "extend"]) {
      rmSync(tree, { recursive: true, force: true });
      cpSync(log.public, tree, { recursive: true });
      const file = join(tree, path);
      let bytes;
      try {
        bytes = readFileSync(file);
      } catch {
        break; // a folder
      }
      if (change === "flip") bytes[bytes.length >> 1] ^= 1;
      if (change === "remove") rmSync(file);
      else
        writeFileSync(
          file,
          change === "truncate" ? bytes.subarray(0, -1) : change === "extend" ? Buffer.concat([bytes, bytes]) : bytes,
        );
      const ours = history(tree, "model@1", log.policy, { now });
      assert.equal(ours, report("history", "model@1", "--log", tree, ...trust()), `${change} ${path}`);
      failed += result(ours) === "failed" ? 1 : 0;
    }
  }
  assert.ok(failed >= 8, `${failed} changes were noticed`);
});

/** Hashes a file. */
function digest(path) {
  const hasher = new verify.FileHasher();
  hasher.update(new Uint8Array(readFileSync(path)));
  return hasher.digest();
}

test("files that are registered, mentioned, contradicted, under a hold and unknown", { skip }, () => {
  const own = log.other();
  const reason = ["--reason-code", "r", "--reason", "why"];
  const file = (name) => {
    writeFileSync(own.at(name), name);
    return ["--file", own.at(name)];
  };
  own.record("register", "m@1", ...file("registered"), ...reason);
  own.record("deploy", "m@1", ...file("contradicted"), ...reason);
  own.record("read", "other@1", ...file("mentioned"));
  own.record("read", "other@1", ...file("denied"), "--outcome", "denied");
  own.record("register", "h@1", ...file("held"), ...reason);
  own.record("hold", "h@1", ...file("held"), ...reason);
  file("unknown");
  for (const [name, expected, cause] of [
    ["registered", "verified", null],
    ["mentioned", "verified", null],
    ["contradicted", "failed", "contents"],
    ["denied", "unknown", null],
    ["held", "failed", "hold"],
    ["unknown", "unknown", null],
  ]) {
    for (const artifact of [undefined, "m@1"]) {
      const query = new verify.FilesQuery([digest(own.at(name))], own.policy, { now, artifact });
      const ours = answer(own.public, query);
      const words = artifact === undefined ? [] : ["--artifact", artifact];
      assert.equal(ours, report("verify", "file", own.at(name), "--log", own.log, ...own.trust, ...words), name);
      if (artifact === undefined) assert.deepEqual([result(ours), JSON.parse(ours).cause], [expected, cause], name);
    }
  }
});

test("folders beside their registration, file by file", { skip }, () => {
  const own = log.other();
  const [folder, listFile] = [own.at("folder"), own.at("list")];
  const write = (path, content) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  // More files than an entry holds.
  for (let at = 0; at < 600; at++) write(`part/${at}`, `part ${at}`);
  write(".git/HEAD", "ref: refs/heads/main");
  const reason = ["--reason-code", "r", "--reason", "why"];
  own.record("register", "m@1", "--file", folder, "--file-list", listFile, ...reason);
  const registeredList = readFileSync(listFile, "utf8");
  const hashed = () => {
    const hasher = new verify.FolderHasher();
    for (const path of readdirSync(folder, { recursive: true })) {
      const place = join(folder, path);
      if (!statSync(place).isFile() || verify.isLeftOut(path)) continue;
      hasher.add(path, statSync(place).size, digest(place));
    }
    return hasher.list();
  };
  assert.equal(hashed(), registeredList);
  for (const [change, options, words, expected] of [
    [() => {}, {}, [], "verified"],
    [() => {}, { artifact: "m@1" }, ["--artifact", "m@1"], "verified"],
    [() => {}, { artifact: "m@2" }, ["--artifact", "m@2"], "unknown"],
    [() => write("part/7", "changed"), { artifact: "m@1" }, ["--artifact", "m@1"], "failed"],
    [
      () => write("extra", "extra"),
      { artifact: "m@1", registeredList },
      ["--artifact", "m@1", "--file-list", listFile],
      "failed",
    ],
  ]) {
    change();
    const ours = answer(own.public, new verify.FolderQuery(hashed(), own.policy, { now, ...options }));
    assert.equal(ours, report("verify", "file", folder, "--log", own.log, ...own.trust, ...words));
    assert.equal(result(ours), expected);
    if (options.registeredList) {
      const { changed, missing, extra } = JSON.parse(ours).folder;
      assert.deepEqual([changed, missing, extra], [["part/7"], [], ["extra"]]);
    }
  }
});

test("a history that goes on from an older one, and one that does not", { skip }, () => {
  const bundles = {};
  for (const artifact of ["model@1", "model"]) {
    const path = log.at(`${artifact}.older`);
    report("bundle", artifact, "--log", log.log, ...trust(), "-o", path);
    bundles[artifact] = [path, new Uint8Array(readFileSync(path))];
  }
  const [path, since] = bundles["model@1"];
  const ours = history(log.public, "model@1", log.policy, { now, since });
  assert.equal(ours, report("history", "model@1", "--log", log.log, ...trust(), "--since", path));
  assert.equal(result(ours), "verified");
  assert.ok(JSON.parse(ours).checks.some((check) => check.code === "since" && check.outcome === "pass"));
  // One whose entries were changed is compared, and found wanting; what is no bundle of this artifact is misuse.
  const changed = since.slice();
  changed[changed.length - 40] ^= 1;
  writeFileSync(path, changed);
  const other = history(log.public, "model@1", log.policy, { now, since: changed });
  assert.equal(other, report("history", "model@1", "--log", log.log, ...trust(), "--since", path));
  assert.notEqual(result(other), "verified");
  for (const wrong of [bundles.model[1], new Uint8Array(), since.subarray(0, 9)]) {
    assert.throws(() => new verify.HistoryQuery("model@1", log.policy, { now, since: wrong }), /older bundle/);
  }
  assert.throws(() => new verify.HistoryQuery("model@1", log.policy, { now, since: "text" }), TypeError);
});

test("bundles, good and bad", { skip }, () => {
  const bundle = log.at("history.bundle");
  report("bundle", "model@1", "--log", log.log, ...trust(), "-o", bundle);
  const good = log.read("history.bundle");
  const cases = { good, empty: good.subarray(0, 0), cut: good.subarray(0, -1), longer: Uint8Array.of(...good, 10) };
  for (let at = 3; at < good.length; at += 997) {
    const changed = good.slice();
    changed[at] ^= 1;
    cases[`changed at ${at}`] = changed;
  }
  for (const [name, bytes] of Object.entries(cases)) {
    writeFileSync(bundle, bytes);
    const ours = verify.verifyBundle(bytes, log.policy, { now });
    assert.equal(ours, report("verify", "bundle", bundle, ...trust()), name);
    assert.equal(result(ours) === "verified", name === "good", name);
  }
});

test("bundles, and the question that was asked", { skip }, () => {
  for (const [file, ...made] of [["whole.bundle"], ["exact.bundle", "--exact"]]) {
    const bundle = log.at(file);
    report("bundle", "model@1", "--log", log.log, ...made, ...trust(), "-o", bundle);
    for (const asked of [{}, { exact: true }, { artifact: "model@1", exact: true }, { artifact: "other@1" }]) {
      const ours = verify.verifyBundle(log.read(file), log.policy, { now, ...asked });
      const artifact = asked.artifact ? ["--artifact", asked.artifact] : [];
      const exact = asked.exact ? ["--exact"] : [];
      assert.equal(ours, report("verify", "bundle", bundle, ...artifact, ...exact, ...trust()), JSON.stringify(asked));
      const expected =
        asked.artifact === "other@1" ? "failed" : made.length > 0 && !asked.exact ? "unknown" : "verified";
      assert.equal(result(ours), expected, JSON.stringify(asked));
    }
  }
});

test("fraud proofs, that hold and that do not", { skip }, () => {
  const vector = (name) => join(root, "docs/formats/vectors/index", name);
  const policy = readFileSync(vector("trust.policy"), "utf8");
  const good = new Uint8Array(readFileSync(vector("omission.fraud")));
  const other = good.slice();
  other[other.length - 100] ^= 1;
  for (const [fraud, trusted, expected] of [
    [good, policy, "verified"],
    [other, policy, "failed"],
    [good.slice(0, -1), policy, "failed"],
    [good, log.policy, "unknown"],
  ]) {
    const [file, trust] = [log.at("a.fraud"), log.at("fraud.policy")];
    writeFileSync(file, fraud);
    writeFileSync(trust, trusted);
    const ours = verify.verifyFraud(fraud, trusted, { now });
    assert.equal(ours, report("verify", "fraud", file, "--policy", trust, "--now", NOW));
    assert.equal(result(ours), expected);
    assert.equal(JSON.parse(ours).claims.included, "unknown");
  }
});

test("evidence of an inconsistency, that holds and that does not", { skip }, () => {
  const vector = (name) => join(root, "docs/formats/vectors/inconsistency", name);
  const policy = readFileSync(vector("trust.policy"), "utf8");
  const good = new Uint8Array(readFileSync(vector("fork.inconsistency")));
  const other = good.slice();
  other[other.length - 20] ^= 1;
  for (const [evidence, trusted, expected] of [
    [good, policy, "verified"],
    [other, policy, "failed"],
    [good.slice(0, -1), policy, "failed"],
    [good, log.policy, "unknown"],
  ]) {
    const [file, trust] = [log.at("a.inconsistency"), log.at("heads.policy")];
    writeFileSync(file, evidence);
    writeFileSync(trust, trusted);
    const ours = verify.verifyInconsistency(evidence, trusted, { now });
    assert.equal(ours, report("verify", "inconsistency", file, "--policy", trust, "--now", NOW));
    assert.equal(result(ours), expected);
    assert.equal(JSON.parse(ours).claims.included, "unknown");
  }
});

test("proofs of one entry, good and bad", { skip }, () => {
  const all = entries(log);
  const [proof, entry] = [log.at("entry.tlog-proof"), log.at("entry")];
  const index = Number(/^index (\d+)$/m.exec(readFileSync(log.at("read.tlog-proof"), "utf8"))[1]);
  report("prove", "--log", log.log, "--index", String(index), "-o", proof, ...trust());
  const cosigned = log.read("entry.tlog-proof");
  for (const [name, bytes, at, expected] of [
    ["good", cosigned, index, "verified"],
    ["made before the witnesses cosigned", log.read("read.tlog-proof"), index, "unknown"],
    ["of another entry", cosigned, index - 1, "failed"],
    ["cut", cosigned.subarray(0, -1), index, "failed"],
    ["no proof", new TextEncoder().encode("no proof"), index, "failed"],
  ]) {
    writeFileSync(entry, all[at]);
    writeFileSync(proof, bytes);
    const ours = verify.verifyProof(bytes, new Uint8Array(all[at]), log.policy, { now });
    assert.equal(ours, report("verify", "proof", proof, "--entry", entry, ...trust()), name);
    assert.equal(result(ours), expected, name);
  }
});

test("consistency of two checkpoints, good and bad", { skip }, () => {
  const size = (name) => Number(readFileSync(log.at(name), "utf8").split("\n")[1]);
  const [old, proof] = [log.at("old.checkpoint"), log.at("consistency.proof")];
  const good = consistency(entries(log), size("old.checkpoint"));
  for (const [name, lines] of [
    ["good", good],
    ["short", good.split("\n").slice(1).join("\n")],
    ["empty", ""],
    ["malformed", "no hash\n"],
  ]) {
    writeFileSync(proof, lines);
    const ours = verify.verifyConsistency(
      log.read("old.checkpoint"),
      log.read("log/public/checkpoint"),
      new TextEncoder().encode(lines),
      log.policy,
      { now },
    );
    const words = ["--old", old, "--new", join(log.public, "checkpoint"), "--proof", proof];
    assert.equal(ours, report("verify", "consistency", ...words, ...trust()), name);
    assert.equal(result(ours) === "verified", name === "good", name);
  }
});

test("policies that are malformed, know another log, or are empty", { skip }, () => {
  const file = log.at("other.policy");
  for (const policy of ["", "nonsense\n", "quorum none\n", log.policy.replace(/^log .*$/m, "# no log")]) {
    writeFileSync(file, policy);
    const ours = history(log.public, "model@1", policy, { now });
    assert.equal(ours, report("history", "model@1", "--log", log.log, "--policy", file, "--now", NOW), policy);
    assert.notEqual(result(ours), "verified");
  }
});

test("memory is bounded as by the command line", { skip }, () => {
  const ours = history(log.public, "model@1", log.policy, { now, maxMemory: 64 });
  const args = ["--log", log.log, ...trust(), "--max-memory", "64"];
  assert.equal(ours, report("history", "model@1", ...args));
  assert.equal(result(ours), "unknown");
  assert.equal(JSON.parse(ours).checks.find(({ code }) => code === "coverage").evidence.memoryLimit, 64);
});

test("misuse throws", { skip }, () => {
  const query = (artifact, options) => () => new verify.HistoryQuery(artifact, log.policy, options);
  assert.throws(query(""), Error);
  assert.throws(query("sha256:short"), Error);
  assert.throws(query(7), { name: "TypeError" });
  assert.throws(query("model@1", { now: 7 }), { name: "TypeError" });
  assert.throws(query("model@1", { now: -1n }), { name: "RangeError" });
  assert.throws(query("model@1", { now: 1n << 64n }), { name: "RangeError" });
  assert.throws(query("model@1", { require: "fresh" }), { name: "TypeError" });
  // Of files alone.
  assert.throws(query("model@1", { require: "registered" }), { name: "TypeError" });
  assert.throws(query("model@1", { maxAge: 7n }), { name: "TypeError" });
  assert.throws(query("model@1", { maxMemory: "1" }), { name: "RangeError" });
  assert.throws(query("model@1", { acceptIndex: "yes" }), { name: "TypeError" });
  assert.throws(() => verify.verifyFraud(new Uint8Array(), log.policy, { acceptIndex: 1 }), { name: "TypeError" });
  assert.throws(() => verify.verifyBundle("text", log.policy), { name: "TypeError" });
  assert.throws(() => verify.verifyBundle(new Uint8Array(), log.policy, { artifact: "two words" }), /is not a name/);
  assert.throws(() => verify.verifyBundle(new Uint8Array(), log.policy, { exact: 1 }), { name: "TypeError" });
  assert.throws(() => verify.verifyProof(new Uint8Array(), new Uint8Array(), new Uint8Array()), { name: "TypeError" });
  const started = query("model@1")();
  assert.throws(() => started.supply("checkpoint", null), { name: "TypeError" });
  assert.throws(() => started.supply(undefined, new Uint8Array()), { name: "TypeError" });
});
