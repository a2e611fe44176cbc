// Explanations of the verdict about a file or a folder: registered, contradicted, under a hold, or without evidence.
import type { Check, FolderView, Report } from "@glasslog/verify";
import { figures } from "../text/count.js";
import { decisive } from "./evidence.js";

/** Recognises a report about a file or a folder. */
function isAboutContents(report: Report): boolean {
  return report.query.kind === "file" || report.query.kind === "folder";
}

/** Explains a verified report about a folder. */
export function contentGrounds({ folder }: Report): string {
  return folder?.comparedWith && folder.listed !== "none" ? "Each of its files is as it was registered." : "";
}

/** Explains a failed check that concerns files and folders only. */
export function contentFailure(check: Check, report: Report): string | undefined {
  if (check.code === "hold") return "The actor who registered it holds it back. Do not use it.";
  if (check.code !== "contents" || !isAboutContents(report)) return undefined;
  const { folder } = report;
  if (!folder?.comparedWith) return "An event names it as that version all the same.";
  const counts = differing(folder);
  return counts ? `Of its files, ${counts}.` : "The files that the registration lists are the same.";
}

/** Counts the files of a folder that differ from the registration beside it. */
function differing({ changed, missing, extra }: FolderView): string {
  const parts = [
    [changed.length, "changed"],
    [missing.length, "missing"],
    [extra.length, "extra"],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${figures(number)} ${word}`)
    .join(", ");
}

/** Explains an answer about a file or folder whose events, if any, are no evidence. */
export function withoutEvidence(report: Report): string | undefined {
  if (!isAboutContents(report)) return undefined;
  const { folder, files } = report;
  if (folder?.comparedWith) return `Nobody registered it; beside the most similar registration, ${differing(folder)}.`;
  if (!files?.some(({ events }) => events.length > 0)) return undefined;
  return "The events that name it were denied or failed, are holds or deletions, or count for nothing.";
}

/** Cautions beside a good verdict about a file or folder. */
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
