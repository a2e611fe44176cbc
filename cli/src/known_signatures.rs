//! Signatures on a proof that is handed on: those that a trust policy verifies.

use std::path::Path;

use glasslog_core::note::{SignedCheckpoint, TlogProof};
use glasslog_core::trust::TrustPolicy;

use crate::args::read_trust_policy;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::policy_hint::policy_beside;
use glasslog_log::directory::Disk;
use glasslog_log::{Config, Layout};

/// Keeps the signatures of a proof that verify by keys of `policy`, or else of the policies of the log directory `log`.
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
        None => {
            let beside = policies_of(log);
            let keys: Vec<_> = beside
                .iter()
                .flat_map(|policy| policy.log().keys())
                .collect();
            SignedCheckpoint::new(checkpoint, &keys)
        }
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

/// Reads the policies of a log directory: the one beside it, and that of its witnesses. One that cannot be read knows no key.
fn policies_of(log: &str) -> Vec<TrustPolicy> {
    let layout = Layout::new(Path::new(log));
    let config = Config::read(&Disk::new(), &layout).ok();
    let witnesses = config.and_then(|config| config.witnesses);
    let witnesses = witnesses.map(|witnesses| layout.root().join(witnesses.policy));
    let paths = policy_beside(log).into_iter().chain(witnesses);
    paths
        .filter_map(|path| read_trust_policy(&path).ok())
        .collect()
}
