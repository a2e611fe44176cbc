//! Checks: the steps of a verification, each with its outcome (`docs/formats/report.md`, "Checks").

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use crate::report::evidence::Evidence;
use crate::report::words::NOT_REACHED;

/// The outcome of one check, or of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Proven true.
    Pass,
    /// Proven false, malformed, or a needed file is missing.
    Fail,
    /// Not decided on the given trust and files.
    Unknown,
}

/// Grounds on which the claim *complete* passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CompleteBy {
    /// Every entry of the log was read.
    Scan,
    /// The index lists every event, as auditors of the policy vouch; entries after it were read.
    AuditedIndex,
    /// The index lists every event, by its own word, which the reader accepts; entries after it were read.
    Index,
}

/// The class of a verdict: the reason for it, in the order in which reasons take precedence (`docs/formats/codes.md`, "Exit
/// codes").
///
/// A proof of falsehood comes before a missing file, so that a host that withholds a file, or damages one, hides nothing that
/// was shown to be false. Input that the reader handed over comes first: without it there is no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The trust policy, bundle, proof or checkpoint that the reader handed over breaks its format.
    MalformedInput,
    /// Two heads signed by one log cannot both be true.
    Inconsistent,
    /// Something is proven false.
    False,
    /// A file of the log breaks its format.
    MalformedLog,
    /// A needed file is missing, so the verification could not finish.
    Unfinished,
    /// Not decided on the given trust.
    Undecided,
    /// Valid, but a hold says no.
    Held,
    /// There was nothing to verify.
    Nothing,
    /// Verified.
    Verified,
}

impl Class {
    /// Returns the exit code of the command line (`docs/formats/codes.md`, "Exit codes").
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Unfinished => 1,
            Self::False => 3,
            Self::Nothing => 4,
            Self::Undecided => 5,
            Self::Held => 6,
            Self::Inconsistent => 7,
            Self::MalformedInput | Self::MalformedLog => 8,
        }
    }
}

