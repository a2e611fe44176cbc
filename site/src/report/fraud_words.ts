// Sentences about a fraud proof: the verdict on the accusation, and the accused.
import { figures } from "../text/count.js";
import { decisive } from "./evidence.js";
import type { Sentence } from "./sentence.js";
import type { FraudSummary, Report } from "@glasslog/verify";

type Told = Pick<Sentence, "tone" | "headline" | "why" | "detail">;

/** Kinds of fraud, as phrases after "the index". */
const KINDS: Readonly<Record<string, string>> = {
  omission: "leaves out an entry that it must list",
  insertion: "lists an entry that does not belong there",
  "malformed-bucket": "signed a list that breaks its own rules",
  "bad-manifest": "signed a manifest that breaks its own rules",
};

/** Writes the verdict on a fraud proof. */
export function fraudSentence(report: Report): Told {
  const { fraud } = report;
  if (report.result === "verified" && fraud) return holds(fraud);
  const check = decisive(report);
  const detail = check ? `First thing that failed: ${check.detail}.` : "";
  const tone = report.result === "failed" ? "fail" : "unknown";
  switch (`${check?.code} ${check?.outcome}`) {
    case "policy fail":
      return {
        tone,
        headline: "The trust file cannot be read.",
        why: "Nothing was checked: the trust file names the index that may be accused.",
        detail,
      };
    case "fraud-proof fail":
      return {
        tone,
        headline: "This is not a fraud proof that can be checked.",
        why: "It is damaged, cut short, or another kind of file.",
        detail,
      };
    case "index-signature fail":
      return {
        tone,
        headline: "This accusation is forged.",
        why: "Its evidence was not signed with the index’s key.",
        detail,
      };
    case "fraud fail":
      return {
        tone,
        headline: "This file proves nothing against the index.",
        why: "Its author is mistaken, or wants the index’s operator to look guilty.",
        detail,
      };
    case "index-signature unknown":
      return {
        tone,
        headline: "Your trust file does not name the accused index.",
        why: "The accusation was not checked.",
        detail: check ? `${check.detail}.` : "",
      };
    default:
      return {
        tone,
        headline: "This accusation could not be decided.",
        why: "",
        detail: check ? `${check.detail}.` : "",
      };
  }
}

function holds(fraud: FraudSummary): Told {
  const what = KINDS[fraud.kind] ?? `is false (${fraud.kind})`;
  const { auditors } = fraud;
  const manifest = figures(fraud.manifest);
  const log = fraud.log === null ? "" : ` It is about the log \`${fraud.log}\`.`;
  const names = auditors.map((name) => `\`${name}\``).join(", ");
  const audit =
    auditors.length === 0
      ? "No auditor that your trust file names is accused with it."
      : `Also accused: the ${auditors.length === 1 ? "auditor" : "auditors"} ${names}, who confirmed it.`;
  return {
    tone: "pass",
    headline: `The accusation holds: the index ${fraud.index} ${what}.`,
    why: `The holder of the index’s key signed this, as manifest ${manifest}, and cannot deny it.${log} ${audit}`,
    detail: "Do not rely on anything that this index says.",
  };
}
