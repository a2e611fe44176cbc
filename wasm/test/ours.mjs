// A log of our own, made by the command line as a user would make it.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = process.env.GLASSLOG_BIN;
/** Why there is no log to test with, if so. */
export const noBinary = binary && existsSync(binary) ? false : "set GLASSLOG_BIN to the path of the glasslog binary";

/** Runs `glasslog … --format json` and returns what it prints, whatever its exit code, less the final newline. */
export function report(...words) {
  const { stdout, stderr } = spawnSync(binary, [...words, "--format", "json"], { encoding: "utf8" });
  if (!stdout.endsWith("\n")) throw new Error(`no report from ${words.join(" ")}: ${stderr}`);
  return stdout.slice(0, -1);
}

const run = (...words) => execFileSync(binary, words, { stdio: ["ignore", "pipe", "pipe"] });

/** Makes a log with one actor and no event. */
function makeEmpty(at) {
  const log = at("log");
  run("init", log, "--origin", "models.example.com/access");
  run("keygen", "--kind", "actor", "--name", "ci@example.org", "--out", at("ci.key"));
  run("keys", "enrol", "--log", log, "--actor", "ci@example.org", "--key", at("ci.key.pub"));
  const signed = ["--log", log, "--signer", at("ci.key")];
  const record = (action, artifact, ...more) =>
    run("record", ...signed, "--action", action, "--artifact", artifact, ...more);
  return { log, record };
}

/** Makes a log with one actor, some events about `model@1` and others, two local witnesses, and its older checkpoint. */
export function makeLog() {
  const folder = mkdtempSync(join(tmpdir(), "glasslog-test-"));
  const at = (name) => join(folder, name);
  const { log, record } = makeEmpty(at);
  writeFileSync(at("model"), "weights");
  const model = ["--file", at("model")];
  record(
    "register",
    "model@1",
    ...model,
    "--reason-code",
    "release",
    "--reason",
    "tests pass",
    "-o",
    at("register.tlog-proof"),
  );
  copyFileSync(join(log, "public/checkpoint"), at("old.checkpoint"));
  record("read", "model@1", ...model, "-o", at("read.tlog-proof"));
  for (const version of [2, 3, 4, 5])
    record("read", `other@${version}`, "--digest", `sha256:${"ab".repeat(32)}`, "--no-wait");
  run("publish", log);
  let lines = "";
  for (const name of ["one", "two"]) {
    run("keygen", "--kind", "witness", "--name", `witness.example.org/${name}`, "--out", at(name));
    run("witness", "cosign", log, "--key", at(name), "--state", at(`${name}.state`));
    lines += `witness ${name} ${readFileSync(at(`${name}.pub`), "utf8").trim()}\n`;
  }
  const policy = readFileSync(join(log, "trust.policy"), "utf8");
  writeFileSync(at("trust.policy"), policy.replace("quorum none", `${lines}group both all one two\nquorum both`));
  return {
    at,
    log,
    public: join(log, "public"),
    read: (name) => new Uint8Array(readFileSync(at(name))),
    policy: readFileSync(at("trust.policy"), "utf8"),
    /** Another log, in the same folder and without witnesses. */
    other: () => {
      const place = mkdtempSync(join(folder, "other-"));
      const within = (name) => join(place, name);
      const { log, record } = makeEmpty(within);
      const policy = join(log, "trust.policy");
      return {
        at: within,
        log,
        public: join(log, "public"),
        policy: readFileSync(policy, "utf8"),
        trust: ["--policy", policy, "--now", "2030-01-01T00:00:00Z"],
        record: (action, artifact, ...more) => record(action, artifact, "-o", within("proof"), ...more),
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** All entries, read from the bundles of a log of fewer than 256. */
export function entries(log) {
  const folder = join(log.public, "tile/entries/000.p");
  const width = readdirSync(folder)
    .map(Number)
    .sort((a, b) => b - a)[0];
  const bytes = readFileSync(join(folder, String(width)));
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16BE(at);
    found.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const split = (size) => 2 ** Math.floor(Math.log2(size - 1));

/** RFC 6962 §2.1: the root over entries. */
function root(leaves) {
  if (leaves.length === 1) return hash(Buffer.of(0), leaves[0]);
  const at = split(leaves.length);
  return hash(Buffer.of(1), root(leaves.slice(0, at)), root(leaves.slice(at)));
}

/** RFC 6962 §2.1.2: the proof that the first `old` leaves are a prefix, as lines of base64. */
export function consistency(leaves, old) {
  const proof = (old, leaves, whole) => {
    if (old === leaves.length) return whole ? [] : [root(leaves)];
    const at = split(leaves.length);
    return old <= at
      ? [...proof(old, leaves.slice(0, at), whole), root(leaves.slice(at))]
      : [...proof(old - at, leaves.slice(at), false), root(leaves.slice(0, at))];
  };
  return proof(old, leaves, true)
    .map((line) => `${line.toString("base64")}\n`)
    .join("");
}
