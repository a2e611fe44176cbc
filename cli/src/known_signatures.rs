//! Signatures on a proof that is handed on: those that a trust policy verifies.

use glasslog_core::note::TlogProof;
use glasslog_core::trust::TrustPolicy;

use crate::args::read_trust_policy;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::policy_hint::policy_beside;

/// Keeps the signatures of a proof that verify by keys of `policy`, or else of the policy beside the log directory `log`.
/// Without a key nothing can be verified: the proof stays as it is, and a note says so.
///
/// # Errors
/// No key of `policy` signed the checkpoint (exit 5).
pub(crate) fn keep_known(
    proof: TlogProof,
    log: &str,
    policy: Option<&TrustPolicy>,
    console: &Console,
) -> Result<TlogProof, Failure> {
    let checkpoint = proof.checkpoint();
    let signed = match policy {
        Some(policy) => Some(policy.log().signed(checkpoint).ok_or_else(|| {
            let origin = checkpoint.origin().as_str();
            let message =
                format!("the policy knows no key that signed the checkpoint of `{origin}`");
            Failure::new(Exit::Undecided, "log-unknown", message)
        })?),
        None => policy_beside(log)
            .and_then(|path| read_trust_policy(&path).ok())
            .and_then(|beside| beside.log().signed(checkpoint)),
    };
    let Some(signed) = signed else {
        console
            .note("the signatures of the proof are not verified; `--policy` names the log's keys");
        return Ok(proof);
    };
    proof
        .under(signed.checkpoint().clone())
        .map_err(|error| Failure::unfinished(error.code(), error.to_string()))
}
