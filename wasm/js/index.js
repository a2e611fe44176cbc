// @glasslog/verify: verifies Glasslog transparency logs in a page, a worker or Node.
//
// Everything is decided by the wasm, whose rules are those of the command line. This file loads it, supplies the clock
// where the caller does not, and refuses arguments of the wrong type before they cross over.

import load, * as wasm from "./glasslog_verify.js";

let loading;

/** Loads the wasm, once. Without an argument it is the file beside this one. */
export function init(bytesOrUrl) {
  loading ??= instantiate(bytesOrUrl ?? new URL("./glasslog_verify_bg.wasm", import.meta.url)).catch((error) => {
    loading = undefined; // a failed download may be tried again
    throw error;
  });
  return loading;
}

async function instantiate(source) {
  if (typeof source === "string") source = new URL(source, globalThis.location?.href);
  if (source instanceof URL) source = source.protocol === "file:" ? await readLocal(source) : await download(source);
  await load({ module_or_path: source });
}

async function readLocal(url) {
  const name = "node:fs/promises"; // in a variable, so that bundlers for the browser leave it alone
  const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return readFile(url);
}

async function download(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url}: status ${response.status}`);
  return response.arrayBuffer(); // not as a stream, which would need the host to know the type of wasm files
}

/** Verifies an offline bundle. */
export function verifyBundle(bundle, policy, { artifact, exact = false, ...options } = {}) {
  const asked = [artifact === undefined ? undefined : text("artifact", artifact), flag("exact", exact)];
  return wasm.verifyBundle(bytes("bundle", bundle), text("policy", policy), ...asked, ...read(options));
}

/** Verifies a tlog-proof of one entry. */
export function verifyProof(proof, entry, policy, options) {
  const args = [bytes("proof", proof), bytes("entry", entry), text("policy", policy)];
  return wasm.verifyProof(...args, ...withoutIndex(options));
}

/** Verifies that a newer checkpoint extends an older one. */
export function verifyConsistency(oldCheckpoint, newCheckpoint, proof, policy, options) {
  return wasm.verifyConsistency(
    bytes("oldCheckpoint", oldCheckpoint),
    bytes("newCheckpoint", newCheckpoint),
    bytes("proof", proof),
    text("policy", policy),
    ...withoutIndex(options),
  );
}

/** Verifies a fraud proof against the signer of an index. */
export function verifyFraud(fraud, policy, options) {
  return wasm.verifyFraud(bytes("fraud", fraud), text("policy", policy), ...withoutIndex(options));
}

/** Verifies the evidence that a log signed two heads that cannot both be true. */
export function verifyInconsistency(evidence, policy, options) {
  return wasm.verifyInconsistency(bytes("evidence", evidence), text("policy", policy), ...withoutIndex(options));
}

/** Most bytes of the file at `path` of a log; `undefined` if no log has a file of this name. */
export function fileLimit(path) {
  return wasm.fileLimit(text("path", path));
}

/** Returns `true` if the file's name determines its content, so that a cached copy is as good as a fetched one. */
export function isImmutable(path) {
  return wasm.isImmutable(text("path", path));
}

/** Returns `true` for a file that a good log need not have: HTTP 403 then means the same as 404. */
export function isOptional(path) {
  return wasm.isOptional(text("path", path));
}

/** Number of entries in the log's entry bundle at `path`; 0 for any other file. */
export function entriesIn(path) {
  return wasm.entriesIn(text("path", path));
}

/** The digest of the folder with the files of a list. */
export function folderDigest(list) {
  return wasm.folderDigest(text("list", list));
}

/** Returns `true` if a path is left out of every folder. */
export function isLeftOut(path) {
  return wasm.isLeftOut(text("path", path));
}

/** A query under way: says which files it needs, is fed with them, and reports. */
class Query {
  #query;

  constructor(query, maxMemory) {
    this.#query = query;
    if (maxMemory === undefined) return;
    if (!Number.isSafeInteger(maxMemory) || maxMemory < 0 || maxMemory > 0xffffffff)
      throw new RangeError("option `maxMemory` must be a whole number below 2^32");
    this.#query.holdAtMost(maxMemory);
  }

  /** The files wanted next, relative to the log's public tree; empty when done. */
  needs() {
    return this.#query.needs();
  }

  /** Hands over one file; `undefined` if it is missing. */
  supply(path, file) {
    this.#query.supply(text("path", path), file === undefined ? undefined : bytes("file", file));
  }

  /** The report, when nothing more is needed. */
  report() {
    return this.#query.report();
  }

  /** The progress, as JSON text; see `index.d.ts`. */
  progress() {
    return this.#query.progress();
  }

  /** Events found since the first `from` entries came, as JSON text: `{"next":ENTRIES,"events":[…]}`. */
  found(from) {
    if (!Number.isSafeInteger(from) || from < 0 || from > 0xffffffff)
      throw new RangeError("`from` must be a whole number below 2^32");
    return this.#query.found(from);
  }

  /** Gives its memory back before the garbage collector would. */
  free() {
    this.#query.free();
  }
}

/** The complete history of an artifact. */
export class HistoryQuery extends Query {
  constructor(artifact, policy, { exact = false, fullScan = false, state = false, since, maxMemory, ...options } = {}) {
    if (flag("state", state) && since !== undefined)
      throw new TypeError("options `state` and `since` exclude each other");
    const older = since === undefined ? undefined : bytes("since", since);
    const ways = [flag("exact", exact), flag("fullScan", fullScan), state, older];
    const asked = [text("artifact", artifact), text("policy", policy)];
    super(new wasm.HistoryQuery(...asked, ...ways, ...read(options)), maxMemory);
  }
}

/** The evidence for files: registered, only mentioned, contradicted or under a hold. */
export class FilesQuery extends Query {
  constructor(digests, policy, { artifact, fullScan = false, maxMemory, ...options } = {}) {
    if (!Array.isArray(digests) || digests.length === 0) throw new TypeError("`digests` must be a list of digests");
    const files = digests.map((digest) => digestOf("digests", digest));
    const asked = [files, maybe("artifact", artifact), text("policy", policy), flag("fullScan", fullScan)];
    super(wasm.HistoryQuery.ofFiles(...asked, ...read(options, CLAIMS_OF_FILES)), maxMemory);
  }
}

/** The evidence for a folder, compared file by file with its registration. */
export class FolderQuery extends Query {
  constructor(list, policy, { artifact, registeredList, fullScan = false, maxMemory, ...options } = {}) {
    const lists = [text("list", list), maybe("registeredList", registeredList)];
    const asked = [...lists, maybe("artifact", artifact), text("policy", policy), flag("fullScan", fullScan)];
    super(wasm.HistoryQuery.ofFolder(...asked, ...read(options, CLAIMS_OF_FILES)), maxMemory);
  }
}

/** SHA-256 of a file of any size, in constant memory. */
export class FileHasher {
  #hasher = new wasm.FileHasher();

  update(chunk) {
    this.#unfinished().update(bytes("chunk", chunk));
  }

  /** `sha256:` and hex. The hasher is used up. */
  digest() {
    const hasher = this.#unfinished();
    this.#hasher = undefined;
    return hasher.digest();
  }

  #unfinished() {
    if (this.#hasher) return this.#hasher;
    throw new Error("the digest was already taken");
  }
}

/** The files of a folder, each hashed by a [FileHasher], and the list that they make. */
export class FolderHasher {
  #hasher = new wasm.FolderHasher();

  /** Adds a file. */
  add(path, size, digest) {
    const hasher = this.#unfinished();
    hasher.add(text("path", path), whole("size", size), digestOf("digest", digest));
  }

  /** The list of all files, `glasslog-files/v1`. The hasher is used up. */
  list() {
    const hasher = this.#unfinished();
    this.#hasher = undefined;
    return hasher.list();
  }

  #unfinished() {
    if (this.#hasher) return this.#hasher;
    throw new Error("the list was already taken");
  }
}

function bytes(name, value) {
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`\`${name}\` must be a Uint8Array`);
}

