//! The newest checkpoint of a log, judged by a trust policy.

use glasslog_client::source::Source;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::{Checkpoint, SignedCheckpoint};
use glasslog_core::trust::TrustPolicy;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::origin::check_signed;
use crate::source::missing;

/// Reads the log's newest checkpoint, if the trust policy accepts it, with the signatures that verify by the policy's keys.
///
/// # Errors
/// The checkpoint is missing (exit 1), malformed (exit 8) or not trusted (exit 3 or 5).
pub(crate) fn trusted_checkpoint(
    source: &dyn Source,
    policy: &[u8],
    now: u64,
) -> Result<SignedCheckpoint, Failure> {
    let trust = TrustPolicy::parse(policy)
        .map_err(|error| Failure::new(Exit::Malformed, error.code(), error.to_string()))?;
    let bytes = source.read(CHECKPOINT_PATH)?;
    let bytes = bytes.ok_or_else(|| missing(source, CHECKPOINT_PATH))?;
    let checkpoint = Checkpoint::parse(&bytes)
        .map_err(|error| Failure::new(Exit::Malformed, error.code(), error.to_string()))?;
    check_signed(&trust, &checkpoint, now)?;
    // A checkpoint that the policy accepts has the signature of a key that it knows.
    trust.log().signed(&checkpoint).ok_or_else(|| {
        let message = "the trust policy does not accept the log's checkpoint";
        Failure::new(Exit::Undecided, "checkpoint-not-trusted", message)
    })
}
