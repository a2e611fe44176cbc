// The command line that repeats a check without this page.
import { hasOddities } from "./visible.js";

/** Quotes `text` as one word of any POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A check to repeat: of an artifact or a file in a log, of a bundle, or of an accusation. */
export type Repeatable =
  | {
      readonly kind: "file";
      readonly file: string;
      readonly log: string;
      readonly maxAge: string | undefined;
      readonly fullScan: boolean;
      readonly acceptIndex: boolean;
    }
  | {
      readonly kind: "history";
      readonly artifact: string;
      readonly log: string;
      readonly maxAge: string | undefined;
      readonly fullScan: boolean;
      readonly acceptIndex: boolean;
    }
  | {
      readonly kind: "bundle";
      readonly file: string;
      readonly maxAge: string | undefined;
      readonly acceptIndex: boolean;
    }
  | { readonly kind: "fraud" | "inconsistency"; readonly file: string };

/** Writes the command line, or `undefined` if its text could harm a reader who pastes it. */
export function commandLine(check: Repeatable): string | undefined {
  const words =
    check.kind === "history"
      ? ["glasslog", "history", guardDash(check.artifact), "--log", check.log]
      : ["glasslog", "verify", check.kind, guardFile(check.file)];
  if (check.kind === "file") words.push("--log", check.log);
  words.push("--policy", "trust.policy");
  if ((check.kind === "history" || check.kind === "file") && check.fullScan) words.push("--full-scan");
  if ("acceptIndex" in check && check.acceptIndex) words.push("--accept-index");
  if ("maxAge" in check && check.maxAge) words.push("--max-checkpoint-age", check.maxAge);
  return words.some(hasOddities) ? undefined : words.map(shellWord).join(" ");
}

/** Escapes a name that looks like a flag with the prefix `name:`. */
function guardDash(artifact: string): string {
  return /^-/.test(artifact) ? `name:${artifact}` : artifact;
}

function guardFile(name: string): string {
  return /^-/.test(name) ? `./${name}` : name;
}