function flag(name, value) {
  if (typeof value === "boolean") return value;
  throw new TypeError(`option \`${name}\` must be a boolean`);
}

function text(name, value) {
  if (typeof value === "string") return value;
  throw new TypeError(`\`${name}\` must be a string`);
}

function maybe(name, value) {
  return value === undefined ? undefined : text(name, value);
}

function digestOf(name, value) {
  if (/^sha256:[0-9a-f]{64}$/.test(text(name, value))) return value;
  throw new TypeError(`\`${name}\`: expected \`sha256:\` and 64 digits of lower-case hex`);
}

/** Claims that a verdict may need. */
const CLAIMS = ["included", "complete"];
/** The same of files. */
const CLAIMS_OF_FILES = [...CLAIMS, "registered"];

/** Options of a verification that asks no index. */
function withoutIndex(options) {
  return read(options).slice(0, 3);
}

/** Options as the wasm takes them: now, required claim, oldest acceptable checkpoint, whether the index's word counts. */
function read(options = {}, claims = CLAIMS) {
  if (typeof options !== "object" || options === null) throw new TypeError("`options` must be an object");
  const {
    now = BigInt(Math.floor(Date.now() / 1000)),
    require,
    maxCheckpointAge,
    acceptIndex = false,
    ...others
  } = options;
  for (const name of Object.keys(others)) throw new TypeError(`unknown option \`${name}\``);
  if (require !== undefined && !claims.includes(require)) {
    throw new TypeError(`option \`require\` must be ${claims.map((claim) => `"${claim}"`).join(" or ")}`);
  }
  const age = maxCheckpointAge === undefined ? undefined : seconds("maxCheckpointAge", maxCheckpointAge);
  return [seconds("now", now), require, age, flag("acceptIndex", acceptIndex)];
}

function seconds(name, value) {
  if (typeof value !== "bigint") throw new TypeError(`option \`${name}\` must be a bigint, in seconds`);
  return unsigned(`option \`${name}\``, value);
}

/** Number of bytes, as a bigint or a number. */
function whole(name, value) {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value))
    throw new TypeError(`\`${name}\` must be a whole number`);
  return unsigned(`\`${name}\``, BigInt(value));
}

/** An unsigned 64-bit number: a larger or negative one would wrap around on its way. */
function unsigned(what, value) {
  if (value === BigInt.asUintN(64, value)) return value;
  throw new RangeError(`${what} is not an unsigned 64-bit number`);
}
