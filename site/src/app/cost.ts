// What a verdict cost: files, bytes, time, and beside it what downloading the whole log would have taken.

/** What one verification took so far. */
export type Cost = {
  /** Files that were asked for, each once. */
  readonly files: number;
  readonly bytes: number;
  /** How many of them the browser had kept, where it tells: of another host's files it mostly does not. */
  readonly cached: number | undefined;
  readonly milliseconds: number;
  /** The mean size of the entries that came, in bytes; `undefined` where none did. */
  readonly meanEntry: number | undefined;
};

/** What a reader without an index would download. */
export type Whole = { readonly files: number; readonly bytes: number | undefined };

/** Hashes in a tile, entries in a bundle (c2sp.org/tlog-tiles). */
const WIDTH = 256;
const HASH = 32;
/** Bytes before each entry of a bundle. */
const LENGTH = 2;

/**
 * Every entry bundle and tile of a log of `size` entries: their number and the size of tiles follow from the format;
 * how long the entries are that nobody fetched is taken from those that came.
 */
export function wholeLog(size: number, meanEntry: number | undefined): Whole {
  let [files, hashBytes] = [Math.ceil(size / WIDTH), 0];
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / WIDTH)) {
    files += Math.ceil(hashes / WIDTH);
    hashBytes += hashes * HASH;
  }
  return { files, bytes: meanEntry === undefined ? undefined : hashBytes + size * (LENGTH + meanEntry) };
}

/** How many entries the bundle at `path` holds; 0 for any other file. */
export function entriesIn(path: string): number {
  const width = /^tile\/entries\/[x0-9/]+(?:\.p\/(\d{1,3}))?$/.exec(path);
  return width ? Number(width[1] ?? WIDTH) : 0;
}

/** Counts while files come. */
export class Ledger {
  bytes = 0;
  readonly #paths = new Set<string>();
  #entries = 0;
  #entryBytes = 0;

  get files(): number {
    return this.#paths.size;
  }

  /** One file is asked for, perhaps again. */
  asked(path: string): void {
    this.#paths.add(path);
  }

  /** One file has come whole. */
  came(path: string, length: number): void {
    const entries = entriesIn(path);
    if (entries === 0 || length < entries * LENGTH) return;
    this.#entries += entries;
    this.#entryBytes += length - entries * LENGTH;
  }

  get meanEntry(): number | undefined {
    return this.#entries === 0 ? undefined : this.#entryBytes / this.#entries;
  }
}

/** What the browser says about one request. */
type Timing = {
  readonly name: string;
  readonly startTime: number;
  readonly transferSize: number;
  readonly decodedBodySize: number;
};

/** Watches which files the browser had kept. */
export class CacheWatch {
  /** Files of which it was told; one that is asked for again is kept by then, which is no news. */
  readonly #told = new Set<string>();
  #kept = 0;
  readonly #under: string;
  readonly #since = performance.now();
  readonly #observer: PerformanceObserver;

  /** Watches requests under the address `under`, from now on. */
  constructor(under: string) {
    this.#under = under;
    this.#observer = new PerformanceObserver((list) => this.#hear(list.getEntries()));
    this.#observer.observe({ type: "resource" });
  }

  /** How many came out of the browser's own store, or `undefined` where it does not tell. */
  get cached(): number | undefined {
    this.#hear(this.#observer.takeRecords());
    return this.#told.size === 0 ? undefined : this.#kept;
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #hear(entries: readonly PerformanceEntry[]): void {
    for (const { name, startTime, transferSize, decodedBodySize } of entries as unknown as readonly Timing[]) {
      // A host that does not allow it (Timing-Allow-Origin) shows no sizes: then nothing can be told.
      if (startTime < this.#since || !name.startsWith(this.#under) || decodedBodySize === 0 || this.#told.has(name))
        continue;
      this.#told.add(name);
      if (transferSize === 0) this.#kept++;
    }
  }
}
