//! The differences between two trust policies, as the verbs of `trust` show them.

use glasslog_core::trust::Change;
use serde::Serialize;

use crate::output::Console;

/// A difference, in JSON.
#[derive(Serialize)]
pub(super) struct ChangeView {
    section: &'static str,
    change: &'static str,
    text: String,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        Self {
            section: change.statement.section.name(),
            change: if change.is_new { "added" } else { "removed" },
            text: change.statement.text,
        }
    }
}

/// Prints a line for each difference.
pub(super) fn print(changes: &[Change], console: &Console) {
    for change in changes {
        let sign = if change.is_new { '+' } else { '-' };
        let statement = &change.statement;
        console.line(format_args!(
            "{sign} {:<10} {}",
            statement.section.name(),
            statement.text
        ));
    }
}
