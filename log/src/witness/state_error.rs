//! Reasons for which the state of a witness cannot be used.

use std::path::PathBuf;
use thiserror::Error;

/// The state of a witness is missing, damaged, older than it was, or in use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The database cannot be opened, read or written.
    #[error("the state of the witness: {problem}")]
    Database {
        /// The database's message.
        problem: String,
    },
    /// Another process uses the database.
    #[error("another process uses the state `{}`", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A record of the database is not what a witness writes.
    #[error("the state of the witness is damaged: {problem}")]
    Damaged {
        /// The record, and what is wrong with it.
        problem: String,
    },
    /// The file with the generation cannot be read or written.
    #[error("the generation of the state, `{place}`: {problem}")]
    Mark {
        /// The file.
        place: String,
        /// The reason.
        problem: String,
    },
    /// The file with the generation is missing, although the state is not new.
    #[error("`{place}` is missing, which says how new the state must be")]
    NoMark {
        /// The file.
        place: String,
    },
    /// The file with the generation is that of another state.
    #[error("`{place}` belongs to another state than this one")]
    OtherState {
        /// The file.
        place: String,
    },
    /// The state is older than the last one that was written here.
    #[error("the state is of generation {found}, but generation {last} was written before")]
    Restored {
        /// Generation of the state.
        found: u64,
        /// Generation that the file beside it names.
        last: u64,
    },
    /// A checkpoint showed that the witness had signed more than it remembers.
    #[error("the witness is suspended: {reason}")]
    Suspended {
        /// The refusal that showed it.
        reason: String,
    },
}

impl StateError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database { .. } => "witness-state",
            Self::InUse { .. } => "witness-state-in-use",
            Self::Damaged { .. } => "witness-state-damaged",
            Self::Mark { .. } => "witness-generation",
            Self::NoMark { .. } => "witness-generation-missing",
            Self::OtherState { .. } => "witness-generation-other",
            Self::Restored { .. } => "witness-state-restored",
            Self::Suspended { .. } => "witness-suspended",
        }
    }

    /// Returns the remedy for the operator, if there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoMark { .. } | Self::OtherState { .. } | Self::Restored { .. } => Some(
                "a restored copy forgets what the witness cosigned later, so a log could be cosigned in two versions: begin with a new key and a new state, or state by `--accept-restored` that the risk is taken",
            ),
            Self::Suspended { .. } => Some(
                "find out whether the state was restored from a copy or a second witness signs with this key; then begin with a new key and a new state, or state by `--accept-restored` that the risk is taken",
            ),
            Self::InUse { .. } => {
                Some("stop the other witness: two with one key could cosign two versions of a log")
            }
            _ => None,
        }
    }

    pub(crate) fn database(error: impl Into<redb::Error>) -> Self {
        Self::Database {
            problem: error.into().to_string(),
        }
    }
}
