// Lists the keys that a trust file names, for display only: the verifier decides if the file is well formed.
import type { Way } from "../report/wording.js";
import type { Trust } from "./trust.js";
import { cutText } from "../text/cut.js";

export type NamedKey = {
  /** First word of the line: `log`, `witness` or another. */
  readonly kind: string;
  /** Section of the trust file that names the key. */
  readonly role: string;
  readonly name: string;
  /** Key id, eight hex digits. */
  readonly id: string;
};

export type PolicyLines = {
  readonly keys: readonly NamedKey[];
  readonly quorum: string | undefined;
  readonly pinned: boolean;
};

/** Reads names and key ids from a trust file (c2sp.org/tlog-policy, with Glasslog's sections). */
export function policyLines(text: string): PolicyLines {
  const keys: NamedKey[] = [];
  let [role, quorum, pinned] = ["log", undefined as string | undefined, false];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    const section = /^\[([a-z]+)\]$/.exec(line)?.[1];
    if (section) role = section;
    else if (role === "genesis" && line !== "" && !line.startsWith("#")) pinned = true;
    const words = line.split(/\s+/);
    const [kind] = words;
    const key = (kind === "log" ? words[1] : kind === "witness" ? words[2] : undefined)?.split("+");
    if (kind && key?.[0] && key[1]) keys.push({ kind, role, name: key[0], id: cutText(key[1], 16) });
    if (kind === "quorum" && role === "log") quorum = words[1];
  }
  return { keys, quorum, pinned };
}

/** Recognises text that names a log, as every trust file does. */
export function looksLikePolicy(text: string): boolean {
  return text.length < 1_000_000 && /^log \S+\+[0-9a-f]{8}\+/m.test(text);
}

/** Way in which completeness will be shown, by the keys that a trust file names; without auditors, small logs are read. */
export function plannedWay(trust: Pick<Trust, "text" | "acceptsIndex"> | undefined, fullScan: boolean): Way {
  if (trust === undefined || fullScan) return "scan";
  const roles = new Set(policyLines(trust.text).keys.map(({ role, kind }) => `${role} ${kind}`));
  return roles.has("audit witness") ? "audited" : roles.has("index log") && trust.acceptsIndex ? "index" : "scan";
}
