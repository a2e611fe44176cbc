// The command line that repeats a check without this page.
import { hasOddities } from "./visible.js";

/** One shell word that means exactly `text` in every POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What to repeat: the history of an artifact in a log, or the verdict on an offline bundle or a fraud proof. */
export type Repeatable =
  | {
      readonly kind: "history";
      readonly artifact: string;
      readonly log: string;
      readonly maxAge: string | undefined;
      readonly fullScan: boolean;
    }
  | { readonly kind: "bundle"; readonly file: string; readonly maxAge: string | undefined }
  | { readonly kind: "fraud"; readonly file: string };

/** The command line, or `undefined` when text in it could do harm to whoever pastes it. */
export function commandLine(check: Repeatable): string | undefined {
  const words =
    check.kind === "history"
      ? ["glasslog", "history", guardDash(check.artifact), "--log", check.log]
      : ["glasslog", "verify", check.kind, guardFile(check.file)];
  words.push("--policy", "trust.policy");
  if (check.kind === "history" && check.fullScan) words.push("--full-scan");
  if (check.kind !== "fraud" && check.maxAge) words.push("--max-checkpoint-age", check.maxAge);
  return words.some(hasOddities) ? undefined : words.map(shellWord).join(" ");
}

/** A name that looks like a flag, or like a path, is told apart by the `name:` escape. */
function guardDash(artifact: string): string {
  return /^-/.test(artifact) ? `name:${artifact}` : artifact;
}

function guardFile(name: string): string {
  return /^-/.test(name) ? `./${name}` : name;
}
