// Sentences about a log's index: its proof, its auditors and its faults.
import { figures, inWords } from "../text/count.js";
import { coverage, decisive, indexFault, missingFile, witnesses } from "./evidence.js";
import { SIGNED_FAULTS } from "./index_faults.js";
import type { Check, Report, Whole } from "@glasslog/verify";

const ALTERED = "This copy of the log’s index was altered or damaged. Do not rely on it.";
const FALSE = "The index of this log is false. Do not rely on it.";

const BROKEN_LIST = "One of its signed lists breaks the rules of lists, so none of them can be relied on.";
const BROKEN_MANIFEST = "Its newest signed manifest breaks the rules of manifests, so nothing is concluded from it.";

/** Meaning of each failed check of the index. */
const FAILURES: Readonly<Record<string, string>> = {
  "index-proof":
    "The log’s index cannot be read: its newest manifest, which states what the index covers, is damaged. " +
    "Nothing is concluded without it.",
  "index-signature": `${ALTERED} The index’s signature does not fit its checkpoint.`,
  "index-quorum": `${ALTERED} A witness’s signature does not fit the checkpoint of the index.`,
  "index-audit": `${ALTERED} An auditor’s signature does not fit the checkpoint of the index.`,
  "index-manifest": `${ALTERED} Its newest manifest was not signed by the index or the log.`,
  "index-files": `${ALTERED} The server sent lists that differ from those that the signed manifest commits to.`,
};

/** Explains the fault of the index, if a check of the index failed first. */
export function indexFailure(check: Check): string | undefined {
  if (check.code === "files" && missingFile(check)?.startsWith("index/")) {
    return (
      "A part of the log’s index is missing. Without it, other events may exist. " +
      "A missing file never means that there are no events."
    );
  }
  if (check.code === "index-consistency") {
    return check.evidence?.["claimed"] === undefined
      ? `${ALTERED} The server sent hashes that differ from those that the signed checkpoints commit to.`
      : "This log has shown two different histories. Do not rely on it. " +
          "It signed two different trees of the same size: its checkpoint and the one behind its index. " +
          "Keep both as evidence.";
  }
  if (check.code === "index-positions") {
    return indexFault(check) === "omission"
      ? `${FALSE} It leaves out an entry that it must list, so others may be missing too. ` +
          "Its signer did not build it from this log."
      : `${FALSE} It lists an entry that does not belong there. Its signer did not build it from this log.`;
  }
  const signed = SIGNED_FAULTS[String(check.evidence?.["error"])];
  if (check.code === "index-files" && signed === "list") return `${FALSE} ${BROKEN_LIST}`;
  if (check.code === "index-manifest" && signed === "manifest") return `${FALSE} ${BROKEN_MANIFEST}`;
  return FAILURES[check.code];
}

/** Meaning of each check of the index that is not decided. */
const DOUBTS: Readonly<Record<string, string>> = {
  "index-signature": "Your trust file does not name this log’s index. Nothing that it says was looked at.",
  "index-quorum":
    "Too few witnesses vouch for this log’s index: its operator could show you a version that others do not see.",
  "index-audit": "Too few auditors that you trust have recomputed this index, so it could leave events out.",
  "index-manifest":
    "This index does not fit this log. It belongs to another log, or follows rules that this page does not know.",
  "index-files": "There are more events than one lookup in the index takes. Reading the whole log finds them.",
};

const UNAUDITED =
  "No auditor that you trust has recomputed this index, and the log is too long to be read here unasked.";

/** Explains the doubt about the index, if a check of the index stopped the verification. */
export function indexDoubt(check: Check, report: Report): string | undefined {
  if (["event-signatures", "coverage"].includes(check.code) && wantsWord(report)) return UNAUDITED;
  const covered = coverage(report);
  if (check.code !== "coverage" || covered?.method !== "index" || !report.checkpoint) return DOUBTS[check.code];
  return (
    `The events up to entry ${figures(covered.upTo)} of ${figures(report.checkpoint.size)} are found. ` +
    "The entries after that are not in the index yet, and there are too many to read here. " +
    "Their contents are not decided."
  );
}

/** Recognises an answer that rests on the index alone, by the reader's choice. */
export function isOnlyClaimed(report: Report): boolean {
  return report.completeBy === "index";
}

/** Recognises an undecided answer that would be decided if the reader took the index's word. */
export function wantsWord(report: Report): boolean {
  const check = decisive(report);
  const covered = coverage(report);
  const doubted = ["coverage", "event-signatures", "index-audit"];
  return (
    check?.outcome === "unknown" &&
    doubted.includes(check.code) &&
    report.completeBy === null &&
    covered?.method === "index" &&
    !covered.audited &&
    String(covered.upTo) === String(report.checkpoint?.size) &&
    report.checks.some(({ code, outcome }) => code === "coverage" && outcome === "unknown")
  );
}

/** Explains why no event is missing, as far as the index proves it. */
export function indexCoverage(report: Report): string {
  const covered = coverage(report);
  if (covered?.method !== "index" || report.claims.complete !== "pass") return "";
  const tail = readAfter(covered.scanned);
  if (String(covered.indexed) === "0") return tail;
  if (!covered.audited) return ` You take its index’s word that there are no others; no auditor vouches for it.${tail}`;
  const auditors = witnesses(report, "index-audit").filter((auditor) => auditor.counted).length;
  const who =
    auditors === 1
      ? "An auditor has recomputed the index"
      : auditors === 0
        ? "Auditors have recomputed the index"
        : `${inWords(auditors)} auditors have recomputed the index`;
  return ` ${who}, so no event about it can be missing.${tail}`;
}

/** Mentions the entries after the index. */
function readAfter(entries: Whole): string {
  if (String(entries) === "0") return "";
  const newest = String(entries) === "1" ? "The newest entry was" : `The newest ${figures(entries)} entries were`;
  return ` ${newest} read one by one.`;
}

/** Writes the claim of completeness in a few words. */
export function indexClaim(report: Report, none: string, size: string): string | undefined {
  const covered = coverage(report);
  if (covered?.method !== "index") return undefined;
  if (report.claims.complete === "unknown")
    return report.checkpoint && String(covered.upTo) !== String(report.checkpoint.size)
      ? `complete up to entry ${figures(covered.upTo)} of ${figures(report.checkpoint.size)}`
      : undefined;
  if (report.claims.complete !== "pass" || String(covered.indexed) === "0") return undefined;
  return covered.audited
    ? `${none} among the log’s ${size}, as auditors vouch`
    : `${none} among the log’s ${size}, as its index claims`;
}

/** Recognises a report to which a full scan of the log could add something. */
export function wantsFullScan(report: Report): boolean {
  const check = decisive(report);
  if (check === undefined) return isOnlyClaimed(report);
  if (check.code === "files") return missingFile(check)?.startsWith("index/") ?? false;
  if (check.code === "coverage") return coverage(report)?.method === "index";
  return check.code.startsWith("index-") || wantsWord(report) || (isOnlyClaimed(report) && report.result !== "failed");
}
