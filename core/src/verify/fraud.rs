//! Verification of a fraud proof, with no file of the log (`docs/formats/index.md`, "Fraud proofs").
//!
//! The accuser claims that *the signer of this index signed something false*: a proof that holds is
//! *verified*, one that shows nothing is *false*.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::index::format::manifest::Manifest;
use crate::index::format::run_head::BucketName;
use crate::index::fraud::fraud::{Accusation, Fraud};
use crate::index::fraud::fraud_verify::FraudError;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::evidence::Evidence;
use crate::report::fraud_view::FraudSummary;
use crate::report::report::{Members, Question, Report};
use crate::report::words;
use crate::trust::policy::LogVerdict;
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::checkpoint_checks;
use crate::verify::options::Options;

/// Verifies a fraud proof against the index that `policy` names.
#[must_use]
pub fn verify_fraud(fraud: &[u8], policy: &[u8], options: Options) -> Report {
    let mut checks = Checks::planned(&[
        (CheckCode::Policy, true),
        (CheckCode::FraudProof, true),
        (CheckCode::IndexSignature, true),
        (CheckCode::Fraud, true),
    ]);
    let mut members = Members::default();
    let checkpoint = judge(&mut checks, &mut members, fraud, policy, options.now);
    let fraud = members.fraud.as_ref();
    let kind = fraud.map_or_else(String::new, |fraud| fraud.kind.to_string());
    let query = Question::new("fraud", kind);
    Report::conclude(options.now, query, checkpoint, checks, members, true)
}

fn judge(
    checks: &mut Checks,
    members: &mut Members,
    fraud: &[u8],
    policy: &[u8],
    now: u64,
) -> Option<CheckpointSummary> {
    let policy = checkpoint_checks::read_policy(checks, policy)?;
    let fraud = match Fraud::parse(fraud) {
        Ok(fraud) => fraud,
        Err(error) => {
            let detail = error.to_string();
            let code = CheckCode::FraudProof;
            checks.malformed(code, Class::MalformedInput, error.code(), detail);
            return None;
        }
    };
    checks.pass(
        CheckCode::FraudProof,
        "the fraud proof is well formed",
        None,
    );
    let checkpoint = fraud.index_proof().checkpoint();
    let summary = CheckpointSummary::new(checkpoint.origin().as_str(), &checkpoint.head());
    members.fraud = Some(summarise(&fraud, &policy, now));
    if judge_signature(checks, &fraud, &policy) {
        judge_accusation(checks, &fraud, &policy, now);
    }
    Some(summary)
}

/// Returns true if the accused signed.
fn judge_signature(checks: &mut Checks, fraud: &Fraud, policy: &TrustPolicy) -> bool {
    let code = CheckCode::IndexSignature;
    let checkpoint = fraud.index_proof().checkpoint();
    let origin = checkpoint.origin().as_str();
    let Some(index) = policy.index() else {
        let detail = FraudError::NoIndexPolicy.to_string();
        checks.unknown(code, detail, None);
        return false;
    };
    match index.judge_signature(checkpoint) {
        LogVerdict::Signed(key) => {
            let evidence = Evidence::new().with("key", key.to_string());
            checks.pass(code, words::signed_by_index(origin), Some(evidence));
            true
        }
        LogVerdict::BadSignature => {
            let detail = words::wrong_signature(origin);
            checks.fail(code, Class::False, detail, None);
            false
        }
        _ => {
            let detail =
                format!("the trust policy names no key of an index `{origin}` that signed");
            checks.unknown(code, detail, None);
            false
        }
    }
}

fn judge_accusation(checks: &mut Checks, fraud: &Fraud, policy: &TrustPolicy, now: u64) {
    let code = CheckCode::Fraud;
    match fraud.verify(policy, now) {
        Ok(guilt) => {
            let evidence = Evidence::new()
                .with("kind", guilt.kind)
                .with("manifest", guilt.manifest)
                .with("audited", if guilt.is_audited { "yes" } else { "no" });
            checks.pass(code, guilt.detail, Some(evidence));
        }
        Err(error) => {
            let evidence = Some(Evidence::new().with("error", error.code()));
            let detail = format!("the fraud proof shows nothing false: {error}");
            match error {
                // Another version may know what this one does not.
                FraudError::Manifest(error) if error.is_unknown() => {
                    checks.unknown(code, detail, evidence);
                }
                _ => checks.fail(code, Class::False, detail, evidence),
            }
        }
    }
}

fn summarise(fraud: &Fraud, policy: &TrustPolicy, now: u64) -> FraudSummary {
    let checkpoint = fraud.index_proof().checkpoint();
    let manifest = Manifest::parse(fraud.manifest()).ok();
    let (bucket, entry) = match fraud.accusation() {
        Accusation::BadManifest => (None, None),
        Accusation::MalformedBucket(bucket) => (Some(bucket), None),
        Accusation::Omission(bucket, entry) | Accusation::Insertion(bucket, entry) => {
            (Some(bucket), Some(entry))
        }
    };
    let verdict = policy.audit().map(|audit| audit.judge(checkpoint, now));
    let auditors = verdict.filter(crate::trust::policy::Verdict::accepts);
    let auditors = auditors.map_or_else(Vec::new, |verdict| {
        let counted = verdict.witnesses.into_iter();
        counted
            .filter(|auditor| auditor.outcome.counts())
            .map(|auditor| auditor.name)
            .collect()
    });
    FraudSummary {
        kind: fraud.accusation().kind(),
        index: checkpoint.origin().to_string(),
        log: manifest.map(|manifest| manifest.checkpoint().origin().to_string()),
        manifest: fraud.index_proof().index(),
        run: bucket.and_then(|bucket| u64::try_from(bucket.run).ok()),
        bucket: bucket.map(|bucket| match bucket.name {
            BucketName::Number(number) => number.to_string(),
            BucketName::Reserved => "reserved".to_string(),
        }),
        key: bucket.and_then(|bucket| bucket.key),
        position: entry.map(|entry| entry.position),
        auditors,
    }
}
