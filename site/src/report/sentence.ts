// Writes the verdict as a sentence for readers without cryptography, which claims no more than was proven.
import { counted, figures, inWords } from "../text/count.js";
import { span } from "../text/time.js";
import { coverage, decisive, freshness, witnesses } from "./evidence.js";
import { contentCautions, isAboutContents, known, refuted, withoutEvidence } from "./contents_words.js";
import {
  indexClaim,
  indexCoverage,
  indexDoubt,
  indexFailure,
  isOnlyClaimed,
  wantsFullScan,
  wantsWord,
} from "./index_words.js";
import type { Outcome, Question, Report } from "@glasslog/verify";
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
  /** Further facts: the verifier's own words for the failure, or cautions about a good history. */
  readonly detail: string;
  readonly claims: readonly [Claim, Claim, Claim];
  /** Set if a full scan of the log could add something. */
  readonly wantsFullScan: boolean;
  /** Set if the verdict is open because no auditor vouches for the index. */
  readonly wantsWord: boolean;
};

/** Writes the verdict of a report. `name` is the name of the file or folder whose digest was looked up. */
export function sentence(report: Report, source: TrustSource, name?: string): Sentence {
  const about = subject(report.query, name);
  const told =
    report.result === "verified"
      ? verified(report, about)
      : report.result === "failed"
        ? failed(report, about)
        : unknown(report, about);
  const claims = [included(report), complete(report), fresh(report)] as const;
  const caveat =
    source === "page" && report.result === "verified" ? " Judged by the trust file that came with this page." : "";
  return {
    ...told,
    why: told.why + caveat,
    claims,
    wantsFullScan: wantsFullScan(report),
    wantsWord: wantsWord(report),
  };
}

/** Names the subject of a question: `resnet50@2.1`, `the file …`, `the actor …`. */
export function subject(query: Question, name?: string): string {
  // An exact history looked up one key: events about its digests or other names are not among them.
  const exact = query.exact ? ", looked up exactly," : "";
  if (query.kind === "folder" || query.kind === "file") return `the ${query.kind} ${name ?? query.id}`;
  if (query.kind === "digest") return `this content${exact}`;
  if (query.kind === "actor") return `the actor ${query.id}`;
  if (query.kind === "key") return "this key";
  return `${query.id}${exact}`;
}

type Told = Pick<Sentence, "tone" | "headline" | "why" | "detail">;

