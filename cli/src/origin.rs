//! The origin of the log that an event is signed for, from the log's configuration or its checkpoint.

use glasslog_client::source::is_address;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::trust::{LogVerdict, TrustPolicy};
use glasslog_log::directory::Disk;
use glasslog_log::{Config, Layout};

use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::source;

/// Returns a log's origin. A server could name the origin of another log, for which the signature would then be valid; a
/// policy prevents that.
///
/// # Errors
/// The directory is not a log, or the checkpoint is missing or not accepted by the policy.
pub(crate) fn origin_of(
    log: &str,
    policy: Option<&TrustPolicy>,
    console: &Console,
) -> Result<String, Failure> {
    if !is_address(log) {
        return Ok(Config::read(&Disk::new(), &Layout::new(log))?.origin);
    }
    let source = source::open(log, false)?;
    let bytes = source.read(CHECKPOINT_PATH)?.ok_or_else(|| {
        Failure::unfinished(
            "missing-file",
            "`checkpoint` is missing: this is not a log's address",
        )
    })?;
    let checkpoint = Checkpoint::parse(&bytes).map_err(|error| {
        let message = format!("`checkpoint`: {error}");
        Failure::new(Exit::Malformed, error.code(), message)
    })?;
    match policy {
        None => console.note(format_args!(
            "signing for `{}`, as the server says; `--policy` would check it",
            checkpoint.origin().as_str()
        )),
        Some(policy) => check(policy, &checkpoint)?,
    }
    Ok(checkpoint.origin().as_str().to_owned())
}

fn check(policy: &TrustPolicy, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let origin = checkpoint.origin().as_str();
    match policy.verify_log(checkpoint, now()).0.log {
        LogVerdict::Signed(_) => Ok(()),
        LogVerdict::BadSignature => Err(Failure::new(
            Exit::False,
            "log-signature-false",
            format!("the signature of `{origin}` on its checkpoint is false"),
        )),
        _ => Err(Failure::new(
            Exit::Undecided,
            "log-unknown",
            format!("the policy knows no key that signed the checkpoint of `{origin}`"),
        )),
    }
}
