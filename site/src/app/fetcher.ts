// Fetches a log's files, bounded in number, size and time. Only the verifier reads their contents.
import type { WantedFile } from "../worker/protocol.js";
import { Ledger } from "./cost.js";

/** Requests at once: enough to hide a network's latency, and within the limits of browsers over HTTP/2. */
const IN_FLIGHT = 12;
/** Silence after which a request is given up, in milliseconds. */
const SILENCE = 15_000;
/** Tries per file when the server is busy or the connection breaks. */
const TRIES = 3;
/** Pause before the second try, in milliseconds; twice that before the third. */
const PAUSE = 400;

/** Times that a log is read again because it has grown. */
const NEWER_HEADS = 2;

/** A path as the verifier asks for it: relative, and of nothing that could lead elsewhere. */
const PATH = /^[a-z0-9]+([./-][a-z0-9]+)*$/;

/** Fetches one file, or `undefined` if the server says that it has none. */
export type FetchFile = (file: WantedFile) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** A file could not be fetched, for a reason that says nothing about the log. */
export class Unreachable extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

/** Fetches the files of one verification, and counts them. */
export class Fetcher {
  readonly ledger = new Ledger();
  /** The files that change when the log grows, as they came in this reading. */
  readonly #heads = new Map<string, { readonly file: WantedFile; readonly bytes: Uint8Array | undefined }>();
  /** Set once a file was forbidden, which may mean that it is missing. */
  #wasForbidden = false;
  #active = 0;
  readonly #queue: (() => void)[] = [];
  readonly #base: URL;
  readonly #signal: AbortSignal;
  readonly #reload: boolean;

  /** Reads files under `base`. `reload` bypasses every cache. */
  constructor(base: URL, signal: AbortSignal, reload: boolean) {
    this.#base = base;
    this.#signal = signal;
    this.#reload = reload;
  }

  readonly file: FetchFile = async (file) => {
    const { path } = file;
    if (!PATH.test(path)) throw new Unreachable(path, "not a path of a log");
    await this.#slot();
    try {
      this.ledger.asked(path);
      const bytes = await this.#retrying(file);
      if (bytes) this.ledger.came(file, bytes.length);
      if (!file.isImmutable) this.#heads.set(path, { file, bytes });
      return bytes;
    } finally {
      this.#active--;
      this.#queue.shift()?.();
    }
  };

  /**
   * Reads a log, and reads it again if it is unfinished and the log has grown meanwhile: the files of the older checkpoint may
   * be gone. The command line does the same (client/src/drive.rs).
   */
  async reading<T>(attempt: () => Promise<T>, isUnfinished: (outcome: T) => boolean): Promise<T> {
    for (let again = 0; ; again++) {
      this.#heads.clear();
      this.#wasForbidden = false;
      try {
        const outcome = await attempt();
        if (again === NEWER_HEADS || !isUnfinished(outcome) || !(await this.#hasNewerHead())) return outcome;
      } catch (error) {
        const isGone = this.#wasForbidden && !this.#signal.aborted && again < NEWER_HEADS;
        if (!isGone || !(await this.#hasNewerHead().catch(() => false))) throw error;
      }
    }
  }

  /** Tells whether a file that changes when the log grows is another one by now. */
  async #hasNewerHead(): Promise<boolean> {
    for (const { file, bytes } of [...this.#heads.values()]) {
      if (!isSame(bytes, await this.#retrying(file))) return true;
    }
    return false;
  }

  async #slot(): Promise<void> {
    if (this.#active >= IN_FLIGHT) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#active++;
  }

  async #retrying(file: WantedFile): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(file);
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!(error instanceof Unreachable) || attempt === TRIES || error instanceof Final) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE * attempt));
      }
    }
  }

  async #once({ path, limit, isImmutable, isOptional }: WantedFile): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
    };
    try {
      const response = await fetch(new URL(path, this.#base), {
        // Checkpoints and newest manifests change: a stale copy would look like a stale log.
        cache: this.#reload ? "reload" : isImmutable ? "default" : "no-cache",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.any([this.#signal, silence.signal]),
      });
      if (response.status === 404 || (response.status === 403 && isOptional)) return undefined;
      if (response.status === 403) this.#wasForbidden = true;
      if (!response.ok) {
        const busy = response.status === 429 || response.status >= 500;
        throw new (busy ? Unreachable : Final)(path, `the server answered with HTTP ${response.status}`);
      }
      return await this.#body(limit, response, heard);
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      throw new Unreachable(path, silence.signal.aborted ? "the server stopped answering" : "no answer");
    } finally {
      clearTimeout(timer);
    }
  }

  async #body(limit: number, response: Response, heard: () => void): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const reader = response.body?.getReader();
    while (reader) {
      const { done, value } = await reader.read();
      if (done) break;
      heard();
      length += value.length;
      this.ledger.bytes += value.length;
      chunks.push(value);
      // The verifier gets at least one byte too many, and reports the file as too large.
      if (length > limit) {
        void reader.cancel();
        break;
      }
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

/** An answer that another try would not change. */
class Final extends Unreachable {}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other) return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
