//! The outcome of a verification: claims, the checks behind them and their evidence (`docs/formats/report.md`).
//!
//! A report is a value: whoever shows it (command line, browser, CI) decides nothing. It holds nothing that depends
//! on where or how the verification ran, so equal inputs and an equal `now` give equal bytes everywhere.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;

/// Version of the report's shape, the first member of its JSON.
pub(crate) const SCHEMA_VERSION: u8 = 1;

/// What one check, or one claim, came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Proven true.
    Pass,
    /// Proven false, malformed, or a needed file is missing.
    Fail,
    /// Not decided on the given trust and files.
    Unknown,
}

/// What a whole report came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every required check passed, and at least one thing was checked.
    Verified,
    /// A required check failed.
    Failed,
    /// Nothing failed, but a required check is not decided or there was nothing to verify.
    Unknown,
}

/// Why a report is not *verified*, in the order in which causes take precedence (`docs/cli.md`, exit codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Input breaks its format (exit 8).
    Malformed,
    /// A needed file is missing, so the verification could not finish (exit 1).
    Unfinished,
    /// Two heads signed by one log cannot both be true (exit 7).
    Inconsistent,
    /// Something is proven false (exit 3).
    False,
    /// Not decided on the given trust (exit 5).
    Undecided,
    /// There was nothing to verify (exit 4).
    Nothing,
    /// Verified (exit 0).
    Verified,
}

impl Class {
    /// The exit code of the command line.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Malformed => 8,
            Self::Unfinished => 1,
            Self::Inconsistent => 7,
            Self::False => 3,
            Self::Undecided => 5,
            Self::Nothing => 4,
            Self::Verified => 0,
        }
    }
}

/// Stable names of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckCode {
    /// The trust policy is well formed.
    Policy,
    /// The offline bundle is well formed and holds nothing that was not asked for.
    Bundle,
    /// The `tlog-proof` is well formed.
    Proof,
    /// Every file that was needed could be had.
    Files,
    /// The checkpoint is well formed.
    Checkpoint,
    /// A log key of the policy signed the checkpoint.
    LogSignature,
    /// The policy's quorum of witnesses cosigned the checkpoint.
    Quorum,
    /// The hash tiles fold to the checkpoint's root.
    Tree,
    /// The entries hash to their places in the tree.
    Entries,
    /// The older checkpoint is a prefix of the newer one.
    Consistency,
    /// The proof of the newest manifest, and the manifest in it, are well formed.
    IndexProof,
    /// An index key of the policy signed the checkpoint of the index.
    IndexSignature,
    /// The policy's quorum of witnesses cosigned the checkpoint of the index.
    IndexQuorum,
    /// The policy's quorum of auditors cosigned the checkpoint of the index.
    IndexAudit,
    /// The manifest is in the index, of the key function asked for, and about this log.
    IndexManifest,
    /// The checkpoint in the manifest and the log's are of one tree.
    IndexConsistency,
    /// The files of the index are those that the manifest commits to.
    IndexFiles,
    /// The entries found hold the keys they were found by, and none that was read was left out.
    IndexPositions,
    /// Entry 0 is the log's genesis, and the pinned one where the policy pins it.
    Genesis,
    /// No event about the query can be missing.
    Coverage,
    /// Every entry could be read as an event.
    Readable,
    /// Every event shown is signed by a key valid at its position.
    EventSignatures,
    /// Key events took effect as their signers meant.
    KeyEvents,
    /// No name and version was bound to two different contents.
    Registrations,
    /// An older history is the beginning of this one.
    Since,
    /// Older files that are still present agree with the tree.
    Superseded,
    /// No file is present that does not belong to the log.
    Strays,
    /// The checkpoint is recent, as vouched for by witnesses.
    Freshness,
    /// The fraud proof is well formed.
    FraudProof,
    /// What the index's key signed is false.
    Fraud,
    /// The index checkpoint is one that the policy accepts.
    IndexCheckpoint,
    /// Every manifest is well formed and about this log.
    IndexManifests,
    /// Every run of every manifest is the one that the log's entries give.
    IndexRuns,
    /// What an earlier audit vouches for is of this log.
    AuditState,
}

