/**
 * Verifies Glasslog transparency logs in a page, a worker or Node.
 *
 * A report is JSON text, equal byte for byte to what `glasslog … --format json` prints for the same inputs and the same
 * `now`, less its final newline. Every verdict is a value; what throws is misuse: a wrong type, a bad option, an
 * artifact that breaks its syntax.
 */

/** Loads the wasm, once. Without an argument it is the file beside this one (in Node read through `node:fs`). */
export function init(bytesOrUrl?: BufferSource | WebAssembly.Module | URL | string): Promise<void>;

export type Options = {
  /** Seconds since the epoch, against which freshness is judged; the clock where absent. */
  now?: bigint;
  /** The claim that the verdict needs: by default `complete` for histories and bundles, else `included`. */
  require?: "included" | "complete";
  /** Oldest acceptable checkpoint, in seconds; makes *fresh* a requirement. */
  maxCheckpointAge?: bigint;
};

/** Verifies an offline bundle (`glasslog bundle`). */
export function verifyBundle(bundle: Uint8Array, policy: string, options?: Options): string;

/** Verifies a `c2sp.org/tlog-proof@v1` file of one entry. */
export function verifyProof(proof: Uint8Array, entry: Uint8Array, policy: string, options?: Options): string;

/** Verifies that a newer checkpoint extends an older one. The proof is base64 hashes, one a line. */
export function verifyConsistency(
  oldCheckpoint: Uint8Array,
  newCheckpoint: Uint8Array,
  proof: Uint8Array,
  policy: string,
  options?: Options,
): string;

/**
 * Verifies a fraud proof (`glasslog audit` writes them): *verified* means that whoever signs the index of the policy
 * signed what is false. `fraud` of the report says what, and who is accused.
 */
export function verifyFraud(fraud: Uint8Array, policy: string, options?: Options): string;

/**
 * Most bytes of the file at `path`, relative to the log's public tree; `undefined` if no log has a file of this name. A
 * fetcher reads one byte more at most: the verifier then reports the file as too large.
 */
export function fileLimit(path: string): number | undefined;

/** Returns `true` if the file's name determines its content, so that a cached copy is as good as a fetched one. */
export function isImmutable(path: string): boolean;

/** Number of entries in the log's entry bundle at `path`; 0 for any other file. */
export function entriesIn(path: string): number;

/** The complete history of an artifact, an actor or a key. */
export class HistoryQuery {
  /**
   * Throws where the artifact breaks its syntax. With `exact` one key is looked up, and no registration followed. Where
   * the policy names an index, the log's index is asked; with `fullScan` every entry is read instead. `since` is a bundle
   * with an older history of the same artifact: it must be the beginning of this one, and the report says which events are
   * new. Throws where it is no such bundle.
   */
  constructor(
    artifact: string,
    policy: string,
    options?: Options & { exact?: boolean; fullScan?: boolean; since?: Uint8Array },
  );
  /** A bounded batch of files wanted next, relative to the log's public tree; empty when done. */
  needs(): string[];
  /**
   * Hands over one file, in any order. `undefined` says that it is missing: a partial tile is then asked for as the full
   * one; otherwise it is a failure, never "no events".
   */
  supply(path: string, file: Uint8Array | undefined): void;
  /** The report, when nothing more is needed. */
  report(): string | undefined;
  /**
   * How far it is, as JSON text: `{"done":ENTRIES,"total":ENTRIES,"positions":EVENTS|null,"files":FILES,"bytes":BYTES,
   * "checks":[…]}`. `positions` is how many events the index gives, known before the first of them is read; `null` where
   * no index is asked. `done` and `total` are about the entries that are being read.
   */
  progress(): string;
  /**
   * Events that were found since the first `from` entries came, as JSON text: `{"next":ENTRIES,"events":[…]}`, to be asked
   * again with `next`. Their places in the log are proven; their `signature` is `undecided` until the report.
   */
  found(from: number): string;
  /** Gives its memory back before the garbage collector would. */
  free(): void;
}

/** SHA-256 of a file of any size, in constant memory. */
export class FileHasher {
  update(chunk: Uint8Array): void;
  /** `sha256:` and hex. The hasher is used up. */
  digest(): string;
}
