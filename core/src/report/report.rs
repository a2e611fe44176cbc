//! The outcome of a verification: claims, the checks behind them and their evidence (`docs/formats/report.md`).
//!
//! A report is a value: the command line, the browser and CI show it and decide nothing. It holds nothing that depends
//! on where or how the verification ran, so equal inputs and an equal `now` give equal bytes everywhere.

mod headline;

use alloc::string::String;
#[cfg(test)]
use alloc::string::ToString; // for the derived TypeScript type
use alloc::vec::Vec;

use serde::Serialize;

use crate::merkle::hash::Hash;
use crate::report::check::{Check, CheckCode, Checks, Class, CompleteBy, Outcome};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::event_view::EventView;
use crate::report::fraud_view::FraudSummary;
use crate::report::inconsistency_view::InconsistencySummary;

/// Version of the report's shape, the first member of its JSON.
pub(crate) const SCHEMA_VERSION: u8 = 1;

/// The result of a whole verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every required check passed, and at least one thing was checked.
    Verified,
    /// A required check failed.
    Failed,
    /// Nothing failed, but a required check is not decided or there was nothing to verify.
    Unknown,
}

/// The question of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct Question {
    /// `version`, `name`, `digest`, `actor`, `key`, `file`, `folder`, `entry`, `proof`, `consistency`, `bundle`, `log` or `fraud`.
    pub kind: &'static str,
    /// The identifier that was looked up; empty if the kind says all.
    pub id: String,
    /// True if only this key was looked up and no registration was followed. Only in the question of a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<bool>,
    /// True if routine accesses were left out. Only in the question of a history of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<bool>,
    /// Events that came before this time were left out, in seconds since the epoch. Only in the question of a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Events that came after this time were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

impl Question {
    pub(crate) fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            exact: None,
            state: None,
            from: None,
            to: None,
        }
    }
}

/// Three claims that are never merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Claims {
    /// Everything shown is in the log.
    pub included: Outcome,
    /// No event about the query is missing up to the checkpoint.
    pub complete: Outcome,
    /// The checkpoint is recent and cosigned.
    pub fresh: Outcome,
}

/// Members that only some verifications have, in their order in the JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, ts(optional_fields))]
pub struct Members {
    /// Keys that were looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<Question>>,
    /// The versions that the artifact is registered as, by position of their registrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<VersionSummary>>,
    /// Events found, by position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventView>>,
    /// Entries that could not be read as events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
    /// Entries of the answer that should not be in the log, and that the admins acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Vec<AcknowledgedEntry>>,
    /// Files that were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<FileEvents>>,
    /// The folder that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderView>,
    /// The entry that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<EntrySummary>,
    /// The older checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<CheckpointSummary>,
    /// Positions of the events that an older history does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Vec<u64>>,
    /// Positions of the events that counted in the older history, and count for nothing now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Vec<u64>>,
    /// Counts of an audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The accusation of a fraud proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraud: Option<FraudSummary>,
    /// The accusation of an inconsistency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inconsistency: Option<InconsistencySummary>,
}

/// A version and the registration that binds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VersionSummary {
    /// Name and version.
    pub name: String,
    /// Position of the registration.
    pub index: u64,
    /// The actor that registered it.
    pub actor: String,
}

/// One file, and the events about its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FileEvents {
    /// `sha256:` and hex.
    pub digest: String,
    /// Positions of all its events, also of those that were denied or failed.
    pub events: Vec<u64>,
    /// The names and versions that are bound to this content, by position.
    pub registered_as: Vec<RegisteredAs>,
    /// Positions of the other events that are evidence for the file.
    pub mentioned_by: Vec<u64>,
}

/// A folder, and how it differs from a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FolderView {
    /// `sha256:` and hex.
    pub digest: String,
    /// Number of its files.
    pub files: u64,
    /// Bytes of all its files.
    pub size: u64,
    /// The registration that it is compared with.
    pub compared_with: Option<RegisteredAs>,
    /// The extent of the registration's list of files.
    #[cfg_attr(test, ts(type = r#""all" | "some" | "none" | null"#))]
    pub listed: Option<&'static str>,
    /// Paths of the files with other contents.
    pub changed: Vec<String>,
    /// Paths of the registered files that it does not have.
    pub missing: Vec<String>,
    /// Paths of the files that are not registered.
    pub extra: Vec<String>,
}

/// A name and version that is bound to a content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RegisteredAs {
    /// The name and version.
    pub name: String,
    /// The actor who registered it.
    pub actor: String,
    /// Position of the registration that binds it.
    pub index: u64,
    /// The path of the file, if the version is a folder that has this file.
    pub path: Option<String>,
}

