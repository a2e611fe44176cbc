// Types of a report (docs/formats/report.md), generated from core/src/report: do not edit.

/**
 * An unsigned 64-bit integer. `JSON.parse` yields a number, which is exact up to 2^53; a parser that keeps every digit may
 * yield text instead.
 */
export type Whole = number | string;

/**
 * The outcome of a verification.
 */
export type Report = {
  /**
   * Version of the format of reports, 1.
   */
  schemaVersion: 1,
  /**
   * The result.
   */
  result: Verdict,
  /**
   * The reason for the result.
   */
  class: Class,
  /**
   * The exit code of the command line, which follows from the class.
   */
  exitCode: number,
  /**
   * The code of the required check that decided against *verified*. Empty if every required check passed: the report is
   * *verified*, or there was nothing to verify.
   */
  cause: CheckCode | null,
  /**
   * The verdict in one sentence for people: lower case, no full stop, names in backticks.
   */
  headline: string,
  /**
   * The time against which freshness was judged, in seconds since the epoch.
   */
  now: Whole,
  /**
   * The question.
   */
  query: Question,
  /**
   * The checkpoint that the verdict is about, once one was read.
   */
  checkpoint: CheckpointSummary | null,
  /**
   * The three claims.
   */
  claims: Claims,
  /**
   * True if the claim *complete* passed.
   */
  complete: boolean,
  /**
   * The grounds on which it passed; empty if it did not.
   */
  completeBy: CompleteBy | null,
  /**
   * Every check, in order.
   */
  checks: Array<Check>,
  /**
   * Keys that were looked up.
   */
  keys?: Array<Question>,
  /**
   * The versions that the artifact is registered as, by position of their registrations.
   */
  versions?: Array<VersionSummary>,
  /**
   * Events found, by position.
   */
  events?: Array<EventView>,
  /**
   * Entries that could not be read as events.
   */
  unreadable?: Whole,
  /**
   * Entries of the answer that should not be in the log, and that the admins acknowledged.
   */
  acknowledged?: Array<AcknowledgedEntry>,
  /**
   * Files that were asked about.
   */
  files?: Array<FileEvents>,
  /**
   * The folder that was asked about.
   */
  folder?: FolderView,
  /**
   * The entry that was asked about.
   */
  entry?: EntrySummary,
  /**
   * The older checkpoint.
   */
  old?: CheckpointSummary,
  /**
   * Positions of the events that an older history does not have.
   */
  new?: Array<Whole>,
  /**
   * Positions of the events that counted in the older history, and count for nothing now.
   */
  withdrawn?: Array<Whole>,
  /**
   * Counts of an audit.
   */
  counts?: Counts,
  /**
   * The accusation of a fraud proof.
   */
  fraud?: FraudSummary,
  /**
   * The accusation of an inconsistency.
   */
  inconsistency?: InconsistencySummary,
};

/**
 * The result of a whole verification.
 */
export type Verdict = "verified" | "failed" | "unknown";

/**
 * The class of a verdict: the reason for it, in the order in which reasons take precedence (`docs/formats/codes.md`, "Exit
 * codes").
 *
 * A proof of falsehood comes before a missing file, so that a host that withholds a file, or damages one, hides nothing that
 * was shown to be false. Input that the reader handed over comes first: without it there is no question.
 */
export type Class = "malformed-input" | "inconsistent" | "false" | "malformed-log" | "unfinished" | "undecided" | "held" | "nothing" | "verified";

/**
 * The question of a verification.
 */
export type Question = {
  /**
   * `version`, `name`, `digest`, `actor`, `key`, `file`, `folder`, `entry`, `proof`, `consistency`, `bundle`, `log` or `fraud`.
   */
  kind: string,
  /**
   * The identifier that was looked up; empty if the kind says all.
   */
  id: string,
  /**
   * True if only this key was looked up and no registration was followed. Only in the question of a history.
   */
  exact?: boolean,
  /**
   * True if routine accesses were left out. Only in the question of a history of the state.
   */
  state?: boolean,
  /**
   * Events that came before this time were left out, in seconds since the epoch. Only in the question of a history.
   */
  from?: Whole,
  /**
   * Events that came after this time were left out.
   */
  to?: Whole,
};

/**
 * The checkpoint that the verdict is about.
 */
export type CheckpointSummary = {
  /**
   * The log's origin line.
   */
  origin: string,
  /**
   * Number of entries.
   */
  size: Whole,
  /**
   * Root hash, base64.
   */
  root: Hash,
};

/**
 * Three claims that are never merged.
 */
