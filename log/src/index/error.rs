//! Errors of reading a log for its index and of building the index.

use glasslog_core::merkle::Hash;
use std::path::PathBuf;
use thiserror::Error;

/// The index cannot be built from the log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A file of the log cannot be read from its source.
    #[error("{problem}")]
    Unread {
        /// The stable name of the cause.
        code: &'static str,
        /// The cause.
        problem: String,
    },
    /// A file of the log is not the part of the tree that its path names.
    #[error("`{path}`: {problem}")]
    NotInTree {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        problem: String,
    },
    /// The log has another history than the log that was indexed.
    #[error(
        "at size {size} the log that was indexed has root {indexed}, but this one has root {computed}"
    )]
    AnotherHistory {
        /// Size of the newest manifest.
        size: u64,
        /// The root in the manifest's checkpoint.
        indexed: Hash,
        /// The root of this log at the same size.
        computed: Hash,
    },
    /// The index log is of another key function, and an index log is of one.
    #[error("the index is by the key function `{found}`, and only `{expected}` can extend it here")]
    OtherKeyFunction {
        /// The name in its newest manifest.
        found: String,
        /// The name of the one asked for.
        expected: &'static str,
    },
    /// The index cannot be built, or its existing files are wrong.
    #[error("the index cannot be built: {problem}")]
    NotBuildable {
        /// The cause.
        problem: String,
    },
}

impl IndexError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unread { code, .. } => code,
            Self::NotInTree { .. } => "log-file-not-in-tree",
            Self::AnotherHistory { .. } => "index-of-another-history",
            Self::OtherKeyFunction { .. } => "index-key-function",
            Self::NotBuildable { .. } => "index-not-buildable",
        }
    }

    /// Returns the remedy, if there is one.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::OtherKeyFunction { .. } => Some(
                "begin an index log with a key of another name; docs/decisions/key-function-access-v2.md has the steps, \
                 and the log itself is not touched"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
