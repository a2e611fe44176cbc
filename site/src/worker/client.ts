// The page's end of the worker: starts jobs, feeds them with files and returns their results.
import type { FetchFile } from "../app/fetcher.js";
import type { FolderFile } from "../app/folder.js";
import type { EventView, Report } from "@glasslog/verify";
import type { Accusation, Contents, Options, ToPage, ToWorker, WantedFile } from "./protocol.js";

/** A report, parsed and as the verifier's own text. */
export type Verdict = { readonly report: Report; readonly json: Blob };

/** Receiver of a job's progress. */
export type Listener = {
  /** The verifier's own JSON text. */
  readonly progress?: (json: string, found: readonly EventView[]) => void;
  readonly hashing?: (done: number, total: number) => void;
};

/** The verifier refused the question itself: it breaks the syntax of artifacts. */
export class Refused extends Error {}

/** The verifier itself failed, so nothing was concluded. The next question gets a fresh one. */
export class Broken extends Error {}

type Waiting = {
  readonly resolve: (answer: Contents | Verdict) => void;
  readonly reject: (reason: Error) => void;
  readonly listener: Listener;
  readonly fetchFile: FetchFile | undefined;
  /** Events of the report that have arrived. */
  readonly events: EventView[];
};

/**
 * Address of the worker's script. With Trusted Types no other text can become a script's address, and a policy of one name
 * can be made once only, so a second worker takes the same address.
 */
const WORKER_URL = workerUrl();

function workerUrl(): string {
  const url = new URL("worker.js", import.meta.url).href;
  const types = (
    globalThis as {
      trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } };
    }
  ).trustedTypes;
  if (!types) return url;
  return types.createPolicy("glasslog-worker", { createScriptURL: () => url }).createScriptURL("");
}

export class Verifier {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined = this.#begin();
  #last = 0;

  /** Starts a worker. What one says after its end is of no interest. */
  #begin(): Worker {
    const worker = new Worker(WORKER_URL, { type: "module", name: "glasslog verifier" });
    const listen =
      <E>(hear: (event: E) => void) =>
      (event: E) =>
        this.#worker === worker && hear(event);
    worker.addEventListener(
      "message",
      listen((event: MessageEvent<ToPage>) => this.#hear(event.data)),
    );
    worker.addEventListener(
      "error",
      listen((event: ErrorEvent) => this.#break(event.message || "its script could not be loaded")),
    );
    return worker;
  }

  /** Reports on an artifact's history. */
  history(
    artifact: string,
    policy: string,
    options: Options,
    fetchFile: FetchFile,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Verdict> {
    return this.#start((job) => ({ type: "history", job, artifact, policy, options }), listener, signal, fetchFile);
  }

  /** Reports on an offline bundle, which must be about `artifact` if that is given. */
  bundle(
    file: Blob,
    artifact: string | undefined,
    policy: string,
    options: Options,
    signal: AbortSignal,
  ): Promise<Verdict> {
    return this.#start((job) => ({ type: "bundle", job, file, artifact, policy, options }), {}, signal);
  }

  /** Reports on an accusation. */
  accusation(type: Accusation, file: Blob, policy: string, options: Options, signal: AbortSignal): Promise<Verdict> {
    return this.#start((job) => ({ type, job, file, policy, options }), {}, signal);
  }

  /** Hashes a file of any size. */
  hash(file: Blob, listener: Listener, signal: AbortSignal): Promise<Contents> {
    return this.#start((job) => ({ type: "hash", job, file }), listener, signal);
  }

  /** Hashes a folder. */
  hashFolder(files: readonly FolderFile[], listener: Listener, signal: AbortSignal): Promise<Contents> {
    return this.#start((job) => ({ type: "hash-folder", job, files }), listener, signal);
  }

  /** Reports on the evidence for a file or a folder. */
  contents(
    contents: Contents,
    policy: string,
    options: Options,
    fetchFile: FetchFile,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Verdict> {
    return this.#start((job) => ({ type: "contents", job, contents, policy, options }), listener, signal, fetchFile);
  }

  #start<Answer extends Contents | Verdict>(
    message: (job: number) => ToWorker,
    listener: Listener,
    signal: AbortSignal,
    fetchFile?: FetchFile,
  ): Promise<Answer> {
    const job = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(job, { resolve: resolve as Waiting["resolve"], reject, listener, fetchFile, events: [] });
      signal.addEventListener("abort", () => this.#fail(job, signal.reason as Error), { once: true });
      this.#post(message(job));
    });
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(message, transfer);
  }

  #hear(message: ToPage): void {
    if (message.type === "ready") return;
    if (message.type === "broken") return this.#break(message.message);
    const waiting = this.#waiting.get(message.job);
    if (!waiting) return;
    switch (message.type) {
      case "need":
        for (const file of message.files) void this.#bring(message.job, file, waiting);
        return;
      case "progress":
        return waiting.listener.progress?.(message.progress, message.found);
      case "hashing":
        return waiting.listener.hashing?.(message.done, message.total);
      case "hashed":
        this.#waiting.delete(message.job);
        return waiting.resolve(message.contents);
      case "events":
        for (const event of message.events) waiting.events.push(event);
        return;
      case "report":
        this.#waiting.delete(message.job);
        return waiting.resolve({ report: { ...message.head, events: waiting.events }, json: message.json });
      case "refused":
        this.#waiting.delete(message.job);
        return waiting.reject(new Refused(message.message));
    }
  }

  async #bring(job: number, file: WantedFile, waiting: Waiting): Promise<void> {
    try {
      const bytes = await waiting.fetchFile?.(file);
      if (this.#waiting.has(job))
        this.#post({ type: "supply", job, path: file.path, bytes }, bytes ? [bytes.buffer] : []);
    } catch (error) {
      this.#fail(job, error as Error);
    }
  }

  #fail(job: number, reason: Error): void {
    const waiting = this.#waiting.get(job);
    if (!waiting) return;
    this.#waiting.delete(job);
    this.#post({ type: "cancel", job });
    waiting.reject(reason);
  }

  /** Gives up a worker whose state is not known any more. */
  #break(message: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(new Broken(message));
    this.#waiting.clear();
  }
}