export type Claims = {
  /**
   * Everything shown is in the log.
   */
  included: Outcome,
  /**
   * No event about the query is missing up to the checkpoint.
   */
  complete: Outcome,
  /**
   * The checkpoint is recent and cosigned.
   */
  fresh: Outcome,
};

/**
 * Grounds on which the claim *complete* passed.
 */
export type CompleteBy = "scan" | "audited-index" | "index";

/**
 * The outcome of one check, or of one claim.
 */
export type Outcome = "pass" | "fail" | "unknown";

/**
 * One check of a verification.
 */
export type Check = {
  /**
   * The name of the check.
   */
  code: CheckCode,
  /**
   * The outcome.
   */
  outcome: Outcome,
  /**
   * True if the verdict depends on it.
   */
  required: boolean,
  /**
   * One plain sentence, lower case, no full stop.
   */
  detail: string,
  /**
   * Facts that the check saw, if there is something to show.
   */
  evidence: Evidence | null,
};

/**
 * Stable name of a check.
 */
export type CheckCode = "policy" | "bundle" | "question" | "proof" | "files" | "checkpoint" | "log-signature" | "quorum" | "tree" | "entries" | "consistency" | "index-proof" | "index-signature" | "index-quorum" | "index-audit" | "index-manifest" | "index-consistency" | "index-files" | "index-positions" | "genesis" | "coverage" | "readable" | "event-signatures" | "key-events" | "registrations" | "links" | "contents" | "hold" | "since" | "superseded" | "strays" | "freshness" | "fraud-proof" | "fraud" | "inconsistency-evidence" | "inconsistency" | "index-checkpoint" | "index-manifests" | "index-runs" | "audit-state";

/**
 * What a check saw: named facts in a fixed order.
 */
export type Evidence = { [name: string]: Fact
};

/**
 * One value of the evidence.
 */
export type Fact = Whole | string | Array<Fact> | Evidence;

/**
 * One event of a history: every signed member that `docs/formats/events.md` names, and the verdicts on it. Members that the
 * event does not have are `null`.
 */
export type EventView = {
  /**
   * Position in the log.
   */
  index: Whole,
  /**
   * RFC 6962 leaf hash, base64.
   */
  leafHash: Hash,
  /**
   * `access`, `key`, `log-key`, `acknowledge`, `genesis` or `other`.
   */
  type: string,
  /**
   * URI of the predicate's type, for a type that this version does not know.
   */
  predicateType: string | null,
  /**
   * Origin of the log that the event is signed for.
   */
  log: string | null,
  /**
   * The action; for key events `enrol`, `revoke` or `amend`, for the log's own key `rotate`.
   */
  action: string | null,
  /**
   * `success`, `denied` or `failure`; for key events whether it took effect, `success` or `failure`.
   */
  outcome: string | null,
  /**
   * `routine`, `material` or `custody`, derived from the action; key events are `material`.
   */
  weight: "routine" | "material" | "custody" | null,
  /**
   * True if a registration claims that no version of its name was registered before.
   */
  newName: boolean,
  /**
   * The actor.
   */
  actor: string | null,
  /**
   * `human`, `workload`, `service` or `agent`.
   */
  actorType: string | null,
  /**
   * The roles that the actor claims.
   */
  roles: Array<string>,
  /**
   * The actor on whose behalf it acted, as claimed.
   */
  onBehalfOf: string | null,
  /**
   * The time that the actor claims.
   */
  occurredAt: string | null,
  /**
   * The time of the event: as claimed, and as witnesses vouch for it.
   */
  time: TimeView,
  /**
   * The event's own identifier.
   */
  eventId: string | null,
  /**
   * The artifacts that the event is about.
   */
  subjects: Array<SubjectView>,
  /**
   * The reason.
   */
  reason: ReasonView | null,
  /**
   * The environment in which it ran.
   */
  environment: string | null,
  /**
   * The region in which it ran.
   */
  region: string | null,
  /**
   * The pipeline that ran it, as signed: an object with at least `name`.
   */
  pipeline: { name: string; [member: string]: unknown } | null,
  /**
   * The custodians of a transfer.
   */
  transfer: TransferView | null,
  /**
   * The policy decision that the actor claims, as signed: an object with at least `engine`, `policySet` and `decision`.
   */
  policy: { engine: string; policySet: object; decision: string; [member: string]: unknown } | null,
  /**
   * The emergency in which the rules were bypassed.
   */
  exception: ExceptionView | null,
  /**
   * Other documents, as signed: each an object with at least `digest`, which maps algorithms to lower-case hex.
   */
  references: Array<{ digest: { [algorithm: string]: string }; [member: string]: unknown }>,
  /**
   * Leaf hash of the event that this one acts on.
   */
  actsOn: string | null,
  /**
   * Files of the folder that is registered as the first subject.
   */
  files: Array<FileView> | null,
  /**
   * The list of all its files, if `files` does not hold them all.
   */
  fileList: FileListView | null,
  /**
   * The key that a key event is about.
   */
  key: KeyView | null,
  /**
   * The statement of a genesis about its log.
   */
  genesis: GenesisView | null,
  /**
   * Code of the reason for which a key event changed nothing.
   */
  noEffect: string | null,
  /**
   * The verdict on the signatures as of the checkpoint: `valid`, `compromised`, `unknown-key`, `revoked-key`,
   * `actor-mismatch`, `other-log`, `invalid` or `none`.
   */
  signature: string,
  /**
   * The verdict by the entries before the event alone: `valid` for an event that is `compromised` now.
   */
  signatureThen: string,
  /**
   * Index of the key event that withdraws a compromised event: it counts in no longer prefix of the log.
   */
  withdrawnAt: Whole | null,
  /**
   * The key that decided the verdict; for a valid event the one that vouches for it.
   */
  keyid: string | null,
  /**
   * `replayed`, `register-conflict`, `new-name-wrong`, `other-contents`, `no-effect`, `acknowledged`, `claimed-late`,
   * `claimed-early`.
   */
  notes: Array<string>,
};

