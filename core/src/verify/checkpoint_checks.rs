//! The first step of every verification: is this checkpoint one that the trust policy accepts, and how recent is it?

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::note::checkpoint::Checkpoint;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::evidence::{Evidence, Fact};
use crate::report::words::{self, entries};
use crate::text::escape::excerpt;
use crate::trust::policy::{LogVerdict, QuorumVerdict, Verdict, WitnessOutcome};
use crate::trust::trust_policy::{TrustPolicy, VerifiedCheckpoint};
use crate::verify::options::Options;

/// Reads the trust policy, and records whether it could be read.
pub(crate) fn read_policy(checks: &mut Checks, policy: &[u8]) -> Option<TrustPolicy> {
    match TrustPolicy::parse(policy) {
        Ok(policy) => {
            checks.pass(CheckCode::Policy, "the trust policy is well formed", None);
            Some(policy)
        }
        Err(error) => {
            let detail = error.to_string();
            checks.malformed(
                CheckCode::Policy,
                Class::MalformedInput,
                error.code(),
                detail,
            );
            None
        }
    }
}

/// Reads a checkpoint and judges it by the policy. Without a verified checkpoint nothing else can be decided. `malformed` is
/// the class of a checkpoint that breaks the format: it is the log's, or the reader handed it over.
pub(crate) fn judge(
    checks: &mut Checks,
    policy: &TrustPolicy,
    bytes: &[u8],
    malformed: Class,
    options: &Options,
) -> (Option<CheckpointSummary>, Option<VerifiedCheckpoint>) {
    let checkpoint = match Checkpoint::parse(bytes) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let detail = error.to_string();
            checks.malformed(CheckCode::Checkpoint, malformed, error.code(), detail);
            return (None, None);
        }
    };
    let (summary, verified) = judge_parsed(checks, policy, &checkpoint, options);
    (Some(summary), verified)
}

/// Judges a checkpoint by the policy.
pub(crate) fn judge_parsed(
    checks: &mut Checks,
    policy: &TrustPolicy,
    checkpoint: &Checkpoint,
    options: &Options,
) -> (CheckpointSummary, Option<VerifiedCheckpoint>) {
    let summary = CheckpointSummary::new(checkpoint.origin().as_str(), &checkpoint.head());
    checks.pass(
        CheckCode::Checkpoint,
        format!(
            "the checkpoint is well formed and claims {}",
            entries(summary.size)
        ),
        None,
    );
    let (verdict, verified) = policy.verify_log(checkpoint, options.now);
    log_signature(checks, CheckCode::LogSignature, &verdict, &summary.origin);
    // A quorum over a head that the log did not sign says nothing about this log.
    if verdict.log.is_signed() {
        quorum(checks, CheckCode::Quorum, &verdict);
    }
    let max_age = policy.max_age(&summary.origin);
    if max_age.is_some() {
        checks.require(CheckCode::Freshness, true);
    }
    if policy.last(&summary.origin).is_some() && verified.is_some() {
        let detail = "the trust policy says that the log ended with this checkpoint";
        checks.pass(CheckCode::Freshness, detail, None);
    } else if matches!(verdict.log, LogVerdict::Signed(_)) {
        let limits = [max_age, options.max_checkpoint_age].into_iter().flatten();
        freshness(
            checks,
            &verdict,
            verified.as_ref(),
            options.now,
            limits.min(),
        );
    }
    (summary, verified)
}

/// Says that a needed file is missing: a failure, never "nothing happened".
pub(crate) fn missing(checks: &mut Checks, path: &str) {
    let evidence = Evidence::new().with("path", path);
    let detail = words::missing(path);
    checks.fail(CheckCode::Files, Class::Unfinished, detail, Some(evidence));
}

/// Records who signed a checkpoint: the log, or its index.
pub(crate) fn log_signature(checks: &mut Checks, code: CheckCode, verdict: &Verdict, origin: &str) {
    let log = match code {
        CheckCode::LogSignature => "log",
        _ => "index",
    };
    match &verdict.log {
        LogVerdict::Signed(key) => {
            let evidence = Evidence::new().with("key", key.to_string());
            checks.pass(
                code,
                format!("signed by the {log} `{origin}`"),
                Some(evidence),
            );
        }
        LogVerdict::UnknownOrigin => {
            checks.unknown(
                code,
                format!("the trust policy names no {log} `{origin}`"),
                None,
            );
        }
        LogVerdict::UnknownKey => {
            checks.unknown(
                code,
                format!("no key of `{origin}` in the trust policy signed this checkpoint"),
                None,
            );
        }
        LogVerdict::Invalid(key, reason) => {
            let evidence = Evidence::new().with("key", key.to_string());
            let detail = format!("signed by a key of the {log} `{origin}`, but {reason}");
            checks.unknown(code, detail, Some(evidence));
        }
        LogVerdict::OtherLast => {
            let detail = format!(
                "the {log} `{origin}` signed another tree than that with which it ended, as the trust policy says"
            );
            checks.fail(code, Class::False, detail, None);
        }
        LogVerdict::BadSignature => {
            checks.fail(code, Class::False, words::wrong_signature(origin), None);
        }
    }
}