/// Position and leaf hash of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntrySummary {
    /// Position in the log.
    pub index: u64,
    /// RFC 6962 leaf hash, base64.
    pub leaf_hash: Hash,
}

/// An entry that should not be in the log, and that the admins acknowledged: it decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AcknowledgedEntry {
    /// Position in the log.
    pub index: u64,
    /// RFC 6962 leaf hash, base64.
    pub leaf_hash: Hash,
    /// Index of the acknowledgement.
    pub acknowledged_at: u64,
    /// Its reason.
    pub reason: String,
}

/// Counts of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Entries read and hashed.
    pub entries: u64,
    /// Entries that are access events.
    pub access_events: u64,
    /// Entries that are key events.
    pub key_events: u64,
    /// Entries that are not events.
    pub unreadable: u64,
    /// Access and key events whose signature is by a key valid at their position.
    pub signed: u64,
    /// Tiles compared byte for byte.
    pub tiles: u64,
}

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of the format of reports, 1.
    #[cfg_attr(test, ts(type = "1"))]
    pub schema_version: u8,
    /// The result.
    pub result: Verdict,
    /// The reason for the result.
    class: Class,
    /// The exit code of the command line, which follows from the class.
    exit_code: u8,
    /// The code of the required check that decided against *verified*. Empty if every required check passed: the report is
    /// *verified*, or there was nothing to verify.
    pub cause: Option<CheckCode>,
    /// The verdict in one sentence for people: lower case, no full stop, names in backticks.
    pub headline: String,
    /// The time against which freshness was judged, in seconds since the epoch.
    pub now: u64,
    /// The question.
    pub query: Question,
    /// The checkpoint that the verdict is about, once one was read.
    pub checkpoint: Option<CheckpointSummary>,
    /// The three claims.
    pub claims: Claims,
    /// True if the claim *complete* passed.
    pub complete: bool,
    /// The grounds on which it passed; empty if it did not.
    pub complete_by: Option<CompleteBy>,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Members of the verb.
    #[serde(flatten)]
    pub members: Members,
}

/// Checks on which *included* rests.
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

