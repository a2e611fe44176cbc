//! Keeps the index of a log directory up with what was published in it.
use std::path::Path;

use glasslog_log::LogError;
use glasslog_log::index::extend_if_due;

use crate::console::Console;
use crate::destination::now;
use crate::source::is_address;

/// Extends the index of the directory that `--log` names, if it is due; a server does so by itself.
///
/// What was recorded stands, so a failure is a warning. Another process that is at the index already needs no help.
pub(crate) fn extend_index(log: &str, console: &Console) {
    if is_address(log) {
        return;
    }
    match extend_if_due(Path::new(log), now()) {
        Ok(_) | Err(LogError::IndexLocked { .. }) => {}
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
