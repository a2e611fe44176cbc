// Makes a real log with the command line, as an operator does, for end-to-end tests.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, createPrivateKey, sign } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const site = process.env["GLASSLOG_SITE"] ?? ".";

/** Path of the command line, if it is built. */
export const binary: string | undefined = [process.env["GLASSLOG_BIN"], join(site, "../target/debug/glasslog")].find(
  (path) => path !== undefined && existsSync(path),
);

export const ORIGIN = "models.example.com/access";
export const MODEL = "demo-model@1.0";
export const BUSY = "busy@1";

export type Answer = { readonly status: number; readonly stdout: string };

/** Runs `glasslog` and returns its status and output. */
export function glasslog(...words: string[]): Answer {
  const { status, stdout, stderr, error } = spawnSync(binary ?? "glasslog", words, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (error) throw error;
  return { status: status ?? -1, stdout: status === 0 || stdout ? stdout : stderr };
}

function must(...words: string[]): string {
  return execFileSync(binary ?? "glasslog", words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 << 20,
  });
}

export type Log = {
  /** The log directory. */
  readonly path: string;
  /** The folder that a host serves. */
  readonly public: string;
  readonly policy: string;
  readonly model: string;
};

/** Records an event about the model and returns its leaf hash. */
export type Record = (actor: string, action: string, ...more: string[]) => string;

/** Five events by two actors. */
const SHORT = {
  actors: ["maya@example.com", "ci@example.com"],
  tell(record: Record): void {
    record("maya@example.com", "register", "--reason-code", "release", "--reason", "First release");
    record("ci@example.com", "verify", "--pipeline", "nightly");
    record("maya@example.com", "read");
    record("ci@example.com", "deploy", "--reason-code", "rollout", "--reason", "Plant 4, line 2", "--env", "prod");
    record("maya@example.com", "execute");
  },
};

/** Events to make a log of. */
type Story = {
  readonly actors: readonly string[];
  /** The file or folder that the events are about, instead of a small file. */
  readonly model?: string;
  tell(record: Record): void;
};

/** Makes a log with two witnesses and events about one model. */
export function makeLog(story: Story = SHORT): Log {
  const home = mkdtempSync(join(tmpdir(), "glasslog-log-"));
  const at = (name: string): string => join(home, name.replaceAll("/", "-"));
  const [path, model] = [at("log"), story.model ?? at("model.safetensors")];
  if (!story.model) writeFileSync(model, "the weights of a small model\n".repeat(40_000));
  must("init", path, "--origin", ORIGIN);
  for (const actor of story.actors) {
    must("keygen", "--kind", "actor", "--name", actor, "--out", at(`${actor}.key`));
    must("keys", "enrol", "--log", path, "--actor", actor, "--key", at(`${actor}.key.pub`));
  }
  story.tell((actor, action, ...more) => {
    const words = [
      "record",
      "--format",
      "json",
      "--log",
      path,
      "--signer",
      at(`${actor}.key`),
      "--action",
      action,
      "--artifact",
      MODEL,
      "--file",
      model,
      "-o",
      at(`${action}.tlog-proof`),
      ...more,
    ];
    return (JSON.parse(must(...words)) as { leafHash: string }).leafHash;
  });
  const policy = join(path, "trust.policy");
  const witnesses = ["witness.example/one", "witness.example/two"].map((name, number) => {
    const key = at(`w${number}.key`);
    must("keygen", "--kind", "witness", "--name", name, "--out", key);
    must("witness", "cosign", path, "--key", key, "--state", at(`w${number}.state`));
    return `witness w${number} ${readFileSync(`${key}.pub`, "utf8").trim()}\n`;
  });
  const text = readFileSync(policy, "utf8");
  writeFileSync(policy, text.replace("quorum none", `${witnesses.join("")}group both all w0 w1\nquorum both`));
  return { path, public: join(path, "public"), policy, model };
}

type Envelope = {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly [{ readonly keyid: string }];
};

/** Makes a log of `number` events in one batch: every second about `BUSY`, the others about an artifact each. */
export function makeLongLog(number: number): Pick<Log, "path" | "public" | "policy"> {
  const home = mkdtempSync(join(tmpdir(), "glasslog-long-"));
  const [path, key, events] = [join(home, "log"), join(home, "ci.key"), join(home, "events.jsonl")];
  writeFileSync(join(home, "model"), "weights\n");
  must("init", path, "--origin", ORIGIN);
  must("keygen", "--kind", "actor", "--name", "ci@example.com", "--out", key);
  must("keys", "enrol", "--log", path, "--actor", "ci@example.com", "--key", `${key}.pub`);
  const envelope = JSON.parse(
    must(
      "record",
      "--log",
      path,
      "--signer",
      key,
      "--action",
      "read",
      "--artifact",
      BUSY,
      "--file",
      join(home, "model"),
      "--dry-run",
    ),
  ) as Envelope;
  const secret = createPrivateKey(readFileSync(key, "utf8").replace(/^[^]*?(?=-----BEGIN)/, ""));
  const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString()) as {
    subject: [{ name: string; digest: { sha256: string } }];
    predicate: { eventId: string };
  };
  const lines = Array.from({ length: number }, (_, at) => {
    const name = at % 2 === 0 ? BUSY : `rare@${at}`;
    const sha256 = createHash("sha256").update(name).digest("hex");
    statement.subject[0] = { name, digest: { sha256 } };
    statement.predicate.eventId = statement.predicate.eventId.slice(0, -12) + at.toString(16).padStart(12, "0");
    const payload = Buffer.from(JSON.stringify(statement));
    // DSSE's pre-authentication encoding.
    const signed = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
      payload,
    ]);
    const { keyid } = envelope.signatures[0];
    const signatures = [{ keyid, sig: sign(null, signed, secret).toString("base64") }];
    const { payloadType } = envelope;
    return `${JSON.stringify({ payload: payload.toString("base64"), payloadType, signatures })}\n`;
  });
  writeFileSync(events, lines.join(""));
  must("submit", "--log", path, events);
  return { path, public: join(path, "public"), policy: join(path, "trust.policy") };
}

/** Lets an auditor recompute and cosign the log's index, and adds the auditor to the trust file. */
export function auditIndex(log: Pick<Log, "path" | "policy">): void {
  const key = join(mkdtempSync(join(tmpdir(), "glasslog-auditor-")), "auditor.key");
  must("publish", log.path); // the index catches up
  must("keygen", "--kind", "auditor", "--name", "auditor.example.org", "--out", key);
  must("audit", log.path, "--policy", log.policy, "--cosign", key);
  const [policy, auditor] = [log.policy, `${key}.pub`].map((path) => readFileSync(path, "utf8").trim());
  writeFileSync(log.policy, `${policy}\n[audit]\nwitness auditor ${auditor}\nquorum auditor\n`);
}

/** Copies a log's public files, to be damaged. */
export function copyOf(log: Log): string {
  const copy = mkdtempSync(join(tmpdir(), "glasslog-copy-"));
  cpSync(log.public, copy, { recursive: true });
  return copy;
}
