//! Checks: the steps of a verification, each with its outcome (`docs/formats/report.md`, "Checks").

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use crate::report::evidence::Evidence;
use crate::report::words::NOT_REACHED;

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

/// Why a report is not *verified*, in the order in which causes take precedence (`docs/cli.md`, exit codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Input breaks its format.
    Malformed,
    /// A needed file is missing, so the verification could not finish.
    Unfinished,
    /// Two heads signed by one log cannot both be true.
    Inconsistent,
    /// Something is proven false.
    False,
    /// Not decided on the given trust.
    Undecided,
    /// There was nothing to verify.
    Nothing,
    /// Verified.
    Verified,
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

/// One check of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which check.
    pub code: CheckCode,
    /// What it came to.
    pub outcome: Outcome,
    /// Whether the verdict depends on it.
    pub required: bool,
    /// One plain sentence, lower case, no full stop.
    pub detail: String,
    /// What was seen, where there is something to show.
    pub evidence: Option<Evidence>,
    /// What an outcome other than *pass* means for the whole.
    #[serde(skip)]
    pub class: Class,
}

impl Check {
    /// Returns `true` if the verification came to this check.
    fn is_reached(&self) -> bool {
        self.outcome != Outcome::Unknown || self.detail != NOT_REACHED
    }
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
            required,
            detail: NOT_REACHED.to_string(),
            evidence: None,
            class: Class::Undecided,
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

    pub(crate) fn into_vec(self) -> Vec<Check> {
        self.0
    }

    /// The check that decides the verdict: of the required checks that did not pass, the first of the class that takes
    /// precedence. A check that was not reached decides only if no other of its class does.
    pub(crate) fn deciding(&self) -> Option<&Check> {
        self.0
            .iter()
            .filter(|check| check.required && check.outcome != Outcome::Pass)
            .min_by_key(|check| (check.class, !check.is_reached()))
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

    /// Returns `true` if coverage is among the checks.
    pub(crate) fn covers(&self) -> bool {
        self.0.iter().any(|check| check.code == CheckCode::Coverage)
    }

    /// A claim that rests on `codes`: false if one of those present is proven false, unknown if one is not decided.
    pub(crate) fn claim(&self, codes: &[CheckCode]) -> Outcome {
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
