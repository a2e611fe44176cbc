//! Errors of opening, writing and closing a log.

use crate::directory::error::FROM_BACKUP;
use crate::storage::error::PUBLIC_FILE_CHANGED;
use glasslog_core::merkle::{Hash, TreeHead};
use thiserror::Error;

/// The private state, the public files and the signed heads do not form one history.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The public checkpoint is newer than the private state: the state is from a backup.
    #[error(
        "the private state ends at size {state}, but a checkpoint of size {public} is public: the state was rolled back"
    )]
    RolledBack {
        /// Size of the head in the private state.
        state: u64,
        /// Size of the public checkpoint.
        public: u64,
    },
    /// The private state and the public checkpoint have different roots at one size.
    #[error(
        "at size {size} the private state has root {state}, but the public checkpoint has root {public}"
    )]
    Diverged {
        /// The tree size.
        size: u64,
        /// The root in the private state.
        state: Hash,
        /// The root in the public checkpoint.
        public: Hash,
    },
    /// The public entries do not have the signed root.
    #[error("at size {size} the signed root is {signed}, but the public entries give {computed}")]
    WrongRoot {
        /// Size of the signed head.
        size: u64,
        /// The signed root.
        signed: Hash,
        /// The root of the public entries.
        computed: Hash,
    },
    /// The log is closed, and its head is not the one that it was closed with.
    #[error("the log was closed at size {closed}, but its signed head has size {head}")]
    ClosedElsewhere {
        /// Size of the final head.
        closed: u64,
        /// Size of the head in the private state.
        head: u64,
    },
    /// An entry in the public tree or the journal breaks the rules of admission.
    #[error("entry {index} is not admissible: {problem}")]
    NotAdmissible {
        /// Index of the entry.
        index: u64,
        /// The rule that it breaks.
        problem: String,
    },
}

impl HistoryError {
    /// Compares the head in the private state with the public one, which never is beyond it.
    pub(crate) fn between(state: &TreeHead, public: &TreeHead) -> Result<(), Self> {
        if public.size > state.size {
            return Err(Self::RolledBack {
                state: state.size,
                public: public.size,
            });
        }
        if public.size == state.size && public.root != state.root {
            return Err(Self::Diverged {
                size: state.size,
                state: state.root,
                public: public.root,
            });
        }
        Ok(())
    }

    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RolledBack { .. } => "state-rolled-back",
            Self::Diverged { .. } => "state-diverged",
            Self::WrongRoot { .. } => "public-root-mismatch",
            Self::ClosedElsewhere { .. } => "closed-head-differs",
            Self::NotAdmissible { .. } => "entry-not-admissible",
        }
    }

    /// Returns the remedy for the operator, if there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::RolledBack { .. } | Self::Diverged { .. } | Self::ClosedElsewhere { .. } => {
                Some(FROM_BACKUP)
            }
            Self::WrongRoot { .. } => Some(PUBLIC_FILE_CHANGED),
            Self::NotAdmissible { .. } => None,
        }
    }
}

/// The state of the log or of its writer does not allow the operation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WriterError {
    /// A log that is to be succeeded is not closed.
    #[error("`{origin}` is not closed")]
    NotClosed {
        /// Origin of the log.
        origin: String,
    },
    /// The log states a rotation to a key that does not sign yet.
    #[error("the log's last entry rotates its key to `{key}`, and another key is in `keys/log`")]
    RotationBegun {
        /// The key, `NAME+ID`.
        key: String,
    },
    /// After an earlier failure the content of the storage is unknown to this writer.
    #[error("the writer stopped after an earlier failure")]
    Stopped,
}

impl WriterError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotClosed { .. } => "log-not-closed",
            Self::RotationBegun { .. } => "log-rotation-begun",
            Self::Stopped => "writer-stopped",
        }
    }

    /// Returns the remedy for the operator.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotClosed { .. } => "`glasslog log close` closes it, for good",
            Self::RotationBegun { .. } => {
                "`glasslog log rotate` with that key finishes it; after it, `keys/log` must not be restored from an older backup"
            }
            Self::Stopped => "open the log again",
        }
    }
}
