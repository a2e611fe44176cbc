// Explanations of the verdict on an accusation, and the accused. The headline is the verifier's own.
import { figures } from "../text/count.js";
import { decisive } from "./evidence.js";
import { headline, type Sentence } from "./sentence.js";
import type { FraudSummary, InconsistencySummary, Report } from "@glasslog/verify";

type Told = Pick<Sentence, "tone" | "headline" | "why" | "detail">;

/** Meaning of each check that failed or is not decided. */
const REASONS: Readonly<Record<string, string>> = {
  "policy fail": "The trust file cannot be read. Nothing was checked: the trust file names who may be accused.",
  "fraud-proof fail":
    "This is not a fraud proof that can be checked. It is damaged, cut short, or another kind of file.",
  "index-signature fail": "This accusation is forged: its evidence was not signed with the index’s key.",
  "fraud fail":
    "This file proves nothing against the index. Its author is mistaken, or wants the index’s operator to look guilty.",
  "index-signature unknown": "Your trust file does not name the accused index. The accusation was not checked.",
  "inconsistency-evidence fail":
    "This is not evidence that can be checked. It is damaged, cut short, or another kind of file.",
  "log-signature fail": "This accusation is forged: the log’s key did not sign both heads.",
  "log-signature unknown": "Your trust file does not name the accused log. The accusation was not checked.",
  "inconsistency fail":
    "This file proves nothing against the log. Its author is mistaken, or wants the log’s operator to look guilty.",
};

/** Explains the verdict on an accusation. */
export function accusationSentence(report: Report): Told {
  const { fraud, inconsistency } = report;
  const told = { headline: headline(report), detail: "" };
  if (report.result === "verified" && fraud)
    return { ...told, tone: "pass", why: holds(fraud), detail: "Do not rely on anything that this index says." };
  if (report.result === "verified" && inconsistency)
    return { ...told, tone: "pass", why: forked(inconsistency), detail: "Do not rely on anything that this log says." };
  const check = decisive(report);
  const why = REASONS[`${check?.code} ${check?.outcome}`] ?? "This accusation could not be decided.";
  return { ...told, tone: report.result === "failed" ? "fail" : "unknown", why };
}

function holds(fraud: FraudSummary): string {
  const { auditors } = fraud;
  const manifest = figures(fraud.manifest);
  const log = fraud.log === null ? "" : ` It is about the log \`${fraud.log}\`.`;
  const names = auditors.map((name) => `\`${name}\``).join(", ");
  const audit =
    auditors.length === 0
      ? "No auditor that your trust file names is accused with it."
      : `Also accused: the ${auditors.length === 1 ? "auditor" : "auditors"} ${names}, who confirmed it.`;
  return (
    "The accusation holds. " +
    `The holder of the index’s key signed this, as manifest ${manifest}, and cannot deny it.${log} ${audit}`
  );
}

function forked({ witnesses, role }: InconsistencySummary): string {
  const names = witnesses.map((name) => `\`${name}\``).join(", ");
  const also =
    witnesses.length === 0
      ? "No witness that your trust file names cosigned both."
      : `Also accused: the ${witnesses.length === 1 ? "witness" : "witnesses"} ${names}, who cosigned both.`;
  return `The accusation holds. The holder of the ${role}’s key signed both, and cannot deny it. ${also}`;
}
