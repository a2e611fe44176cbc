/**
 * Verifies Glasslog transparency logs in a page, a worker or Node.
 *
 * A report is JSON text, equal byte for byte to what `glasslog … --format json` prints for the same inputs and the same
 * `now`, less its final newline. Every verdict is a value; only misuse throws: a wrong type, a bad option, a
 * malformed artifact. {@link Report} is the type of a parsed report.
 */

import type { Check, EventView, Whole } from "./report.js";

export type * from "./report.js";

/** Loads the wasm, once. Without an argument it is the file beside this one (in Node read through `node:fs`). */
export function init(bytesOrUrl?: BufferSource | WebAssembly.Module | URL | string): Promise<void>;

export type Options = {
  /** Seconds since the epoch, against which freshness is judged; by default the clock. */
  now?: bigint;
  /** The claim that the verdict needs: by default `complete` for histories and bundles, else `included`. */
  require?: "included" | "complete";
  /** Oldest acceptable checkpoint, in seconds; makes *fresh* a requirement. */
  maxCheckpointAge?: bigint;
  /**
   * Takes the index's own word that it leaves nothing out, although no auditor of the policy vouches for it. Without it the claim
   * *complete* of such a history is `unknown`, unless the log is within the reading budget (65,536 entries, 64 MiB): then every
   * entry is read.
   */
  acceptIndex?: boolean;
};

/**
 * Verifies an offline bundle (`glasslog bundle`). `artifact` is what it must be about; without it the bundle names its own
 * question. A bundle of an exact history, which followed no registration, is *unknown* unless `exact` is set. Throws if
 * the artifact is malformed.
 */
export function verifyBundle(
  bundle: Uint8Array,
  policy: string,
  options?: Options & { artifact?: string; exact?: boolean },
): string;

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
 * Verifies a fraud proof (`glasslog audit` writes them): *verified* means that the signer of the policy's index signed
 * something false. The member `fraud` of the report holds the accusation.
 */
export function verifyFraud(fraud: Uint8Array, policy: string, options?: Options): string;

/**
 * Verifies the evidence of an inconsistency (`glasslog audit` and witnesses write it): *verified* means that the log, or the
 * log of its index, signed two heads that cannot both be true. The member `inconsistency` of the report holds them.
 */
export function verifyInconsistency(evidence: Uint8Array, policy: string, options?: Options): string;

/**
 * Most bytes of the file at `path`, relative to the log's public tree; `undefined` if no log has a file of this name. A
 * fetcher reads one byte more at most: the verifier then reports the file as too large.
 */
export function fileLimit(path: string): number | undefined;

/** Returns `true` if the file's name determines its content, so that a cached copy is as good as a fetched one. */
export function isImmutable(path: string): boolean;

/**
 * Returns `true` for a file that a good log need not have: a partial tile, or a proof of a manifest. HTTP 403 then means the
 * same as 404, since a bucket that readers may not list answers so for a missing file.
 */
export function isOptional(path: string): boolean;

/** Number of entries in the log's entry bundle at `path`; 0 for any other file. */
export function entriesIn(path: string): number;

/** The progress of a query. */
export type Progress = {
  /** Entries read, of `total` to read; `total` is 0 while it is not known. */
  done: Whole;
  total: Whole;
  /** Events that the index lists, known before the first of them is read; `null` without an index. */
  positions: Whole | null;
  /** Files supplied so far. */
  files: Whole;
  /** Bytes in them. */
  bytes: Whole;
  /** The checks, as far as they are decided. */
  checks: Check[];
};

/** Events found so far. */
export type Found = {
  /** The `from` of the next call. */
  next: number;
  events: EventView[];
};

/** A query: says which files it needs, is fed with them, and reports. */
export interface Query {
  /** A bounded batch of files wanted next, relative to the log's public tree; empty when done. */
  needs(): string[];
  /**
   * Hands over one file, in any order. `undefined` means that it is missing: the query then asks for the full tile in
   * place of a partial one; otherwise it fails, and never reports "no events".
   */
  supply(path: string, file: Uint8Array | undefined): void;
  /** The report, when nothing more is needed. */
  report(): string | undefined;
  /** The progress made so far, as JSON text of a {@link Progress}. */
  progress(): string;
  /**
   * Events that were found since the first `from` entries came, as JSON text of a {@link Found}. Their positions in the log are
   * proven; their `signature` is `undecided` until the report.
   */
  found(from: number): string;
  /** Gives its memory back before the garbage collector would. */
  free(): void;
}

/** Ways of reading, for every query. */
export type QueryOptions = Options & { fullScan?: boolean; maxMemory?: number };

/**
 * As {@link QueryOptions}, of files: with `registered` each must be registered, which no mention in another event replaces.
 */
export type FileOptions = Omit<QueryOptions, "require"> & { require?: "included" | "complete" | "registered" };

/** The complete history of an artifact, an actor or a key. */
export class HistoryQuery {
  /**
   * With `exact` one key is looked up, and no registration is followed. If the policy names an index, the log's index is
   * asked, unless the log is small and no auditor vouches for it; with `fullScan` every entry is read instead. `state`
   * leaves out routine accesses (read, execute, verify). `since` is a bundle with an older history of the same artifact:
   * it must be the beginning of this one, and the report lists the new events; it excludes `state`. Throws if the artifact
   * is malformed, or `since` is not such a bundle.
   */
  constructor(
    artifact: string,
    policy: string,
    options?: QueryOptions & { exact?: boolean; state?: boolean; since?: Uint8Array },
  );
}
export interface HistoryQuery extends Query {}

/**
 * The evidence for files, by digest (`glasslog verify file`): the members `files` and `events` of the report, and the
 * checks `contents` and `hold`. The claim that the verdict needs is `included` by default.
 */
export class FilesQuery {
  /** `artifact` is a `NAME@VERSION` of which each file must be a content. Throws if it is not, or a digest is malformed. */
  constructor(digests: string[], policy: string, options?: FileOptions & { artifact?: string });
}
export interface FilesQuery extends Query {}

/**
 * The evidence for a folder, compared file by file with its registration: also the member `folder` of the report. `list`
 * is made by a {@link FolderHasher}.
 */
export class FolderQuery {
  /**
   * `artifact` is the `NAME@VERSION` whose registration the folder must be. `registeredList` is the list that a registration
   * names if it does not list all files. Throws if a list is malformed.
   */
  constructor(list: string, policy: string, options?: FileOptions & { artifact?: string; registeredList?: string });
}
export interface FolderQuery extends Query {}

/** SHA-256 of a file of any size, in constant memory. */
export class FileHasher {
  update(chunk: Uint8Array): void;
  /** `sha256:` and hex. The hasher is used up. */
  digest(): string;
}

/**
 * The files of a folder, and the list that they make. The caller hashes each file with a {@link FileHasher}, and leaves
 * out the paths that {@link isLeftOut} names.
 */
export class FolderHasher {
  /** Adds a file: its path below the folder, with `/` between the parts, its bytes, and `sha256:` and hex. */
  add(path: string, size: number | bigint, digest: string): void;
  /**
   * The list in its one spelling, `glasslog-files/v1`. Throws if there is no file, or a path is malformed or comes twice. The
   * hasher is used up.
   */
  list(): string;
}

/** The digest of the folder with the files of a list, by the rules of OpenSSF Model Signing: `sha256:` and hex. */
export function folderDigest(list: string): string;

/** Returns `true` if a path is left out of every folder: `.git`, `.gitattributes`, `.github` and `.gitignore` at the top. */
export function isLeftOut(path: string): boolean;
