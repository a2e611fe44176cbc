// Explains a verdict to readers without cryptography. The headline is the verifier's own (docs/formats/report.md, "Headline").
import { counted, figures, inWords } from "../text/count.js";
import { span } from "../text/time.js";
import { coverage, decisive, freshness, witnesses } from "./evidence.js";
import { contentCautions, contentFailure, contentGrounds, withoutEvidence } from "./contents_words.js";
import {
  indexClaim,
  indexCoverage,
  indexDoubt,
  indexFailure,
  isOnlyClaimed,
  wantsFullScan,
  wantsWord,
} from "./index_words.js";
import type { Outcome, Report } from "@glasslog/verify";
import { isReached } from "./wording.js";

/** Source of the trust file by which the page judged. */
export type TrustSource = "reader" | "page";

export type Claim = {
  readonly name: "Included" | "Complete" | "Fresh";
  readonly outcome: Outcome;
  readonly text: string;
};

export type Sentence = {
  readonly tone: Outcome;
  readonly headline: string;
  readonly why: string;
  /** Cautions about a good history. */
  readonly detail: string;
  readonly claims: readonly [Claim, Claim, Claim];
  /** Set if a full scan of the log could add something. */
  readonly wantsFullScan: boolean;
  /** Set if the verdict is open because no auditor vouches for the index. */
  readonly wantsWord: boolean;
};

/** Explains the verdict of a report. `name` is the name of the file or folder whose digest was looked up. */
export function sentence(report: Report, source: TrustSource, name?: string): Sentence {
  const claims = [included(report), complete(report), fresh(report)] as const;
  const isVerified = report.result === "verified";
  const tone = isVerified ? "pass" : report.result === "failed" ? "fail" : "unknown";
  const why = isVerified
    ? [contentGrounds(report), vouching(report)].filter(Boolean).join(" ")
    : tone === "fail"
      ? failure(report)
      : doubt(report);
  const kind = report.query.kind === "folder" ? "folder" : "file";
  const content = name === undefined ? "" : `This is about the content of the ${kind} ${name}.`;
  const caveat = source === "page" && isVerified ? "Judged by the trust file that came with this page." : "";
  return {
    tone,
    headline: headline(report),
    why: [content, why, caveat].filter(Boolean).join(" "),
    detail: isVerified ? [cautions(report), contentCautions(report)].filter(Boolean).join(" ") : "",
    claims,
    wantsFullScan: wantsFullScan(report),
    wantsWord: wantsWord(report),
  };
}

/** Writes the verifier's headline as a sentence. */
export function headline(report: Pick<Report, "headline">): string {
  return `${report.headline.charAt(0).toUpperCase()}${report.headline.slice(1)}.`;
}

function vouching(report: Report): string {
  const signers = witnesses(report);
  const cosigned = signers.filter((witness) => witness.counted).length;
  const scan = (scanCoverage(report) || indexCoverage(report)) + unreadable(report);
  if (cosigned === 0) {
    return `No witness vouches for this log: its operator could show others a different one.${scan}`;
  }
  const who = cosigned === 1 ? "One witness vouches" : `${inWords(cosigned)} witnesses vouch`;
  return `${who} that this log only ever grew.${scan}`;
}

/** Explains why no event is missing, if every entry was read. */
function scanCoverage(report: Report): string {
  if (report.claims.complete !== "pass" || !report.checkpoint || coverage(report)?.method !== "full-scan") return "";
  const { size } = report.checkpoint;
  const read = String(size) === "1" ? "The one entry of the log was" : `All ${figures(size)} entries of the log were`;
  return ` ${read} read, so none about it can be missing.`;
}

function unreadable(report: Report): string {
  const number = String(report.unreadable ?? 0);
  return number === "0"
    ? ""
    : ` ${counted(number, "entry is", "entries are")} not readable as events: their subjects are unknown.`;
}

