//! Verification of the evidence of an inconsistency, with no file of the log (`docs/formats/inconsistency.md`).
//!
//! The accuser claims that *this log signed two heads that cannot both be true*: evidence that holds is *verified*, one
//! that shows nothing is *false*.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::merkle::tree::TreeHead;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::evidence::Evidence;
use crate::report::inconsistency_view::InconsistencySummary;
use crate::report::report::{Members, Question, Report};
use crate::report::words::{self, entries};
use crate::trust::policy::{LogVerdict, Policy};
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::checkpoint_checks;
use crate::verify::inconsistency::Inconsistency;
use crate::verify::options::Options;

/// Verifies evidence of an inconsistency against the log, or the log of an index, that `policy` names.
#[must_use]
pub fn verify_inconsistency(evidence: &[u8], policy: &[u8], options: Options) -> Report {
    let mut checks = Checks::planned(&[
        (CheckCode::Policy, true),
        (CheckCode::InconsistencyEvidence, true),
        (CheckCode::LogSignature, true),
        (CheckCode::Inconsistency, true),
    ]);
    let mut members = Members::default();
    let checkpoint = judge(&mut checks, &mut members, evidence, policy, options.now);
    let origin = checkpoint
        .as_ref()
        .map_or_else(String::new, |head| head.origin.clone());
    let query = Question::new("inconsistency", origin);
    Report::conclude(options.now, query, checkpoint, checks, members, true)
}

fn judge(
    checks: &mut Checks,
    members: &mut Members,
    evidence: &[u8],
    policy: &[u8],
    now: u64,
) -> Option<CheckpointSummary> {
    let policy = checkpoint_checks::read_policy(checks, policy)?;
    let code = CheckCode::InconsistencyEvidence;
    let found = match Inconsistency::parse(evidence) {
        Ok(found) => found,
        Err(error) => {
            let detail = error.to_string();
            checks.malformed(code, Class::MalformedInput, error.code(), detail);
            return None;
        }
    };
    checks.pass(code, "the evidence is well formed", None);
    let (section, role) = section(&policy, &found);
    let summary = summarise(&found, section, role, now);
    let checkpoint = summary.new.clone();
    members.inconsistency = Some(summary);
    if judge_signatures(checks, &found, section, role) {
        judge_heads(checks, &found);
    }
    Some(checkpoint)
}

/// The section of the policy that names the accused, and its role.
fn section<'a>(policy: &'a TrustPolicy, found: &Inconsistency) -> (&'a Policy, &'static str) {
    let index = policy.index().filter(|index| {
        let verdict = index.judge_signature(&found.new);
        verdict != LogVerdict::UnknownOrigin
    });
    match index {
        Some(index) => (index, "index"),
        None => (policy.log(), "log"),
    }
}

/// Returns true if the accused signed both heads.
fn judge_signatures(
    checks: &mut Checks,
    found: &Inconsistency,
    section: &Policy,
    role: &str,
) -> bool {
    let code = CheckCode::LogSignature;
    let mut evidence = Evidence::new();
    for (name, checkpoint) in [("old", &found.old), ("new", &found.new)] {
        let origin = checkpoint.origin().as_str();
        match section.judge_signature(checkpoint) {
            LogVerdict::Signed(key) => evidence = evidence.with(name, key.to_string()),
            LogVerdict::BadSignature => {
                checks.fail(code, Class::False, words::wrong_signature(origin), None);
                return false;
            }
            LogVerdict::Invalid(_, reason) => {
                let detail = format!("signed by a key of the {role} `{origin}`, but {reason}");
                checks.unknown(code, detail, None);
                return false;
            }
            LogVerdict::UnknownOrigin | LogVerdict::UnknownKey | LogVerdict::OtherLast => {
                let detail =
                    format!("the trust policy names no key of a {role} `{origin}` that signed");
                checks.unknown(code, detail, None);
                return false;
            }
        }
    }
    let origin = found.new.origin();
    let detail = format!("the {role} `{origin}` signed both heads");
    checks.pass(code, detail, Some(evidence));
    true
}

/// Judges if the heads contradict each other.
fn judge_heads(checks: &mut Checks, found: &Inconsistency) {
    let code = CheckCode::Inconsistency;
    let (old, new) = (found.old.head(), found.new.head());
    let prefix = TreeHead {
        size: old.size,
        root: found.root,
    };
    let (old_origin, new_origin) = (found.old.origin(), found.new.origin());
    let fault = if old_origin != new_origin {
        Some(words::two_logs(old_origin.as_str(), new_origin.as_str()))
    } else if found.root == old.root {
        Some("the newer head has the older one as its beginning".into())
    } else {
        let wrong = found.proof.verify(&prefix, &new).err();
        wrong.map(|error| format!("its proof does not lead to the newer head: {error}"))
    };
    let evidence = Evidence::new()
        .with("size", old.size)
        .with("claimed", old.root)
        .with("computed", found.root);
    match fault {
        None => {
            let first = entries(old.size);
            let detail = format!("their roots for the first {first} differ");
            checks.pass(code, detail, Some(evidence));
        }
        Some(fault) => {
            let detail = format!("the evidence shows no contradiction: {fault}");
            checks.fail(code, Class::False, detail, Some(evidence));
        }
    }
}

fn summarise(
    found: &Inconsistency,
    section: &Policy,
    role: &'static str,
    now: u64,
) -> InconsistencySummary {
    let head = |checkpoint: &crate::note::checkpoint::Checkpoint| {
        CheckpointSummary::new(checkpoint.origin().as_str(), &checkpoint.head())
    };
    let cosigned = |checkpoint| -> Vec<String> {
        let witnesses = section.judge(checkpoint, now).witnesses.into_iter();
        let counted = witnesses.filter(|witness| witness.outcome.counts());
        counted.map(|witness| witness.name).collect()
    };
    let (old, new) = (cosigned(&found.old), cosigned(&found.new));
    InconsistencySummary {
        role,
        old: head(&found.old),
        new: head(&found.new),
        prefix: found.root,
        witnesses: old.into_iter().filter(|name| new.contains(name)).collect(),
    }
}