impl CheckCode {
    /// The kebab-case code, stable across versions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Bundle => "bundle",
            Self::Proof => "proof",
            Self::Files => "files",
            Self::Checkpoint => "checkpoint",
            Self::LogSignature => "log-signature",
            Self::Quorum => "quorum",
            Self::Tree => "tree",
            Self::Entries => "entries",
            Self::Consistency => "consistency",
            Self::IndexProof => "index-proof",
            Self::IndexSignature => "index-signature",
            Self::IndexQuorum => "index-quorum",
            Self::IndexAudit => "index-audit",
            Self::IndexManifest => "index-manifest",
            Self::IndexConsistency => "index-consistency",
            Self::IndexFiles => "index-files",
            Self::IndexPositions => "index-positions",
            Self::Genesis => "genesis",
            Self::Coverage => "coverage",
            Self::Readable => "readable",
            Self::EventSignatures => "event-signatures",
            Self::KeyEvents => "key-events",
            Self::Registrations => "registrations",
            Self::Since => "since",
            Self::Superseded => "superseded",
            Self::Strays => "strays",
            Self::Freshness => "freshness",
            Self::FraudProof => "fraud-proof",
            Self::Fraud => "fraud",
            Self::IndexCheckpoint => "index-checkpoint",
            Self::IndexManifests => "index-manifests",
            Self::IndexRuns => "index-runs",
            Self::AuditState => "audit-state",
        }
    }
}

impl Serialize for CheckCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One value of an [`Evidence`] member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// A size, an index, a count or a time in seconds.
    Number(u64),
    /// A hash, a name or a path.
    Text(String),
    /// Several of one kind.
    List(Vec<Fact>),
    /// A group of named facts.
    Group(Evidence),
}

impl From<u64> for Fact {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}
impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}
impl From<Hash> for Fact {
    fn from(hash: Hash) -> Self {
        Self::Text(hash.to_string())
    }
}

/// What a check saw: named facts in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(Vec<(&'static str, Fact)>);

impl Evidence {
    /// No facts yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.0.push((name, fact.into()));
        self
    }

    /// The facts, in their order.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &Fact)> {
        self.0.iter().map(|(name, fact)| (*name, fact))
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, fact) in &self.0 {
            map.serialize_entry(name, fact)?;
        }
        map.end()
    }
}

/// One check of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which check.
    pub code: CheckCode,
    /// What it came to.
    pub outcome: Outcome,
    /// One plain sentence, lower case, no full stop.
    pub detail: String,
    /// What was seen, where there is something to show.
    pub evidence: Option<Evidence>,
    /// What an outcome other than *pass* means for the whole.
    #[serde(skip)]
    pub class: Class,
    /// Whether the verdict depends on it.
    #[serde(skip)]
    pub required: bool,
}

/// The checks of one verification, in the order in which they are decided. What is not reached stays *unknown*.
#[derive(Clone, Debug)]
pub(crate) struct Checks(Vec<Check>);

impl Checks {
    /// All checks that this verification will make; `true` marks those that the verdict needs.
    pub(crate) fn planned(codes: &[(CheckCode, bool)]) -> Self {
        let planned = |&(code, required)| Check {
            code,
            outcome: Outcome::Unknown,
            detail: "not reached".to_string(),
            evidence: None,
            class: Class::Undecided,
            required,
        };
        Self(codes.iter().map(planned).collect())
    }

    pub(crate) fn pass(
        &mut self,
        code: CheckCode,
        detail: impl Into<String>,
        evidence: Option<Evidence>,
    ) {
        self.settle(
            code,
            Outcome::Pass,
            Class::Verified,
            detail.into(),
            evidence,
        );
    }

    pub(crate) fn unknown(
        &mut self,
        code: CheckCode,
        detail: impl Into<String>,
        evidence: Option<Evidence>,
    ) {
        self.settle(
            code,
            Outcome::Unknown,
            Class::Undecided,
            detail.into(),
            evidence,
        );
    }

