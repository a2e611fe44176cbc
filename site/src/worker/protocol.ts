// What page and worker say to each other. The page fetches and shows; the worker holds the verifier and decides.
import type { EventView, Report } from "../report/types.js";

export type Options = {
  /** Seconds since the epoch against which freshness is judged. */
  readonly now: number;
  /** Oldest acceptable checkpoint in seconds. */
  readonly maxCheckpointAge: number | undefined;
  /** Read every entry, index or not. */
  readonly fullScan: boolean;
};

/** From the page. Every job has a number of its own; a newer one does not end an older one, *cancel* does. */
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
  | {
      readonly type: "bundle";
      readonly job: number;
      readonly file: Blob;
      readonly policy: string;
      readonly options: Options;
    }
  | {
      readonly type: "fraud";
      readonly job: number;
      readonly file: Blob;
      readonly policy: string;
      readonly options: Options;
    }
  | { readonly type: "cancel"; readonly job: number };

/** A report without its events, which go ahead of it. */
export type Head = Omit<Report, "events">;

/**
 * To the page. *Found* are events whose entries were proven since the last progress, before anything is said of their
 * signatures. A report is read in the worker: its events come in parts, each short enough not to hold up a frame, then
 * the rest of it with the verifier's own text, to be saved.
 */
export type ToPage =
  | { readonly type: "ready" }
  | { readonly type: "broken"; readonly message: string }
  | { readonly type: "need"; readonly job: number; readonly paths: readonly string[] }
  | { readonly type: "progress"; readonly job: number; readonly progress: string; readonly found: readonly EventView[] }
  | { readonly type: "hashing"; readonly job: number; readonly done: number; readonly total: number }
  | { readonly type: "digest"; readonly job: number; readonly digest: string }
  | { readonly type: "events"; readonly job: number; readonly events: readonly EventView[] }
  | { readonly type: "report"; readonly job: number; readonly head: Head; readonly json: Blob }
  | { readonly type: "refused"; readonly job: number; readonly message: string };