/**
 * The times of an event, in seconds since the epoch.
 */
export type TimeView = {
  /**
   * `occurredAt`, as a number.
   */
  claimed: Whole | null,
  /**
   * A quorum of witnesses vouches that the log did not have the event at this time.
   */
  notBefore: Whole | null,
  /**
   * A quorum of witnesses had cosigned a tree with the event by this time.
   */
  notAfter: Whole | null,
};

/**
 * One subject of an event.
 */
export type SubjectView = {
  /**
   * Its name.
   */
  name: string,
  /**
   * `sha256:` and hex.
   */
  digest: string,
  /**
   * Every digest, algorithm, colon and hex, in the order of the text.
   */
  digests: Array<string>,
};

/**
 * The reason of an event.
 */
export type ReasonView = {
  /**
   * A short code; key events have none.
   */
  code: string | null,
  /**
   * In words.
   */
  text: string | null,
  /**
   * A ticket.
   */
  ticket: string | null,
};

/**
 * The custodians of a transfer.
 */
export type TransferView = {
  /**
   * The custodian who hands over.
   */
  from: PartyView,
  /**
   * The custodian who receives.
   */
  to: PartyView,
};

/**
 * One side of a transfer.
 */
export type PartyView = {
  /**
   * The holder of the artifact.
   */
  custodian: string,
  /**
   * The location of the artifact.
   */
  location: string | null,
};

/**
 * An emergency in which the rules were bypassed.
 */
export type ExceptionView = {
  /**
   * `emergency` or `break-glass`.
   */
  kind: string,
  /**
   * The approvers.
   */
  approvedBy: Array<string>,
  /**
   * End of the exception, as claimed.
   */
  expiresAt: string,
  /**
   * Latest time of its review, as claimed.
   */
  reviewBy: string,
};

/**
 * A file of a folder.
 */
export type FileView = {
  /**
   * Path below the folder.
   */
  path: string,
  /**
   * Bytes.
   */
  size: Whole,
  /**
   * `sha256:` and hex.
   */
  digest: string,
};

/**
 * A list of files that stands beside the log.
 */
export type FileListView = {
  /**
   * `sha256:` and hex of its text.
   */
  digest: string,
  /**
   * Number of its files.
   */
  files: Whole,
};

/**
 * The key that a key event is about.
 */
export type KeyView = {
  /**
   * Its id.
   */
  keyid: string,
  /**
   * The key, one PEM block.
   */
  spki: string,
  /**
   * In a revocation, the first index whose events are no longer trusted.
   */
  compromisedSince: Whole | null,
};

/**
 * The statement of a genesis about its log.
 */
export type GenesisView = {
  /**
   * Version of the log's format.
   */
  formatVersion: Whole,
  /**
   * Ids of the admins' keys.
   */
  admins: Array<string>,
  /**
   * Number of admins who must sign a key event.
   */
  threshold: Whole,
  /**
   * The closed log that this one succeeds.
   */
  succeeds: PredecessorView | null,
};

/**
 * The final state of a closed log.
 */
export type PredecessorView = {
  /**
   * Its origin.
   */
  log: string,
  /**
   * Number of its entries.
   */
  size: Whole,
  /**
   * Root of its final checkpoint, base64.
   */
  root: Hash,
  /**
   * Digest of its keys at its end, base64.
   */
  keys: Hash,
};

