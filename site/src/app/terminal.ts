// The command line that makes the same check as the page.
import { commandLine } from "../text/command.js";
import { logText, type Address } from "./address.js";
import type { Subject } from "./view.js";

/** Line for a subject: `undefined` if it cannot be written safely, `null` if there is none. */
export function terminalLine(
  subject: Subject | undefined,
  { age: maxAge, fullScan }: Address,
  log: URL | undefined,
  acceptIndex: boolean,
): string | undefined | null {
  switch (subject?.kind) {
    case "artifact":
      return log
        ? commandLine({ kind: "history", artifact: subject.text, log: logText(log), maxAge, fullScan, acceptIndex })
        : null;
    case "contents":
      return log
        ? commandLine({ kind: "file", file: subject.name, log: logText(log), maxAge, fullScan, acceptIndex })
        : null;
    case "bundle":
      return commandLine({ kind: "bundle", file: subject.file.name, maxAge, acceptIndex });
    case "fraud":
    case "inconsistency":
      return commandLine({ kind: subject.kind, file: subject.file.name });
    case undefined:
      return null;
  }
}