function verified(report: Report, about: string): Told {
  if (isAboutContents(report)) {
    const detail = [cautions(report), contentCautions(report)].filter(Boolean).join(" ");
    return { tone: "pass", headline: known(report, capital(about)), why: vouching(report), detail };
  }
  const number = report.events?.length ?? 0;
  const what = `about ${about}`;
  const whole = report.claims.complete === "pass";
  const [all, verbs] =
    number === 1
      ? ["The one event recorded", "is here, and it was not changed."]
      : [`All ${figures(number)} events recorded`, "are here, and none was changed."];
  // Nothing is called *all* on the word of an index.
  const listed =
    number === 1
      ? `The index lists one event ${what}, which is here; only the index says that there is no other.`
      : `The index lists ${figures(number)} events ${what}, which are here; only the index says that there are no others.`;
  const [these, are] = number === 1 ? ["This event", "is"] : [`These ${figures(number)} events`, "are"];
  const some = `${these} ${what} ${are} in the log, unchanged. There may be others.`;
  return {
    tone: "pass",
    headline: isOnlyClaimed(report) ? listed : whole ? `${all} ${what} ${verbs}` : some,
    why: vouching(report),
    detail: cautions(report),
  };
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

const FAILURES: Readonly<Record<string, readonly [headline: string, why: string]>> = {
  policy: ["The trust file cannot be read.", "Nothing was checked: every check needs a trust file."],
  bundle: [
    "This is not a bundle that can be checked.",
    "It is damaged, cut short, or holds files that do not belong to it.",
  ],
  question: [
    "This bundle is about something else.",
    "Its maker chose its question, and that is not what was asked here.",
  ],
  files: [
    "A part of the record is missing.",
    "A file that the check needs is missing. Nothing is concluded from the others.",
  ],
  checkpoint: ["This address does not hold a log.", "Its checkpoint, on which every proof depends, cannot be read."],
  "log-signature": [ALTERED, "The log’s signature does not fit its checkpoint."],
  quorum: [ALTERED, "A witness’s signature does not fit the checkpoint."],
  tree: [ALTERED, "The server sent hashes that differ from those that the signed checkpoint commits to."],
  entries: [ALTERED, "The server sent events that differ from those that the signed checkpoint commits to."],
  genesis: [
    "This is not the log that your trust file names.",
    "Its first entry is not the one that the trust file pins.",
  ],
  "event-signatures": [
    "An event carries a false signature. Do not rely on this record.",
    "The log holds the event, but its stated signer did not sign it.",
  ],
};

function failed(report: Report, about: string): Told {
  const check = decisive(report);
  const words = check && (refuted(check, report, capital(about)) ?? indexFailure(check) ?? FAILURES[check.code]);
  const [headline, why] = words ?? ["This check failed. Do not rely on this record.", ""];
  return { tone: "fail", headline, why, detail: check ? `First thing that failed: ${check.detail}.` : "" };
}

function unknown(report: Report, about: string): Told {
  const number = report.events?.length ?? 0;
  const what = `about ${about}`;
  const check = decisive(report);
  const events = number === 1 ? "The one event" : `The ${figures(number)} events`;
  const are = number === 1 ? "is" : "are";
  const detail = check ? `${capital(check.detail)}.` : "";
  const told = (headline: string, why: string): Told => ({ tone: "unknown", headline, why, detail });
  const doubt = check && indexDoubt(check, report, what);
  if (doubt) return told(...doubt);
  switch (check?.code) {
    case undefined:
      if (number === 0 && report.complete) return { ...absence(report, about), detail };
      return told(
        ...(withoutEvidence(report, about) ?? ([`What is recorded ${what} could not be decided.`, ""] as const)),
      );
    case "question":
      return told(
        `This bundle answers less than a full question ${what}.`,
        "It was made with --exact: events that name only a digest or another name are not in it.",
      );
    case "log-signature":
      return told("Your trust file does not name this log.", "Nothing that it says was looked at.");
    case "quorum":
      return told(
        "Too few witnesses vouch for this log.",
        "Its operator could show you a version that others do not see.",
      );
    case "genesis":
      return told(
        "This log does not say whose keys count.",
        "Its first entry names no keys that may admit others, so no event in it can be judged.",
      );
    case "readable":
      return told(
        "The log holds entries that are no events.",
        `Its operator let them in. Each could be ${what}, so the record is not shown to be whole.`,
      );
    case "event-signatures":
      return told(
        `${events} ${what} ${are} in the log, but not all are validly signed.`,
        "The signers of the others are unknown.",
      );
    case "freshness":
      if (number === 0) return { ...absence(report, about), detail };
      return told(`${events} ${what} ${are} genuine, but newer ones could exist.`, staleness(report));
    case "coverage":
      return told(`There may be more events ${what} than can be shown.`, "");
  }
  return told(`What is recorded ${what} could not be decided.`, "");
}

function staleness(report: Report): string {
  const seen = freshness(report);
  const why =
    seen?.limit === undefined
      ? "No witness vouches for the time."
      : `The newest checkpoint that witnesses vouch for is ${span(seen.age)} old; the limit is ${span(seen.limit)}.`;
  return `${why} Later events would not show here.`;
}

function absence(report: Report, about: string): Omit<Told, "detail"> {
  const limits = "This does not mean that nothing happened, only that this log holds no record of it.";
  if (isOnlyClaimed(report)) {
    return {
      tone: "unknown",
      headline: `The index lists nothing about ${about}.`,
      why: `Only the log’s index claims this; no auditor vouches for it.${unreadable(report)} ${limits}`,
    };
  }
  const size =
    report.checkpoint && coverage(report)?.method === "full-scan"
      ? `: all its ${counted(report.checkpoint.size, "entry", "entries")} were read`
      : "";
  const audited = coverage(report)?.audited ? ", by an index that auditors have recomputed" : "";
  return {
    tone: "unknown",
    headline: `Nothing is recorded about ${about}.`,
    why: `That is proven for this log${size}${audited}.${unreadable(report)} ${limits}`,
  };
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

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
