//! Verification of a `tlog-proof` with its entry, and no other file (tlog-proof, "Verifying a tlog proof").

use alloc::format;
use alloc::string::ToString;

use crate::event::dsse::Envelope;
use crate::merkle::hash::{Hash, leaf_hash};
use crate::note::tlog_proof::TlogProof;
use crate::report::check::{CheckCode, Checks, Class, Outcome};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::evidence::Evidence;
use crate::report::report::{EntrySummary, Members, Question, Report};
use crate::report::words::{PROOF_WELL_FORMED, entries};
use crate::verify::checkpoint_checks;
use crate::verify::options::{Options, Require};

/// Verifies that `entry` is in the log that `policy` trusts, by a `tlog-proof`.
///
/// One line feed after an envelope is not part of it: files that hold a single line of JSON end in one.
///
/// It shows inclusion only: whether the key that signed an event was valid at its position takes the log's history.
#[must_use]
pub fn verify_proof(proof: &[u8], entry: &[u8], policy: &[u8], options: Options) -> Report {
    let mut checks = Checks::planned(&[
        (CheckCode::Policy, true),
        (CheckCode::Proof, true),
        (CheckCode::Checkpoint, true),
        (CheckCode::LogSignature, true),
        (CheckCode::Quorum, true),
        (CheckCode::Entries, true),
        (
            CheckCode::Coverage,
            options.require == Some(Require::Complete),
        ),
        (CheckCode::EventSignatures, false),
        (CheckCode::Freshness, options.max_checkpoint_age.is_some()),
    ]);
    let leaf = leaf_hash(match entry.strip_suffix(b"\n") {
        Some(line) if Envelope::parse(line).is_ok() => line,
        _ => entry,
    });
    let mut members = Members::default();
    let checkpoint = judge_proof(&mut checks, &mut members, proof, &leaf, policy, &options);
    if checks.outcome(CheckCode::Entries) == Outcome::Pass {
        checks.unknown(
            CheckCode::Coverage,
            "a proof of one entry makes no claim about other entries",
            None,
        );
        let detail = "a proof of one entry does not say which keys were valid at its position";
        checks.unknown(CheckCode::EventSignatures, detail, None);
    }
    let query = Question::new("proof", leaf.to_string());
    Report::conclude(options.now, query, checkpoint, checks, members, true)
}

fn judge_proof(
    checks: &mut Checks,
    members: &mut Members,
    proof: &[u8],
    leaf: &Hash,
    policy: &[u8],
    options: &Options,
) -> Option<CheckpointSummary> {
    let policy = checkpoint_checks::read_policy(checks, policy)?;
    let proof = match TlogProof::parse(proof) {
        Ok(proof) => proof,
        Err(error) => {
            let detail = error.to_string();
            checks.malformed(
                CheckCode::Proof,
                Class::MalformedInput,
                error.code(),
                detail,
            );
            return None;
        }
    };
    checks.pass(CheckCode::Proof, PROOF_WELL_FORMED, None);
    members.entry = Some(EntrySummary {
        index: proof.index(),
        leaf_hash: *leaf,
    });
    let (summary, verified) =
        checkpoint_checks::judge_parsed(checks, &policy, proof.checkpoint(), options);
    let Some(verified) = verified else {
        return Some(summary);
    };
    let evidence = Evidence::new()
        .with("index", proof.index())
        .with("leafHash", *leaf);
    match proof.proof().verify(leaf, proof.index(), &verified.head()) {
        Ok(()) => {
            let detail = format!(
                "the entry is number {} of {}",
                proof.index(),
                entries(verified.head().size)
            );
            checks.pass(CheckCode::Entries, detail, Some(evidence));
        }
        Err(error) => {
            let detail = format!(
                "the proof is not of this entry at index {}: {error}",
                proof.index()
            );
            checks.fail(CheckCode::Entries, Class::False, detail, Some(evidence));
        }
    }
    Some(summary)
}
