// The states of the page: nothing asked, a question under way, a report, or the reason why there is none.
import type { Progress } from "../report/parse.js";
import type { EventView, Report } from "@glasslog/verify";
import type { Contents } from "../worker/protocol.js";
import type { Cost } from "./cost.js";
import type { Trust } from "./trust.js";

/** Subject of a question: an artifact, a file or folder that was hashed here, an offline bundle or an accusation. */
export type Subject =
  | { readonly kind: "artifact"; readonly text: string }
  | { readonly kind: "contents"; readonly name: string; readonly contents: Contents }
  | { readonly kind: "bundle"; readonly file: File }
  | { readonly kind: "fraud"; readonly file: File }
  | { readonly kind: "inconsistency"; readonly file: File };

export type Hashing = {
  readonly kind: "hashing";
  /** Name of the file or folder. */
  readonly file: string;
  readonly done: number;
  readonly total: number;
};

export type Working = Progress & {
  readonly kind: "working";
  readonly subject: Subject;
  readonly cost: Cost;
  /** Events whose entries are proven, in log order; their signatures are not judged yet. */
  readonly found: readonly EventView[];
};

export type Answer = {
  readonly kind: "report";
  readonly subject: Subject;
  readonly report: Report;
  /** The verifier's own text, to be saved. */
  readonly json: Blob;
  readonly cost: Cost;
  /** The trust file by which it was judged. */
  readonly trust: Trust;
};

/** No trust file names the log, so nothing was asked. */
export type Untrusted = { readonly kind: "untrusted"; readonly subject: Subject };

export type Stopped = {
  readonly kind: "stopped";
  readonly subject: Subject;
  readonly headline: string;
  readonly why: string;
};

export type View = { readonly kind: "welcome" } | Hashing | Working | Answer | Untrusted | Stopped;

/** The subject of a view, if it has one. */
export function subjectOf(view: View): Subject | undefined {
  return "subject" in view ? view.subject : undefined;
}

/** Recognises a view of a file that is judged without a request. */
export function isOffline(view: View): boolean {
  const subject = subjectOf(view);
  return subject !== undefined && !asksLog(subject);
}

/** Recognises a question that the log is asked. */
export function asksLog(subject: Subject): subject is Extract<Subject, { kind: "artifact" | "contents" }> {
  return subject.kind === "artifact" || subject.kind === "contents";
}

/** Names a subject, for people. */
export function nameOf(subject: Subject): string {
  switch (subject.kind) {
    case "artifact":
      return subject.text;
    case "contents":
      return subject.name;
    default:
      return subject.file.name;
  }
}
