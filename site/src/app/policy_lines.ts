// Shows which keys a trust file names. For display only: whether it is well formed, the verifier decides.
import type { Way } from "../report/wording.js";
import { cutText } from "../text/cut.js";

export type NamedKey = {
  /** `log`, `witness`, or the word that the line begins with. */
  readonly kind: string;
  /** Which part of the trust file it stands in. */
  readonly role: string;
  readonly name: string;
  /** The key's id, eight hex digits. */
  readonly id: string;
};

export type PolicyLines = {
  readonly keys: readonly NamedKey[];
  readonly quorum: string | undefined;
  readonly pinned: boolean;
};

/** Reads names and key ids out of a trust file (c2sp.org/tlog-policy, with our sections). */
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

/** Whether text looks like a trust file at all: it names a log. */
export function looksLikePolicy(text: string): boolean {
  return text.length < 1_000_000 && /^log \S+\+[0-9a-f]{8}\+/m.test(text);
}

/** The way in which completeness will be shown, by the keys that a trust file names. */
export function plannedWay(policy: string | undefined, fullScan: boolean): Way {
  if (policy === undefined || fullScan) return "scan";
  const roles = new Set(policyLines(policy).keys.map(({ role, kind }) => `${role} ${kind}`));
  return roles.has("audit witness") ? "audited" : roles.has("index log") ? "index" : "scan";
}
