// The verdict about a file or a folder: registered, only mentioned, contradicted, under a hold, or without evidence.
import type { Check, Report } from "@glasslog/verify";
import { counted, figures } from "../text/count.js";
import { decisive } from "./evidence.js";

/** A headline, and the reason. */
export type Words = readonly [headline: string, why: string];

/** Recognises a report about a file or a folder. */
export function isAboutContents(report: Report): boolean {
  return report.query.kind === "file" || report.query.kind === "folder";
}

/** Headline of a verified report. */
export function known({ files, folder }: Report, about: string): string {
  const beside = folder?.comparedWith;
  if (folder && beside) {
    return folder.listed === "none"
      ? `${about} has the digest that ${beside.name} is registered with by ${beside.actor}.`
      : `${about} is ${beside.name} as ${beside.actor} registered it, file by file.`;
  }
  const [first, ...others] = files?.[0]?.registeredAs ?? [];
  if (!first) return `${about} is mentioned in the log, but not registered.`;
  const more = others.length > 0 ? `, and as ${counted(others.length, "other version")}` : "";
  return first.path === null
    ? `${about} is registered as ${first.name} by ${first.actor}${more}.`
    : `${about} is ${first.path} of ${first.name}, registered by ${first.actor}${more}.`;
}

/** Words for a failed check that concerns files and folders only. */
export function refuted(check: Check, report: Report, about: string): Words | undefined {
  if (check.code === "hold")
    return [`${about} is under a hold. Do not use it.`, "The actor who registered it holds it back."];
  if (check.code !== "contents" || !isAboutContents(report)) return undefined;
  const name = check.evidence?.["name"];
  const version = typeof name === "string" ? name : "the version";
  const { folder } = report;
  if (!folder?.comparedWith)
    return [`${about} is not what ${version} is registered with.`, "An event names it as that version all the same."];
  const { changed, missing, extra } = folder;
  const parts = [
    [changed.length, "changed"],
    [missing.length, "missing"],
    [extra.length, "extra"],
  ] as const;
  const counts = parts.filter(([number]) => number > 0).map(([number, word]) => `${figures(number)} ${word}`);
  return [
    `${about} differs from ${version} as it is registered.`,
    counts.length > 0 ? `Of its files, ${counts.join(", ")}.` : "The files that the registration lists are the same.",
  ];
}

/** Words for a file or folder without evidence, whose events, if any, are none. */
export function withoutEvidence(report: Report, about: string): Words | undefined {
  if (!isAboutContents(report) || !report.files?.some(({ events }) => events.length > 0)) return undefined;
  return [
    `No event is evidence for ${about}.`,
    "The events that name it were denied or failed, are holds or deletions, or count for nothing.",
  ];
}

/** What a reader must know beside a good verdict. */
export function contentCautions(report: Report): string {
  if (!isAboutContents(report)) return "";
  const { folder } = report;
  const names =
    folder?.comparedWith && folder.listed === "none"
      ? "The registration lists no files: their names are not confirmed."
      : "";
  const hold = report.checks.find(({ code }) => code === "hold");
  const open = hold && hold.outcome === "unknown" && decisive(report)?.code !== "hold";
  return [names, open ? "Whether a hold is in force is not decided." : ""].filter(Boolean).join(" ");
}