/// Declares the checks with their codes, which are stable across versions.
macro_rules! check_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Stable names of the checks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CheckCode {
            $($(#[$doc])* $name,)*
        }

        impl CheckCode {
            /// Every check.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The kebab-case code, stable across versions.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

check_codes! {
    /// The trust policy is well formed.
    Policy = "policy",
    /// The offline bundle is well formed.
    Bundle = "bundle",
    /// The offline bundle answers the reader's question.
    Question = "question",
    /// The `tlog-proof` is well formed.
    Proof = "proof",
    /// No needed file is missing.
    Files = "files",
    /// The checkpoint is well formed.
    Checkpoint = "checkpoint",
    /// A log key of the policy signed the checkpoint.
    LogSignature = "log-signature",
    /// The policy's quorum of witnesses cosigned the checkpoint.
    Quorum = "quorum",
    /// The hash tiles fold to the checkpoint's root.
    Tree = "tree",
    /// The entries hash to their places in the tree.
    Entries = "entries",
    /// The older checkpoint is a prefix of the newer one.
    Consistency = "consistency",
    /// The proof of the newest manifest, and the manifest in it, are well formed.
    IndexProof = "index-proof",
    /// An index key of the policy signed the checkpoint of the index.
    IndexSignature = "index-signature",
    /// The policy's quorum of witnesses cosigned the checkpoint of the index.
    IndexQuorum = "index-quorum",
    /// The policy's quorum of auditors cosigned the checkpoint of the index.
    IndexAudit = "index-audit",
    /// The manifest is in the index, of the key function asked for, and about this log.
    IndexManifest = "index-manifest",
    /// The checkpoint in the manifest and the log's are of one tree.
    IndexConsistency = "index-consistency",
    /// The files of the index are those that the manifest commits to.
    IndexFiles = "index-files",
    /// The entries found hold the keys they were found by, and no entry that was read is left out.
    IndexPositions = "index-positions",
    /// Entry 0 is the log's genesis, and the pinned one if the policy has a pin.
    Genesis = "genesis",
    /// No event about the query can be missing.
    Coverage = "coverage",
    /// Every entry is an event.
    Readable = "readable",
    /// Every event shown is signed by a key valid at its position.
    EventSignatures = "event-signatures",
    /// Key events took effect as their signers meant.
    KeyEvents = "key-events",
    /// No name and version was bound to two different contents.
    Registrations = "registrations",
    /// The keys that registrations link to the question were looked up.
    Links = "links",
    /// No event names a version with other contents than its registration; each file is such a version's content.
    Contents = "contents",
    /// No hold is in force on the files.
    Hold = "hold",
    /// An older history is the beginning of this one.
    Since = "since",
    /// Older files that are still present agree with the tree.
    Superseded = "superseded",
    /// The public tree contains no unexpected files.
    Strays = "strays",
    /// The checkpoint is recent, as vouched for by witnesses.
    Freshness = "freshness",
    /// The fraud proof is well formed.
    FraudProof = "fraud-proof",
    /// The index's key signed something false.
    Fraud = "fraud",
    /// The evidence of an inconsistency is well formed.
    InconsistencyEvidence = "inconsistency-evidence",
    /// The log's key signed two heads that cannot both be true.
    Inconsistency = "inconsistency",
    /// The index checkpoint is one that the policy accepts.
    IndexCheckpoint = "index-checkpoint",
    /// Every manifest is well formed and about this log.
    IndexManifests = "index-manifests",
    /// Every run of every manifest is the one that the log's entries give.
    IndexRuns = "index-runs",
    /// The state of an earlier audit is about this log.
    AuditState = "audit-state",
}

impl Serialize for CheckCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One check of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Check {
    /// The name of the check.
    pub code: CheckCode,
    /// The outcome.
    pub outcome: Outcome,
    /// True if the verdict depends on it.
    pub required: bool,
    /// One plain sentence, lower case, no full stop.
    pub detail: String,
    /// Facts that the check saw, if there is something to show.
    pub evidence: Option<Evidence>,
    /// The class of the outcome.
    #[serde(skip)]
    pub class: Class,
}

impl Check {
    /// Returns `true` if this check was reached.
    fn is_reached(&self) -> bool {
        self.outcome != Outcome::Unknown || self.detail != NOT_REACHED
    }
}

fn planned(&(code, required): &(CheckCode, bool)) -> Check {
    Check {
        code,
        outcome: Outcome::Unknown,
        required,
        detail: NOT_REACHED.to_string(),
        evidence: None,
        class: Class::Undecided,
    }
}

/// The checks of one verification, in the order in which they are decided. A check that is not reached stays *unknown*.
#[derive(Clone, Debug)]
pub(crate) struct Checks {
    list: Vec<Check>,
    /// The grounds of a coverage that passed.
    complete_by: Option<CompleteBy>,
}

impl Checks {
    /// All checks that this verification will make; `true` marks the required ones.
    pub(crate) fn planned(codes: &[(CheckCode, bool)]) -> Self {
        Self {
            list: codes.iter().map(planned).collect(),
            complete_by: None,
        }
    }

    /// Plans required checks, to be shown before `next`.
    pub(crate) fn plan_before(&mut self, next: CheckCode, codes: &[CheckCode]) {
        let at = self.list.iter().position(|check| check.code == next);
        let at = at.unwrap_or(self.list.len());
        let new = codes.iter().map(|code| planned(&(*code, true)));
        self.list.splice(at..at, new);
    }

    /// Takes checks out that are not made after all.
    pub(crate) fn remove(&mut self, codes: &[CheckCode]) {
        self.list.retain(|check| !codes.contains(&check.code));
    }

    /// Records that no event can be missing, and on which grounds.
    pub(crate) fn cover(&mut self, by: CompleteBy, detail: String, evidence: Evidence) {
        self.pass(CheckCode::Coverage, detail, Some(evidence));
        self.complete_by = Some(by);
    }

    /// The grounds of a coverage that was recorded.
    pub(crate) const fn complete_by(&self) -> Option<CompleteBy> {
        self.complete_by
    }

    pub(crate) fn pass(
        &mut self,
        code: CheckCode,
        detail: impl Into<String>,
        evidence: Option<Evidence>,
    ) {
        self.record(
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
        self.record(
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
        self.record(code, Outcome::Fail, class, detail.into(), evidence);
    }

    /// Records that bytes break their format; `error` is the code of the rule that they break.
    pub(crate) fn malformed(
        &mut self,
        code: CheckCode,
        class: Class,
        error: &str,
        detail: impl Into<String>,
    ) {
        let evidence = Evidence::new().with("error", error);
        self.fail(code, class, detail, Some(evidence));
    }

    pub(crate) fn require(&mut self, code: CheckCode, required: bool) {
        if let Some(check) = self.find(code) {
            check.required = required;
        }
    }

    /// Forgets what was recorded: the verification begins this step anew, on other files.
    pub(crate) fn reset(&mut self, code: CheckCode) {
        if let Some(check) = self.find(code) {
            check.outcome = Outcome::Unknown;
            check.class = Class::Undecided;
            check.detail = NOT_REACHED.to_string();
            check.evidence = None;
        }
    }

    pub(crate) fn outcome(&self, code: CheckCode) -> Outcome {
        self.list
            .iter()
            .find(|check| check.code == code)
            .map_or(Outcome::Unknown, |check| check.outcome)
    }

    pub(crate) fn as_slice(&self) -> &[Check] {
        &self.list
    }

    pub(crate) fn into_vec(self) -> Vec<Check> {
        self.list
    }

    /// The check that decides the verdict: of the required checks that did not pass, the first of the class that takes
    /// precedence. A check that was not reached decides only if no other of its class does.
    pub(crate) fn deciding(&self) -> Option<&Check> {
        self.list
            .iter()
            .filter(|check| check.required && check.outcome != Outcome::Pass)
            .min_by_key(|check| (check.class, !check.is_reached()))
    }

    fn find(&mut self, code: CheckCode) -> Option<&mut Check> {
        self.list.iter_mut().find(|check| check.code == code)
    }

    /// Records an outcome. A failed check stays failed: only a failure of the same class, or of one that takes precedence,
    /// replaces it.
    fn record(
        &mut self,
        code: CheckCode,
        outcome: Outcome,
        class: Class,
        detail: String,
        evidence: Option<Evidence>,
    ) {
        let stays = |check: &Check| check.outcome == Outcome::Fail && check.class < class;
        if let Some(check) = self.find(code)
            && !stays(check)
        {
            check.outcome = outcome;
            check.class = class;
            check.detail = detail;
            check.evidence = evidence;
        }
    }

    /// Returns `true` if coverage is among the checks.
    pub(crate) fn covers(&self) -> bool {
        self.list
            .iter()
            .any(|check| check.code == CheckCode::Coverage)
    }

    /// A claim that rests on `codes`: false if one of those present is proven false, unknown if one is not decided.
    pub(crate) fn claim(&self, codes: &[CheckCode]) -> Outcome {
        let resting = || self.list.iter().filter(|check| codes.contains(&check.code));
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
