//! Which log an event is signed for: its origin, from its configuration or from its checkpoint.
use std::path::Path;

use glasslog_core::note::Checkpoint;
use glasslog_core::trust::{LogVerdict, TrustPolicy};
use glasslog_log::directory::Disk;
use glasslog_log::{Config, Layout};

use crate::console::Console;
use crate::destination::{now, refuse};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::{Source, is_address};
use crate::{driver, input};

/// Finds out a log's origin. A server could name another log's, so that what is signed here counts there: a policy
/// keeps it from that.
///
/// # Errors
/// A directory that is not a log, a checkpoint that cannot be had or that the policy does not accept.
pub(crate) fn origin_of(
    log: &str,
    policy: Option<&Path>,
    console: &Console,
) -> Result<String, Failure> {
    if !is_address(log) {
        let config =
            Config::read(&Disk::new(), &Layout::new(log)).map_err(|error| refuse(&error))?;
        return Ok(config.origin);
    }
    let source = Source::open(log, false)?;
    let bytes = driver::read(&source, "checkpoint")?.ok_or_else(|| {
        Failure::unfinished(
            "missing-file",
            "`checkpoint` is missing: this is not a log's address",
        )
    })?;
    let malformed = |problem: String| {
        Failure::new(
            Exit::Malformed,
            "checkpoint",
            format!("`checkpoint`: {problem}"),
        )
    };
    let checkpoint = Checkpoint::parse(&bytes).map_err(|error| malformed(error.to_string()))?;
    match policy {
        None => console.note(format_args!(
            "signing for `{}`, as the server says; `--policy` would check it",
            checkpoint.origin().as_str()
        )),
        Some(path) => {
            let policy =
                TrustPolicy::parse(&input::read(path, input::MAX_POLICY)?).map_err(|error| {
                    Failure::new(
                        Exit::Malformed,
                        error.code(),
                        format!("`{}`: {error}", path.display()),
                    )
                })?;
            check(&policy, &checkpoint)?;
        }
    }
    Ok(checkpoint.origin().as_str().to_owned())
}

fn check(policy: &TrustPolicy, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let origin = checkpoint.origin().as_str();
    match policy.verify_log(checkpoint, now()).0.log {
        LogVerdict::Signed(_) => Ok(()),
        LogVerdict::BadSignature => Err(Failure::new(
            Exit::False,
            "log-signature",
            format!("the signature of `{origin}` on its checkpoint is false"),
        )),
        _ => Err(Failure::new(
            Exit::Undecided,
            "log-unknown",
            format!("the policy knows no key that signed the checkpoint of `{origin}`"),
        )),
    }
}
