// Cost of a verdict in files, bytes and time, and for comparison the cost of downloading the whole log.
import type { WantedFile } from "../worker/protocol.js";

/** Cost of one verification so far. */
export type Cost = {
  /** Files that were requested, each counted once. */
  readonly files: number;
  readonly bytes: number;
  /** Files that came from the browser's cache, if the browser tells; for other hosts it mostly does not. */
  readonly cached: number | undefined;
  readonly milliseconds: number;
  /** Mean size of the fetched entries, in bytes; `undefined` before the first. */
  readonly meanEntry: number | undefined;
};

/** Size of the whole log, which a reader without an index downloads. */
export type Whole = { readonly files: number; readonly bytes: number | undefined };

/** Hashes in a tile, entries in a bundle (c2sp.org/tlog-tiles). */
const WIDTH = 256;
const HASH = 32;
/** Bytes of the length before each entry of a bundle. */
const LENGTH = 2;

/**
 * Counts every entry bundle and tile of a log of `size` entries. Their number and the size of the tiles follow from
 * the format; the size of entries that were not fetched is estimated from those that were.
 */
export function wholeLog(size: number, meanEntry: number | undefined): Whole {
  let [files, hashBytes] = [Math.ceil(size / WIDTH), 0];
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / WIDTH)) {
    files += Math.ceil(hashes / WIDTH);
    hashBytes += hashes * HASH;
  }
  return { files, bytes: meanEntry === undefined ? undefined : hashBytes + size * (LENGTH + meanEntry) };
}

/** Counts files, bytes and entries while they arrive. */
export class Ledger {
  bytes = 0;
  readonly #paths = new Set<string>();
  #entries = 0;
  #entryBytes = 0;

  get files(): number {
    return this.#paths.size;
  }

  /** Counts a requested file; a second request for it counts nothing. */
  asked(path: string): void {
    this.#paths.add(path);
  }

  /** Counts the entries of a file that has arrived whole, of `length` bytes. */
  came({ entries }: WantedFile, length: number): void {
    if (entries === 0 || length < entries * LENGTH) return;
    this.#entries += entries;
    this.#entryBytes += length - entries * LENGTH;
  }

  get meanEntry(): number | undefined {
    return this.#entries === 0 ? undefined : this.#entryBytes / this.#entries;
  }
}

/** Timing of one request, as the browser reports it. */
type Timing = {
  readonly name: string;
  readonly startTime: number;
  readonly transferSize: number;
  readonly decodedBodySize: number;
};

/** Counts the files that came from the browser's cache. */
export class CacheWatch {
  /** Files that the browser reported. A second request finds its file in the cache, so only the first counts. */
  readonly #told = new Set<string>();
  #kept = 0;
  readonly #under: string;
  readonly #since = performance.now();
  readonly #observer: PerformanceObserver;

  /** Watches requests under the address `under` from now on. */
  constructor(under: string) {
    this.#under = under;
    this.#observer = new PerformanceObserver((list) => this.#hear(list.getEntries()));
    this.#observer.observe({ type: "resource" });
  }

  /** Number of files from the browser's cache, or `undefined` if the browser does not tell. */
  get cached(): number | undefined {
    this.#hear(this.#observer.takeRecords());
    return this.#told.size === 0 ? undefined : this.#kept;
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #hear(entries: readonly PerformanceEntry[]): void {
    for (const { name, startTime, transferSize, decodedBodySize } of entries as unknown as readonly Timing[]) {
      // Sizes of another host's files are 0 unless that host allows them (Timing-Allow-Origin).
      if (startTime < this.#since || !name.startsWith(this.#under) || decodedBodySize === 0 || this.#told.has(name))
        continue;
      this.#told.add(name);
      if (transferSize === 0) this.#kept++;
    }
  }
}
