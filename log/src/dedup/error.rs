//! Errors of the table of known entries.

use std::path::PathBuf;
use thiserror::Error;

/// The table of known entries could not be read or written while it was in use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the table of known entries in `{path}` failed: {problem}")]
pub struct DedupError {
    /// Directory of the table.
    pub path: PathBuf,
    /// The cause.
    pub problem: String,
}

impl DedupError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        "known-entries"
    }

    /// Returns the remedy for the operator.
    pub fn hint(&self) -> &'static str {
        "open the log again, which rebuilds the table; if that fails, remove the table first"
    }
}
