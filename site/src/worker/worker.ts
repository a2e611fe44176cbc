// The verifier's worker: the wasm makes every verdict here, from bytes that the page fetches.
import {
  entriesIn,
  FileHasher,
  fileLimit,
  FilesQuery,
  folderDigest,
  FolderHasher,
  FolderQuery,
  HistoryQuery,
  init,
  isImmutable,
  isLeftOut,
  isOptional,
  verifyBundle,
  verifyFraud,
  verifyInconsistency,
  type Options as VerifierOptions,
  type Query,
  type QueryOptions,
} from "@glasslog/verify";
import type { FolderFile } from "../app/folder.js";
import { parseFound, parseReport } from "../report/parse.js";
import type { Contents, Options, ToPage, ToWorker, WantedFile } from "./protocol.js";

/** Hash of the wasm file, from the build: only the file that was built runs. Empty for the fixture. */
declare const WASM_INTEGRITY: string;

/** Bytes hashed between two messages to the page. */
const HASH_STEP = 8 << 20;
/** Shortest time between two progress messages, in milliseconds. */
const PROGRESS_EVERY = 50;
/** Events per message: the page takes them in within a few milliseconds. */
const EVENTS_AT_ONCE = 500;

type Job = {
  readonly query: Query;
  readonly asked: Set<string>;
  /** Time of the last progress message, and the timer of the next one. */
  told: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  found: number;
};

const jobs = new Map<number, Job>();
const cancelled = new Set<number>();

const say = (message: ToPage): void => postMessage(message);

const ready = load().then(
  () => say({ type: "ready" }),
  (error: unknown) => say({ type: "broken", message: error instanceof Error ? error.message : String(error) }),
);

async function load(): Promise<void> {
  const url = new URL("glasslog_verify_bg.wasm", self.location.href);
  const response = await fetch(url, WASM_INTEGRITY ? { integrity: WASM_INTEGRITY } : {});
  if (!response.ok) throw new Error(`the verifier could not be loaded (HTTP ${response.status})`);
  await init(await response.arrayBuffer());
}

addEventListener("message", (event: MessageEvent<ToWorker>) => {
  void ready.then(() => handle(event.data));
});

async function handle(message: ToWorker): Promise<void> {
  try {
    switch (message.type) {
      case "history":
        return begin(message.job, new HistoryQuery(message.artifact, message.policy, reading(message.options)));
      case "contents": {
        const { digest, list } = message.contents;
        const options = reading(message.options);
        const query =
          list === undefined
            ? new FilesQuery([digest], message.policy, options)
            : new FolderQuery(list, message.policy, options);
        return begin(message.job, query);
      }
      case "supply":
        return supply(message.job, message.path, message.bytes);
      case "hash":
        return hashed(message.job, await hash(message.job, message.file));
      case "hash-folder":
        return hashed(message.job, await hashFolder(message.job, message.files));
      case "bundle": {
        const bundle = new Uint8Array(await message.file.arrayBuffer());
        const asked = message.artifact === undefined ? {} : { artifact: message.artifact };
        return report(
          message.job,
          verifyBundle(bundle, message.policy, { ...verifierOptions(message.options), ...asked }),
        );
      }
      case "fraud":
      case "inconsistency": {
        const verify = message.type === "fraud" ? verifyFraud : verifyInconsistency;
        const accusation = new Uint8Array(await message.file.arrayBuffer());
        return report(message.job, verify(accusation, message.policy, verifierOptions(message.options)));
      }
      case "cancel":
        if (!finish(message.job)) cancelled.add(message.job);
    }
  } catch (error) {
    // After a trap the memory of the wasm may be in any state: no further call is made.
    if (isTrap(error)) return say({ type: "broken", message: error.message });
    finish(message.job);
    say({ type: "refused", job: message.job, message: error instanceof Error ? error.message : String(error) });
  }
}

/** Errors of the engine that end the wasm in the middle: a trap, and a stack or memory that is used up. */
function isTrap(error: unknown): error is Error {
  const isEngines = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
  return isEngines || (error instanceof Error && error.name === "InternalError");
}

/** Options of a query, which reads the log. */
function reading(options: Options): QueryOptions {
  return { ...verifierOptions(options), fullScan: options.fullScan };
}

