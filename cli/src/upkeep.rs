//! Extends the index of a log directory after a verb has published entries in it.

use glasslog_log::index::{extend_if_due, extend_in_if_due};
use glasslog_log::{LockError, LogError};

use crate::clock::now;
use crate::destination::Destination;
use crate::output::Console;

/// Extends the index of the log that `--log` names and `destination` wrote, if it is due; a server does so by itself.
///
/// The entries are recorded by then, so a failure is only a warning. If another process builds the index, this one leaves
/// it to that process.
pub(crate) fn extend_index(log: &str, destination: Destination, console: &Console) {
    let Destination::Directory(written) = destination else {
        return;
    };
    let bucket = written.bucket();
    drop(written);
    let extended = match bucket {
        // The lease lasts as long as the bucket value.
        Some(bucket) => extend_in_if_due(bucket, log, now()),
        None => extend_if_due(log, now()),
    };
    match extended {
        Ok(_) | Err(LogError::Lock(LockError::Index { .. })) => {}
        Err(error) => {
            console.warn(format_args!("the index was not extended: {error}"));
            if let Some(hint) = error.hint() {
                console.hint(hint);
            }
        }
    }
}
