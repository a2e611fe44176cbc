// Fetches a log's files, bounded in number, size and time. Only the verifier reads their contents.
import { Ledger } from "./cost.js";

/** Requests at once: enough to hide a network's latency, and within the limits of browsers over HTTP/2. */
const IN_FLIGHT = 12;
/** Silence after which a request is given up, in milliseconds. */
const SILENCE = 15_000;
/** Tries per file when the server is busy or the connection breaks. */
const TRIES = 3;
/** Pause before the second try, in milliseconds; twice that before the third. */
const PAUSE = 400;

/** Largest entry bundle, and largest bucket of an index with its path. */
const LARGE = 256 * (2 + 65_535) + 32 * 32;

/** Largest file that can be what was asked for (core/src/limits.rs). One byte more is enough to see that it is not. */
function sizeLimit(path: string): number {
  if (/^(tile\/entries|index\/(run|reserved))\//.test(path)) return LARGE;
  if (/^(index\/)?tile\//.test(path) && !path.startsWith("index/tile/entries/")) return 256 * 32;
  // A manifest is an entry of the index log; a long list's leaves, and a proof with a manifest, are the rest.
  return path.startsWith("index/tile/entries/") ? LARGE : 2 << 20;
}

/** Files that never change under their name: a copy in the browser is as good as any. */
const IMMUTABLE = /^(index\/)?tile\/|^index\/(run|reserved|postings)\//;

/** A path as the verifier asks for it: relative, and of nothing that could lead elsewhere. */
const PATH = /^[a-z0-9]+([./-][a-z0-9]+)*$/;

/** Fetches one file, or `undefined` if the server says that it has none. */
export type FetchFile = (path: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;

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

  readonly file: FetchFile = async (path) => {
    if (!PATH.test(path)) throw new Unreachable(path, "not a path of a log");
    await this.#slot();
    try {
      this.ledger.asked(path);
      const bytes = await this.#retrying(path);
      if (bytes) this.ledger.came(path, bytes.length);
      return bytes;
    } finally {
      this.#active--;
      this.#queue.shift()?.();
    }
  };

  async #slot(): Promise<void> {
    if (this.#active >= IN_FLIGHT) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#active++;
  }

  async #retrying(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(path);
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!(error instanceof Unreachable) || attempt === TRIES || error instanceof Final) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE * attempt));
      }
    }
  }

  async #once(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
    };
    try {
      const response = await fetch(new URL(path, this.#base), {
        cache: this.#cacheMode(path),
        referrerPolicy: "no-referrer",
        signal: AbortSignal.any([this.#signal, silence.signal]),
      });
      if (response.status === 404) return undefined;
      if (!response.ok) {
        const busy = response.status === 429 || response.status >= 500;
        throw new (busy ? Unreachable : Final)(path, `the server answered with HTTP ${response.status}`);
      }
      return await this.#body(path, response, heard);
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      throw new Unreachable(path, silence.signal.aborted ? "the server stopped answering" : "no answer");
    } finally {
      clearTimeout(timer);
    }
  }

  /** Cache mode for a file. Checkpoints and newest manifests change: a stale copy would look like a stale log. */
  #cacheMode(path: string): RequestCache {
    if (this.#reload) return "reload";
    return IMMUTABLE.test(path) ? "default" : "no-cache";
  }

  async #body(path: string, response: Response, heard: () => void): Promise<Uint8Array<ArrayBuffer>> {
    const limit = sizeLimit(path);
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