    pub(crate) fn fail(
        &mut self,
        code: CheckCode,
        class: Class,
        detail: impl Into<String>,
        evidence: Option<Evidence>,
    ) {
        self.settle(code, Outcome::Fail, class, detail.into(), evidence);
    }

    pub(crate) fn require(&mut self, code: CheckCode, required: bool) {
        if let Some(check) = self.find(code) {
            check.required = required;
        }
    }

    pub(crate) fn outcome(&self, code: CheckCode) -> Outcome {
        self.0
            .iter()
            .find(|check| check.code == code)
            .map_or(Outcome::Unknown, |check| check.outcome)
    }

    pub(crate) fn as_slice(&self) -> &[Check] {
        &self.0
    }

    fn find(&mut self, code: CheckCode) -> Option<&mut Check> {
        self.0.iter_mut().find(|check| check.code == code)
    }

    fn settle(
        &mut self,
        code: CheckCode,
        outcome: Outcome,
        class: Class,
        detail: String,
        evidence: Option<Evidence>,
    ) {
        if let Some(check) = self.find(code) {
            check.outcome = outcome;
            check.class = class;
            check.detail = detail;
            check.evidence = evidence;
        }
    }

    /// Whether coverage is among the checks.
    fn covers(&self) -> bool {
        self.0.iter().any(|check| check.code == CheckCode::Coverage)
    }

    /// A claim that rests on `codes`: false if one of those present is proven false, unknown if one is not decided.
    fn claim(&self, codes: &[CheckCode]) -> Outcome {
        let resting = || self.0.iter().filter(|check| codes.contains(&check.code));
        let proven_false = |check: &Check| {
            check.outcome == Outcome::Fail
                && matches!(check.class, Class::False | Class::Inconsistent)
        };
        if resting().any(proven_false) {
            Outcome::Fail
        } else if resting().all(|check| check.outcome == Outcome::Pass) {
            Outcome::Pass
        } else {
            Outcome::Unknown
        }
    }
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// `version`, `name`, `digest`, `actor`, `key`, `file`, `entry`, `proof`, `consistency`, `bundle`, `log` or `fraud`.
    pub kind: &'static str,
    /// The identifier that was looked up; empty where the kind says all.
    pub id: String,
}

/// The checkpoint that the verdict is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckpointSummary {
    /// The log's origin line.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root hash, base64.
    pub root: Hash,
}

impl CheckpointSummary {
    pub(crate) fn new(origin: &str, head: &TreeHead) -> Self {
        Self {
            origin: origin.to_string(),
            size: head.size,
            root: head.root,
        }
    }
}

/// Three claims that are never merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// What is shown is in the log.
    pub included: Outcome,
    /// Nothing about the query is missing up to the checkpoint.
    pub complete: Outcome,
    /// The checkpoint is recent and cosigned.
    pub fresh: Outcome,
}

/// Members that only some verifications have, in their order in the JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// Keys that were looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<Question>>,
    /// Events found, by position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<crate::report::event_view::EventView>>,
    /// Entries that could not be read as events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
    /// Files that were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<FileEvents>>,
    /// The entry that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<EntrySummary>,
    /// The older checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<CheckpointSummary>,
    /// Positions of the events that an older history does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Vec<u64>>,
    /// What an audit counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Who is accused of what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraud: Option<crate::verify::fraud::FraudSummary>,
}

/// One file and the positions of the events about its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileEvents {
    /// `sha256:` and hex.
    pub digest: String,
    /// Positions of its events.
    pub events: Vec<u64>,
}

/// Position and leaf hash of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntrySummary {
    /// Position in the log.
    pub index: u64,
    /// RFC 6962 leaf hash, base64.
    pub leaf_hash: Hash,
}