/// Further checks on which *complete* rests.
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
    /// Draws the verdict from the checks. `evidence` is false if there was nothing to verify.
    pub(crate) fn conclude(
        now: u64,
        query: Question,
        checkpoint: Option<CheckpointSummary>,
        checks: Checks,
        members: Members,
        evidence: bool,
    ) -> Self {
        let included = checks.claim(INCLUDED);
        // Without coverage nothing is complete; a false index does not affect inclusion.
        let complete = match (checks.covers(), included, checks.claim(COMPLETE)) {
            (true, _, Outcome::Fail) => Outcome::Fail,
            (true, Outcome::Pass, complete) => complete,
            _ => Outcome::Unknown,
        };
        // An accusation of a signer says nothing about events.
        let is_about_events = !matches!(query.kind, "fraud" | "inconsistency");
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
        let nothing_else = if evidence {
            Class::Verified
        } else {
            Class::Nothing
        };
        let (cause, class) = match checks.deciding() {
            Some(check) => (Some(check.code), check.class),
            None => (None, nothing_else),
        };
        let result = match class {
            Class::Verified => Verdict::Verified,
            Class::Undecided | Class::Nothing => Verdict::Unknown,
            Class::MalformedInput
            | Class::Inconsistent
            | Class::False
            | Class::MalformedLog
            | Class::Unfinished
            | Class::Held => Verdict::Failed,
        };
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            result,
            class,
            exit_code: class.exit_code(),
            cause,
            headline: String::new(),
            now,
            query,
            checkpoint,
            claims,
            complete: complete == Outcome::Pass,
            complete_by: checks.complete_by().filter(|_| complete == Outcome::Pass),
            checks: checks.into_vec(),
            members,
        };
        report.headline = headline::headline(&report);
        report
    }

    /// The report of an offline bundle that breaks its format: nothing in it was verified.
    pub(crate) fn malformed_bundle(now: u64, code: &str, detail: String) -> Self {
        let mut checks = Checks::planned(&[(CheckCode::Bundle, true)]);
        checks.malformed(CheckCode::Bundle, Class::MalformedInput, code, detail);
        let query = Question::new("bundle", "");
        let members = Members {
            keys: Some(Vec::new()),
            events: Some(Vec::new()),
            unreadable: Some(0),
            ..Members::default()
        };
        Self::conclude(now, query, None, checks, members, false)
    }

    /// The check that [`cause`](Self::cause) names.
    #[must_use]
    pub fn deciding_check(&self) -> Option<&Check> {
        let cause = self.cause?;
        self.checks.iter().find(|check| check.code == cause)
    }

    /// The reason for the result.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Compact JSON, members in declared order, no final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only a map with keys other than strings can fail, and the report has none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &[(CheckCode, bool)] = &[
        (CheckCode::Policy, true),
        (CheckCode::Files, true),
        (CheckCode::LogSignature, true),
        (CheckCode::Tree, true),
        (CheckCode::Strays, false),
        (CheckCode::Coverage, true),
    ];

    fn concluded(evidence: bool, decide: impl Fn(&mut Checks)) -> Report {
        let mut checks = Checks::planned(PLAN);
        decide(&mut checks);
        let query = Question::new("log", "");
        Report::conclude(0, query, None, checks, Members::default(), evidence)
    }

    fn pass_required(checks: &mut Checks) {
        for (code, _) in PLAN.iter().filter(|(_, required)| *required) {
            checks.pass(*code, "", None);
        }
    }

    #[test]
    fn the_cause_is_the_first_required_check_of_the_class_that_takes_precedence() {
        let report = concluded(true, |checks| {
            pass_required(checks);
            checks.fail(CheckCode::Tree, Class::False, "", None);
            checks.fail(CheckCode::Coverage, Class::False, "", None);
            checks.unknown(CheckCode::LogSignature, "", None);
        });
        assert_eq!(report.cause, Some(CheckCode::Tree));
        assert_eq!(report.class(), Class::False);
        let report = concluded(true, |checks| {
            pass_required(checks);
            checks.fail(CheckCode::LogSignature, Class::MalformedLog, "", None);
            checks.fail(CheckCode::Coverage, Class::False, "", None);
        });
        assert_eq!(report.cause, Some(CheckCode::Coverage));
        assert_eq!(report.class(), Class::False);
    }

    /// The order of `docs/formats/codes.md`, "Exit codes".
    const ORDER: [Class; 8] = [
        Class::MalformedInput,
        Class::Inconsistent,
        Class::False,
        Class::MalformedLog,
        Class::Unfinished,
        Class::Undecided,
        Class::Nothing,
        Class::Verified,
    ];

    /// Records an outcome of this class.
    fn record(checks: &mut Checks, code: CheckCode, class: Class) {
        match class {
            Class::Verified | Class::Nothing => checks.pass(code, "", None),
            Class::Undecided => checks.unknown(code, "", None),
            class => checks.fail(code, class, "", None),
        }
    }

    #[test]
    fn of_each_pair_of_classes_the_first_decides() {
        for (at, first) in ORDER.into_iter().enumerate() {
            for second in ORDER.into_iter().skip(at) {
                for (one, other) in [(first, second), (second, first)] {
                    // Without evidence the class of a report without a cause is *nothing*.
                    let evidence = ![one, other].contains(&Class::Nothing);
                    let report = concluded(evidence, |checks| {
                        pass_required(checks);
                        record(checks, CheckCode::Files, one);
                        record(checks, CheckCode::Tree, other);
                    });
                    assert_eq!(report.class(), first, "{one:?} and {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_check_that_failed_stays_failed() {
        for (at, first) in ORDER.into_iter().enumerate() {
            for second in ORDER.into_iter().skip(at) {
                let mut orders = Vec::from([(first, second)]);
                // Before a failure, an outcome may be replaced by any other.
                if second < Class::Undecided {
                    orders.push((second, first));
                }
                for (one, other) in orders.into_iter().filter(|_| first < Class::Undecided) {
                    let report = concluded(true, |checks| {
                        pass_required(checks);
                        record(checks, CheckCode::Tree, one);
                        record(checks, CheckCode::Tree, other);
                    });
                    assert_eq!(report.class(), first, "{one:?} and then {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_check_that_was_not_reached_is_no_cause_beside_one_that_was() {
        let report = concluded(true, |checks| {
            checks.pass(CheckCode::Policy, "", None);
            checks.unknown(CheckCode::LogSignature, "", None);
        });
        assert_eq!(report.cause, Some(CheckCode::LogSignature));
        assert_eq!(report.class(), Class::Undecided);
        let report = concluded(true, |checks| checks.pass(CheckCode::Policy, "", None));
        assert_eq!(report.cause, Some(CheckCode::Files));
    }

    #[test]
    fn without_a_required_check_that_did_not_pass_there_is_no_cause() {
        let strays = |checks: &mut Checks| {
            pass_required(checks);
            checks.fail(CheckCode::Strays, Class::False, "", None);
        };
        for (evidence, class) in [(true, Class::Verified), (false, Class::Nothing)] {
            let report = concluded(evidence, strays);
            assert_eq!((report.cause, report.class()), (None, class));
            assert_eq!(report.deciding_check(), None);
        }
    }
}