function verifierOptions({ now, maxCheckpointAge, acceptIndex }: Options): VerifierOptions {
  return {
    now: BigInt(now),
    acceptIndex,
    ...(maxCheckpointAge === undefined ? {} : { maxCheckpointAge: BigInt(maxCheckpointAge) }),
  };
}

function begin(job: number, query: Query): void {
  const state: Job = { query, asked: new Set(), told: -Infinity, timer: undefined, found: 0 };
  jobs.set(job, state);
  step(job, state);
}

function supply(job: number, path: string, bytes: Uint8Array | undefined): void {
  const state = jobs.get(job);
  if (!state) return; // the job was cancelled during the request
  state.asked.delete(path);
  state.query.supply(path, bytes);
  step(job, state);
}

function step(job: number, state: Job): void {
  const json = state.query.report();
  if (json !== undefined) {
    finish(job);
    return report(job, json);
  }
  const paths = state.query.needs().filter((path) => !state.asked.has(path));
  for (const path of paths) state.asked.add(path);
  if (paths.length > 0) say({ type: "need", job, files: paths.map(wanted) });
  const rest = state.told + PROGRESS_EVERY - performance.now();
  if (rest <= 0) tell(job, state);
  // The last step before a slow file is told too.
  else state.timer ??= setTimeout(() => tell(job, state), rest);
}

function wanted(path: string): WantedFile {
  return {
    path,
    limit: fileLimit(path) ?? 0,
    isImmutable: isImmutable(path),
    isOptional: isOptional(path),
    entries: entriesIn(path),
  };
}

function tell(job: number, state: Job): void {
  clearTimeout(state.timer);
  [state.timer, state.told] = [undefined, performance.now()];
  const { next, events } = parseFound(state.query.found(state.found));
  state.found = next;
  say({ type: "progress", job, progress: state.query.progress(), found: events });
}

/** Sends a report: its events in parts, then the rest with the whole text, to be saved. */
function report(job: number, json: string): void {
  const { events, ...head } = parseReport(json);
  for (let at = 0; at < (events?.length ?? 0); at += EVENTS_AT_ONCE)
    say({ type: "events", job, events: events?.slice(at, at + EVENTS_AT_ONCE) ?? [] });
  say({ type: "report", job, head, json: new Blob([json], { type: "application/json" }) });
}

function finish(job: number): boolean {
  const state = jobs.get(job);
  clearTimeout(state?.timer);
  state?.query.free();
  return jobs.delete(job);
}

/** Hands over contents that were hashed, unless the job was cancelled. */
function hashed(job: number, contents: Contents | undefined): void {
  if (contents) say({ type: "hashed", job, contents });
}

async function hash(job: number, file: Blob): Promise<Contents | undefined> {
  const digest = await digestOf(job, file, { done: 0, told: 0, total: file.size });
  return digest === undefined ? undefined : { digest, list: undefined, leftOut: [] };
}

async function hashFolder(job: number, all: readonly FolderFile[]): Promise<Contents | undefined> {
  const files = all.filter(({ path }) => !isLeftOut(path));
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  const progress = { done: 0, told: 0, total };
  const folder = new FolderHasher();
  for (const { path, file } of files) {
    const digest = await digestOf(job, file, progress);
    if (digest === undefined) return undefined;
    folder.add(path, file.size, digest);
  }
  const list = folder.list();
  const tops = all.filter(({ path }) => isLeftOut(path)).map(({ path }) => path.replace(/\/.*/, ""));
  return { digest: folderDigest(list), list, leftOut: [...new Set(tops)].sort() };
}

/** Bytes of a file or folder that were hashed, that the page was told of, and in all. */
type Hashing = { done: number; told: number; readonly total: number };

/** Hashes a file in pieces; `undefined` if the job was cancelled. */
async function digestOf(job: number, file: Blob, progress: Hashing): Promise<string | undefined> {
  const hasher = new FileHasher();
  const reader = file.stream().getReader();
  let read = 0;
  for (;;) {
    const { done: over, value } = await reader.read();
    if (over) break;
    if (cancelled.delete(job)) return void (await reader.cancel());
    hasher.update(value);
    read += value.length;
    progress.done += value.length;
    if (progress.done - progress.told >= HASH_STEP) {
      progress.told = progress.done;
      say({ type: "hashing", job, done: progress.done, total: progress.total });
    }
  }
  if (read !== file.size) throw new Error("a file changed while it was read");
  return hasher.digest();
}