/// What an audit counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Entries read and hashed.
    pub entries: u64,
    /// Entries that are access events.
    pub access_events: u64,
    /// Entries that are key events.
    pub key_events: u64,
    /// Entries that are no event.
    pub unreadable: u64,
    /// Access and key events whose signature is by a key valid at their position.
    pub signed: u64,
    /// Tiles compared byte for byte.
    pub tiles: u64,
}

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of the format of reports, 1.
    pub schema_version: u8,
    /// What it came to.
    pub result: Verdict,
    /// The time against which freshness was judged, in seconds since the epoch.
    pub now: u64,
    /// What was asked.
    pub query: Question,
    /// The checkpoint that the verdict is about, once one was read.
    pub checkpoint: Option<CheckpointSummary>,
    /// The three claims.
    pub claims: Claims,
    /// Whether [`Claims::complete`] holds.
    pub complete: bool,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Members of the verb.
    #[serde(flatten)]
    pub members: Members,
    /// Why it is not verified.
    #[serde(skip)]
    class: Class,
}

/// What *included* rests on.
const INCLUDED: &[CheckCode] = &[
    CheckCode::Policy,
    CheckCode::Bundle,
    CheckCode::Proof,
    CheckCode::Files,
    CheckCode::Checkpoint,
    CheckCode::LogSignature,
    CheckCode::Quorum,
    CheckCode::Tree,
    CheckCode::Entries,
    CheckCode::Consistency,
];

/// What *complete* rests on besides.
const COMPLETE: &[CheckCode] = &[
    CheckCode::IndexProof,
    CheckCode::IndexSignature,
    CheckCode::IndexQuorum,
    CheckCode::IndexAudit,
    CheckCode::IndexManifest,
    CheckCode::IndexConsistency,
    CheckCode::IndexFiles,
    CheckCode::IndexPositions,
    CheckCode::Coverage,
];

impl Report {
    /// Draws the verdict from the checks. `evidence` says whether there was anything to verify at all.
    pub(crate) fn conclude(
        now: u64,
        query: Question,
        checkpoint: Option<CheckpointSummary>,
        checks: Checks,
        members: Members,
        evidence: bool,
    ) -> Self {
        let included = checks.claim(INCLUDED);
        // Where nothing says that anything was covered, nothing is complete; a false index is no matter of inclusion.
        let complete = match (checks.covers(), included, checks.claim(COMPLETE)) {
            (true, _, Outcome::Fail) => Outcome::Fail,
            (true, Outcome::Pass, complete) => complete,
            _ => Outcome::Unknown,
        };
        // An accusation of an index's builder says nothing about events.
        let is_about_events = members.fraud.is_none() && query.kind != "fraud";
        let claims = Claims {
            included: if !is_about_events {
                Outcome::Unknown
            } else if evidence || included == Outcome::Fail {
                included
            } else {
                Outcome::Unknown
            },
            complete,
            fresh: checks.outcome(CheckCode::Freshness),
        };
        let worst = checks
            .0
            .iter()
            .filter(|check| check.required && check.outcome != Outcome::Pass);
        let class = worst.map(|check| check.class).min().unwrap_or(if evidence {
            Class::Verified
        } else {
            Class::Nothing
        });
        let result = match class {
            Class::Verified => Verdict::Verified,
            Class::Undecided | Class::Nothing => Verdict::Unknown,
            Class::Malformed | Class::Unfinished | Class::Inconsistent | Class::False => {
                Verdict::Failed
            }
        };
        Self {
            schema_version: SCHEMA_VERSION,
            result,
            now,
            query,
            checkpoint,
            claims,
            complete: complete == Outcome::Pass,
            checks: checks.0,
            members,
            class,
        }
    }

    /// The report of an offline bundle that breaks its format: nothing in it was verified.
    pub(crate) fn malformed_bundle(now: u64, detail: String) -> Self {
        let mut checks = Checks::planned(&[(CheckCode::Bundle, true)]);
        checks.fail(CheckCode::Bundle, Class::Malformed, detail, None);
        let query = Question {
            kind: "bundle",
            id: String::new(),
        };
        let members = Members {
            keys: Some(Vec::new()),
            events: Some(Vec::new()),
            unreadable: Some(0),
            ..Members::default()
        };
        Self::conclude(now, query, None, checks, members, false)
    }

    /// Why it is not verified, or [`Class::Verified`].
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Compact JSON, members in declared order, no final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only maps with keys that are no strings can fail, and there are none.
        serde_json::to_string(self).unwrap_or_default()
    }
}