/** Cautions about events that are genuine. */
function cautions(report: Report): string {
  const compromised = report.events?.filter((event) => event.signature === "compromised").length ?? 0;
  const conflict = report.checks.find(
    (check) => check.code === "registrations" && check.outcome !== "pass" && isReached(check),
  );
  const own = report.checks.find((check) => check.code === "question")?.evidence?.["asked"] === "no";
  const others = report.events?.filter((event) => event.notes.includes("other-contents")).length ?? 0;
  const keys =
    compromised > 0
      ? `${counted(compromised, "event")} by a compromised key ${compromised === 1 ? "counts" : "count"} for nothing.`
      : "";
  return [
    own ? "The bundle names its own question: make sure that it is yours." : "",
    keys,
    conflict ? "A name and version was registered here with two different contents." : "",
    others > 0
      ? `${counted(others, "event names", "events name")} a version with other contents than it is registered with.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

const ALTERED = "This copy of the record was altered or damaged. Do not rely on it.";

/** Meaning of each failed check. */
const FAILURES: Readonly<Record<string, string>> = {
  policy: "The trust file cannot be read. Nothing was checked: every check needs a trust file.",
  bundle:
    "This is not a bundle that can be checked. It is damaged, cut short, or holds files that do not belong to it.",
  question: "This bundle is about something else: its maker chose its question, and that is not what was asked here.",
  files: "A part of the record is missing. Nothing is concluded from the other files.",
  checkpoint: "This address does not hold a log. Its checkpoint, on which every proof depends, cannot be read.",
  "log-signature": `${ALTERED} The log’s signature does not fit its checkpoint.`,
  quorum: `${ALTERED} A witness’s signature does not fit the checkpoint.`,
  tree: `${ALTERED} The server sent hashes that differ from those that the signed checkpoint commits to.`,
  entries: `${ALTERED} The server sent events that differ from those that the signed checkpoint commits to.`,
  genesis: "This is not the log that your trust file names. Its first entry is not the one that the trust file pins.",
  "event-signatures": "Do not rely on this record. The log holds the event, but its stated signer did not sign it.",
};

/** Explains a failed check. */
function failure(report: Report): string {
  const check = decisive(report);
  return (
    (check && (contentFailure(check, report) ?? indexFailure(check) ?? FAILURES[check.code])) ??
    "This check failed. Do not rely on this record."
  );
}

/** Meaning of each check that is not decided. */
const DOUBTS: Readonly<Record<string, string>> = {
  question: "It was made with --exact: events that name only a digest or another name are not in it.",
  "log-signature": "Your trust file does not name this log. Nothing that it says was looked at.",
  quorum: "Too few witnesses vouch for this log: its operator could show you a version that others do not see.",
  genesis: "This log does not say whose keys count, so no event in it can be judged.",
  "event-signatures": "The events are in the log, but not all of their signatures count.",
  coverage: "There may be more events than can be shown.",
  readable:
    "Its operator let in entries that are no events. Each could be about anything, so the record is not shown to be whole.",
};

/** Explains a verdict that is not decided, or a proven absence. */
function doubt(report: Report): string {
  const check = decisive(report);
  if (check === undefined)
    return withoutEvidence(report) ?? (report.complete ? absence(report) : "There is nothing to judge.");
  if (check.code === "freshness") return report.events?.length === 0 ? absence(report) : staleness(report);
  return indexDoubt(check, report) ?? DOUBTS[check.code] ?? "This could not be decided.";
}

function staleness(report: Report): string {
  const seen = freshness(report);
  const why =
    seen?.limit === undefined
      ? "No witness vouches for the time."
      : `The newest checkpoint that witnesses vouch for is ${span(seen.age)} old; the limit is ${span(seen.limit)}.`;
  return `${why} Later events would not show here.`;
}

function absence(report: Report): string {
  const limits = "This does not mean that nothing happened, only that this log holds no record of it.";
  if (isOnlyClaimed(report))
    return `Only the log’s index claims this; no auditor vouches for it.${unreadable(report)} ${limits}`;
  const size =
    report.checkpoint && coverage(report)?.method === "full-scan"
      ? `: all its ${counted(report.checkpoint.size, "entry", "entries")} were read`
      : "";
  const audited = coverage(report)?.audited ? ", by an index that auditors have recomputed" : "";
  return `That is proven for this log${size}${audited}.${unreadable(report)} ${limits}`;
}

function included(report: Report): Claim {
  const number = report.events?.length ?? 0;
  const text = {
    pass: `${number === 1 ? "this event is" : `all ${figures(number)} are`} in the log, unchanged`,
    fail: "the data differs from what the log committed to",
    unknown: number === 0 && report.complete ? "there is no event to include" : "not decided",
  }[report.claims.included];
  return { name: "Included", outcome: report.claims.included, text };
}

function complete(report: Report): Claim {
  const size = report.checkpoint ? counted(report.checkpoint.size, "entry", "entries") : "entries";
  const none = report.events?.length === 0 ? "none exists" : "no other exists";
  const text =
    indexClaim(report, none, size) ??
    {
      pass: `${none} among the log’s ${size}`,
      fail: "events are missing",
      unknown: "not decided: others could exist",
    }[report.claims.complete];
  return { name: "Complete", outcome: report.claims.complete, text };
}

function fresh(report: Report): Claim {
  const seen = freshness(report);
  const check = report.checks.find((candidate) => candidate.code === "freshness");
  if (!check || !isReached(check)) return { name: "Fresh", outcome: "unknown", text: "not decided" };
  const age = seen && `witnesses saw it ${span(seen.age)} ago`;
  const text = {
    pass: age ?? "recent enough",
    fail: "too old",
    unknown: seen
      ? `${age}; ${seen.limit === undefined ? "not judged without a limit" : "newer events could exist"}`
      : "no witness vouches for the time",
  }[report.claims.fresh];
  return { name: "Fresh", outcome: report.claims.fresh, text };
}
