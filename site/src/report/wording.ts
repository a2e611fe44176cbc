// Words for every stable code of a report (docs/formats/report.md).
import type { Check, CheckCode, EventView, Outcome } from "@glasslog/verify";

/** Titles of the checks. A code of a newer verifier is shown as it is. */
const CHECKS: Readonly<Record<CheckCode, string>> = {
  policy: "Trust file",
  bundle: "Offline bundle",
  question: "Bundle’s question",
  proof: "Proof file",
  files: "Files",
  checkpoint: "Checkpoint",
  "log-signature": "Log’s signature",
  quorum: "Witnesses",
  tree: "Tree",
  entries: "Entries",
  consistency: "Only ever grew",
  since: "Begins as the older history",
  "index-proof": "Newest manifest of the index",
  "index-signature": "Index’s signature",
  "index-quorum": "Index’s witnesses",
  "index-audit": "Auditors of the index",
  "index-manifest": "Index is of this log",
  "index-consistency": "Index and log agree",
  "index-files": "Index’s files",
  "index-positions": "Entries as the index lists them",
  "index-checkpoint": "Checkpoint of the index",
  "index-manifests": "Manifests of the index",
  "index-runs": "Runs of the index",
  "audit-state": "Earlier audit",
  "fraud-proof": "Fraud proof",
  fraud: "The accusation",
  "inconsistency-evidence": "Evidence",
  inconsistency: "The contradiction",
  genesis: "First entry",
  coverage: "Nothing left out",
  readable: "Readable",
  "event-signatures": "Actors’ signatures",
  "key-events": "Key events",
  registrations: "Registrations",
  links: "What registrations link",
  contents: "Contents",
  hold: "Holds",
  superseded: "Older files",
  strays: "Stray files",
  freshness: "Freshness",
};

/** Checks of a history in their order; `INDEX` only if an index is asked. */
const FIRST: readonly CheckCode[] = ["policy", "files", "checkpoint", "log-signature", "quorum", "tree", "entries"];
const INDEX: readonly CheckCode[] = [
  "index-proof",
  "index-signature",
  "index-quorum",
  "index-audit",
  "index-manifest",
  "index-consistency",
  "index-files",
  "index-positions",
];
const LAST: readonly CheckCode[] = [
  "genesis",
  "coverage",
  "readable",
  "event-signatures",
  "registrations",
  "contents",
  "freshness",
];

/** Way to show completeness: by a full scan, by an index, or by an index with auditors. */
export type Way = "scan" | "index" | "audited";

/** Lists the checks of a history in their order, shown as pending before the first is decided. */
export function plannedChecks(way: Way): readonly CheckCode[] {
  return [
    ...FIRST,
    ...(way === "scan" ? [] : INDEX.filter((code) => way === "audited" || code !== "index-audit")),
    ...LAST,
  ];
}

/** Recognises a check that has a title here. */
export function isKnown(code: string): boolean {
  return code in CHECKS;
}

export function checkTitle(code: string): string {
  return (CHECKS as Readonly<Record<string, string>>)[code] ?? code;
}

/** Recognises checks that were reached: `not reached` is the verifier's word for the others. */
export function isReached(check: Check): boolean {
  return check.outcome !== "unknown" || check.detail !== "not reached";
}

export function checkDetail(check: Check): string {
  return isReached(check) ? check.detail : "not decided";
}

type Status = { readonly outcome: Outcome; readonly short: string; readonly long: string };

const SIGNATURES: Readonly<Record<string, Status>> = {
  valid: { outcome: "pass", short: "signed", long: "Signed by a key of this actor that was valid at this position." },
  "unknown-key": {
    outcome: "unknown",
    short: "unknown key",
    long: "Signed with a key that was never enrolled before this position: the signer is unknown.",
  },
  "revoked-key": {
    outcome: "unknown",
    short: "revoked key",
    long: "Signed with a key that had been revoked before this position.",
  },
  compromised: {
    outcome: "unknown",
    short: "key compromised",
    long: "Valid when it was logged. A later key event says that its key was compromised: it counts for nothing.",
  },
  "actor-mismatch": {
    outcome: "unknown",
    short: "other actor’s key",
    long: "Signed with a key that is enrolled for another actor than the one named.",
  },
  "other-log": { outcome: "unknown", short: "for another log", long: "Signed for another log." },
  invalid: { outcome: "fail", short: "false signature", long: "The signature does not fit the event." },
  none: { outcome: "unknown", short: "not signed", long: "The event has no signature that could be judged." },
};

export function signatureStatus(event: EventView): Status {
  return (
    SIGNATURES[event.signature] ?? {
      outcome: "unknown",
      short: event.signature,
      long: `Signature status: ${event.signature}.`,
    }
  );
}

const NOTES: Readonly<Record<string, readonly [short: string, long: string]>> = {
  replayed: ["replayed", "A copy of an earlier event; it changes nothing."],
  "register-conflict": [
    "other content",
    "Binds a name and version that an earlier event had bound to different content.",
  ],
  "new-name-wrong": [
    "name not new",
    "States wrongly whether it is the first registration of its name, so the list of names may lack it.",
  ],
  "other-contents": [
    "not as registered",
    "Names a version with other contents than those that the version is registered with.",
  ],
  "no-effect": ["no effect", "A key event that changed nothing."],
  "claimed-late": ["time too late", "Claims a time more than a day after witnesses saw it in the log."],
  "claimed-early": ["time too early", "Claims a time more than a day before it came into the log."],
};

/** Writes a note in a word or two. */
export function noteBadge(note: string): string {
  return NOTES[note]?.[0] ?? note;
}

/** Writes a note as a sentence. */
export function noteText(note: string): string {
  return NOTES[note]?.[1] ?? note;
}

export const WEIGHTS = {
  routine: "routine: read, execute, verify",
  material: "material: changes the artifact or who may use it",
  custody: "custody: passes it from hand to hand",
} as const;

/** Names the action of an event, or the kind of entry that it is. */
export function actionText(event: EventView): string {
  if (event.type === "key") return `${event.action ?? "key"} key`;
  return event.action ?? event.type;
}
