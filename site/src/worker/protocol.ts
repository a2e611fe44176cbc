// Messages between page and worker. The page fetches and shows; the worker holds the verifier and decides.
import type { EventView, Report } from "@glasslog/verify";
import type { FolderFile } from "../app/folder.js";

export type Options = {
  /** Seconds since the epoch against which freshness is judged. */
  readonly now: number;
  /** Oldest acceptable checkpoint in seconds. */
  readonly maxCheckpointAge: number | undefined;
  /** Reads every entry, even if the policy names an index. */
  readonly fullScan: boolean;
  /** Takes the index's own word, although no auditor vouches for it. */
  readonly acceptIndex: boolean;
};

/** Contents that were hashed here: a file, or a folder with the list of its files. */
export type Contents = {
  readonly digest: string;
  /** The list of a folder's files. */
  readonly list: string | undefined;
  /** Paths of the folder that were not hashed. */
  readonly leftOut: readonly string[];
};

/** A file that the verifier needs, with what the page must know to fetch it. */
export type WantedFile = {
  /** Path under the log's address. */
  readonly path: string;
  /** Most bytes that such a file has; one more shows that it is another. */
  readonly limit: number;
  /** Set if the file never changes under its name, so that a copy in the browser is as good as any. */
  readonly isImmutable: boolean;
  /** Set for a file that a good log need not have: HTTP 403, which unlisted buckets answer, means 404. */
  readonly isOptional: boolean;
  /** Number of entries in it, if it is an entry bundle; else 0. */
  readonly entries: number;
};

/** Files that accuse a signer: of a false index, or of two heads that cannot both be true. */
export type Accusation = "fraud" | "inconsistency";

/** Messages from the page. Each job has its own number; only *cancel* ends a job early. */
export type ToWorker =
  | {
      readonly type: "history";
      readonly job: number;
      readonly artifact: string;
      readonly policy: string;
      readonly options: Options;
    }
  | { readonly type: "supply"; readonly job: number; readonly path: string; readonly bytes: Uint8Array | undefined }
  | { readonly type: "hash"; readonly job: number; readonly file: Blob }
  | { readonly type: "hash-folder"; readonly job: number; readonly files: readonly FolderFile[] }
  | {
      readonly type: "contents";
      readonly job: number;
      readonly contents: Contents;
      readonly policy: string;
      readonly options: Options;
    }
  | {
      readonly type: "bundle";
      readonly job: number;
      readonly file: Blob;
      /** What the bundle must be about; `undefined` takes the question that it names. */
      readonly artifact: string | undefined;
      readonly policy: string;
      readonly options: Options;
    }
  | {
      readonly type: Accusation;
      readonly job: number;
      readonly file: Blob;
      readonly policy: string;
      readonly options: Options;
    }
  | { readonly type: "cancel"; readonly job: number };

/** A report without its events, which are sent before it. */
export type Head = Omit<Report, "events">;

/**
 * Messages to the page. *Broken* ends the worker: it could not be loaded, or it trapped. *Found* holds events whose entries were proven since the last progress; their signatures are
 * not judged yet. The worker parses the report: it sends the events in parts, each short enough not to delay a frame,
 * then the rest of the report with the verifier's own text, to be saved.
 */
export type ToPage =
  | { readonly type: "ready" }
  | { readonly type: "broken"; readonly message: string }
  | { readonly type: "need"; readonly job: number; readonly files: readonly WantedFile[] }
  | { readonly type: "progress"; readonly job: number; readonly progress: string; readonly found: readonly EventView[] }
  | { readonly type: "hashing"; readonly job: number; readonly done: number; readonly total: number }
  | { readonly type: "hashed"; readonly job: number; readonly contents: Contents }
  | { readonly type: "events"; readonly job: number; readonly events: readonly EventView[] }
  | { readonly type: "report"; readonly job: number; readonly head: Head; readonly json: Blob }
  | { readonly type: "refused"; readonly job: number; readonly message: string };