/**
 * An entry that should not be in the log, and that the admins acknowledged: it decides nothing.
 */
export type AcknowledgedEntry = {
  /**
   * Position in the log.
   */
  index: Whole,
  /**
   * RFC 6962 leaf hash, base64.
   */
  leafHash: Hash,
  /**
   * Index of the acknowledgement.
   */
  acknowledgedAt: Whole,
  /**
   * Its reason.
   */
  reason: string,
};

/**
 * A version and the registration that binds it.
 */
export type VersionSummary = {
  /**
   * Name and version.
   */
  name: string,
  /**
   * Position of the registration.
   */
  index: Whole,
  /**
   * The actor that registered it.
   */
  actor: string,
};

/**
 * One file, and the events about its content.
 */
export type FileEvents = {
  /**
   * `sha256:` and hex.
   */
  digest: string,
  /**
   * Positions of all its events, also of those that were denied or failed.
   */
  events: Array<Whole>,
  /**
   * The names and versions that are bound to this content, by position.
   */
  registeredAs: Array<RegisteredAs>,
  /**
   * Positions of the other events that are evidence for the file.
   */
  mentionedBy: Array<Whole>,
};

/**
 * A name and version that is bound to a content.
 */
export type RegisteredAs = {
  /**
   * The name and version.
   */
  name: string,
  /**
   * The actor who registered it.
   */
  actor: string,
  /**
   * Position of the registration that binds it.
   */
  index: Whole,
  /**
   * The path of the file, if the version is a folder that has this file.
   */
  path: string | null,
};

/**
 * A folder, and how it differs from a registration.
 */
export type FolderView = {
  /**
   * `sha256:` and hex.
   */
  digest: string,
  /**
   * Number of its files.
   */
  files: Whole,
  /**
   * Bytes of all its files.
   */
  size: Whole,
  /**
   * The registration that it is compared with.
   */
  comparedWith: RegisteredAs | null,
  /**
   * The extent of the registration's list of files.
   */
  listed: "all" | "some" | "none" | null,
  /**
   * Paths of the files with other contents.
   */
  changed: Array<string>,
  /**
   * Paths of the registered files that it does not have.
   */
  missing: Array<string>,
  /**
   * Paths of the files that are not registered.
   */
  extra: Array<string>,
};

/**
 * Position and leaf hash of one entry.
 */
export type EntrySummary = {
  /**
   * Position in the log.
   */
  index: Whole,
  /**
   * RFC 6962 leaf hash, base64.
   */
  leafHash: Hash,
};

/**
 * Counts of an audit.
 */
export type Counts = {
  /**
   * Entries read and hashed.
   */
  entries: Whole,
  /**
   * Entries that are access events.
   */
  accessEvents: Whole,
  /**
   * Entries that are key events.
   */
  keyEvents: Whole,
  /**
   * Entries that are not events.
   */
  unreadable: Whole,
  /**
   * Access and key events whose signature is by a key valid at their position.
   */
  signed: Whole,
  /**
   * Tiles compared byte for byte.
   */
  tiles: Whole,
};

/**
 * The accusation of a fraud proof.
 */
export type FraudSummary = {
  /**
   * `bad-manifest`, `malformed-bucket`, `omission` or `insertion`.
   */
  kind: string,
  /**
   * Origin of the index log, whose key signed the falsehood.
   */
  index: string,
  /**
   * Origin of the log that the manifest is about; `null` if it cannot be read.
   */
  log: string | null,
  /**
   * Position in the index log of the false entry.
   */
  manifest: Whole,
  /**
   * Number of the run in the manifest.
   */
  run: Whole | null,
  /**
   * Bucket of the run, `reserved` or a number.
   */
  bucket: string | null,
  /**
   * Key of the list, base64.
   */
  key: Hash | null,
  /**
   * Position of the entry that is left out, or does not belong there.
   */
  position: Whole | null,
  /**
   * Auditors of the policy who cosigned it, if enough of them did.
   */
  auditors: Array<string>,
};

/**
 * Two heads of one log, and who signed both.
 */
export type InconsistencySummary = {
  /**
   * `log`, or `index` if the accused is the log of an index.
   */
  role: string,
  /**
   * The smaller of the two heads, or the one seen first.
   */
  old: CheckpointSummary,
  /**
   * The other head.
   */
  new: CheckpointSummary,
  /**
   * The root that the tree of the other head has at the smaller size, base64.
   */
  prefix: Hash,
  /**
   * Witnesses of the policy who cosigned both heads.
   */
  witnesses: Array<string>,
};

/**
 * A SHA-256 hash, standard base64.
 */
export type Hash = string;
