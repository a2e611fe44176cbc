// What page and worker say to each other. The page fetches and shows; the worker holds the verifier and decides.

export type Options = {
  /** Seconds since the epoch against which freshness is judged. */
  readonly now: number;
  /** Oldest acceptable checkpoint in seconds. */
  readonly maxCheckpointAge: number | undefined;
};

/** From the page. Every job has a number of its own; a newer one does not end an older one, *cancel* does. */
export type ToWorker =
  | { readonly type: "history"; readonly job: number; readonly artifact: string; readonly policy: string; readonly options: Options }
  | { readonly type: "supply"; readonly job: number; readonly path: string; readonly bytes: Uint8Array | undefined }
  | { readonly type: "hash"; readonly job: number; readonly file: Blob }
  | { readonly type: "bundle"; readonly job: number; readonly file: Blob; readonly policy: string; readonly options: Options }
  | { readonly type: "cancel"; readonly job: number };

/** To the page. Reports and progress are the verifier's own JSON text. */
export type ToPage =
  | { readonly type: "ready" }
  | { readonly type: "broken"; readonly message: string }
  | { readonly type: "need"; readonly job: number; readonly paths: readonly string[] }
  | { readonly type: "progress"; readonly job: number; readonly progress: string }
  | { readonly type: "hashing"; readonly job: number; readonly done: number; readonly total: number }
  | { readonly type: "digest"; readonly job: number; readonly digest: string }
  | { readonly type: "report"; readonly job: number; readonly report: string }
  | { readonly type: "refused"; readonly job: number; readonly message: string };