/// Records who cosigned a checkpoint: the witnesses of the log or of its index, or the auditors of the index.
pub(crate) fn quorum(checks: &mut Checks, code: CheckCode, verdict: &Verdict) {
    let (witness, signature, signed) = match code {
        CheckCode::IndexAudit => ("auditor", "audit statement", "vouched for it"),
        _ => ("witness", "cosignature", "cosigned"),
    };
    let counted = verdict
        .witnesses
        .iter()
        .filter(|witness| witness.outcome.counts())
        .count();
    let total = verdict.witnesses.len();
    let all = match (code, total) {
        (CheckCode::IndexAudit, 1) => "1 auditor".to_string(),
        (CheckCode::IndexAudit, _) => format!("{total} auditors"),
        _ => format!("{total} witnesses"),
    };
    let unsupported = match verdict.unsupported() {
        0 => String::new(),
        1 => "; this version cannot verify the key of 1".to_string(),
        many => format!("; this version cannot verify the keys of {many}"),
    };
    let bad: Vec<&str> = verdict
        .witnesses
        .iter()
        .filter(|witness| matches!(witness.outcome, WitnessOutcome::BadSignature))
        .map(|witness| witness.name.as_str())
        .collect();
    let evidence = (total > 0).then(|| Evidence::new().with("witnesses", witnesses(verdict)));
    if !bad.is_empty() {
        let names = bad.join("`, `");
        return checks.fail(
            code,
            Class::False,
            format!("the {signature} by {witness} `{names}` is wrong"),
            evidence,
        );
    }
    match &verdict.quorum {
        QuorumVerdict::NotRequired => {
            checks.pass(
                code,
                format!("the trust policy asks for no {witness}{unsupported}"),
                evidence,
            );
        }
        QuorumVerdict::Met => {
            checks.pass(
                code,
                format!("{counted} of {all} {signed}, as the quorum asks{unsupported}"),
                evidence,
            );
        }
        QuorumVerdict::NotMet => {
            checks.unknown(
                code,
                format!("{counted} of {all} {signed}, too few for the quorum{unsupported}"),
                evidence,
            );
        }
    }
}

fn witnesses(verdict: &Verdict) -> Fact {
    let fact = |witness: &crate::trust::policy::WitnessVerdict| {
        let evidence = Evidence::new().with("name", witness.name.as_str());
        let evidence = match witness.outcome {
            WitnessOutcome::Counted { time } => {
                evidence.with("outcome", "cosigned").with("time", time)
            }
            WitnessOutcome::Future { time } => evidence
                .with("outcome", "cosigned-ahead")
                .with("time", time),
            WitnessOutcome::Absent => evidence.with("outcome", "absent"),
            WitnessOutcome::BadSignature => evidence.with("outcome", "wrong"),
            WitnessOutcome::OtherHead => evidence.with("outcome", "other-head"),
            WitnessOutcome::Unsupported => evidence.with("outcome", "unsupported"),
            WitnessOutcome::OutsideWindow { time } => evidence
                .with("outcome", "outside-window")
                .with("time", time),
        };
        Fact::Group(evidence)
    };
    Fact::List(verdict.witnesses.iter().map(fact).collect())
}

fn freshness(
    checks: &mut Checks,
    verdict: &Verdict,
    verified: Option<&VerifiedCheckpoint>,
    now: u64,
    limit: Option<u64>,
) {
    let code = CheckCode::Freshness;
    let Some(time) = verified.and(verdict.time) else {
        let detail = match (&verdict.quorum, latest_ahead(verdict)) {
            (QuorumVerdict::NotRequired, _) => {
                "the trust policy asks for no witness, so none vouches for the time".into()
            }
            (_, Some((witness, time))) => clock_behind(now, witness, time),
            (_, None) => "too few witnesses vouch for a time".to_string(),
        };
        return checks.unknown(code, detail, None);
    };
    let age = now.saturating_sub(time);
    let evidence = Evidence::new().with("time", time).with("age", age);
    match limit {
        None => {
            let detail = format!(
                "witnesses vouch for it as of {}; no limit was asked for",
                crate::text::time::format(time)
            );
            checks.unknown(code, detail, Some(evidence));
        }
        Some(limit) => {
            let evidence = Some(evidence.with("limit", limit));
            let as_of = crate::text::time::format(time);
            if age <= limit {
                checks.pass(
                    code,
                    format!("witnesses vouch for it as of {as_of}, within the limit"),
                    evidence,
                );
            } else {
                checks.unknown(
                    code,
                    format!(
                        "witnesses vouch for it as of {as_of}, longer ago than the limit: the clock reads {}",
                        crate::text::time::format(now)
                    ),
                    evidence,
                );
            }
        }
    }
}

/// The witness whose cosignature is furthest in the future, and its time.
fn latest_ahead(verdict: &Verdict) -> Option<(&str, u64)> {
    let ahead = verdict
        .witnesses
        .iter()
        .filter_map(|witness| match witness.outcome {
            WitnessOutcome::Future { time } => Some((witness.name.as_str(), time)),
            _ => None,
        });
    ahead.max_by_key(|(_, time)| *time)
}

/// Says how far the clock is behind that of a witness. Of the two, the reader's own is the one to look at first.
fn clock_behind(now: u64, witness: &str, time: u64) -> String {
    format!(
        "the clock reads {}, {} seconds before witness `{}` cosigned at {}: the clock, or the witness's, is wrong",
        crate::text::time::format(now),
        time.saturating_sub(now),
        excerpt(witness),
        crate::text::time::format(time)
    )
}
