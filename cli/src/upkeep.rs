//! Keeps the index of a log directory up with what was published in it.
use glasslog_log::LockError;
use glasslog_log::LogError;
use glasslog_log::index::{extend_if_due, extend_in_if_due};

use crate::console::Console;
use crate::destination::{Destination, now};

/// Extends the index of the log that `--log` names and `destination` wrote, if it is due; a server does so by itself.
///
/// What was recorded stands, so a failure is a warning. Another process that is at the index already needs no help.
pub(crate) fn extend_index(log: &str, destination: Destination, console: &Console) {
    let Destination::Directory(written) = destination else {
        return;
    };
    let bucket = written.bucket();
    drop(written);
    let extended = match bucket {
        // The lease is held for as long as the bucket is.
        Some(bucket) => extend_in_if_due(bucket, log, now()),
        None => extend_if_due(log, now()),
    };
    match extended {
        Ok(_) | Err(LogError::Lock(LockError::Index { .. })) => {}
        Err(error) => warn(&error, console),
    }
}

/// Says why there is no newer index, and what to do about it.
pub(crate) fn warn(error: &LogError, console: &Console) {
    console.warn(format_args!("the index was not extended: {error}"));
    if let Some(hint) = error.hint() {
        console.hint(hint);
    }
}
