//! Reasons why a log could not be mirrored.

use crate::error::LogError;
use glasslog_client::Error;
use glasslog_core::tiles::TileError;
use glasslog_core::verify::Inconsistency;
use std::path::PathBuf;

/// A pass of a mirror that was refused or failed. What was stored before stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// A file of the log could not be read.
    #[error(transparent)]
    Source(#[from] Error),
    /// A file of the copy could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The directory is neither empty nor a copy.
    #[error("`{path}` is not empty, and not a copy that `glasslog mirror` made")]
    NotACopy {
        /// The directory.
        path: PathBuf,
    },
    /// The mirror's own memory of the newest head is damaged.
    #[error("`{path}`: {problem}")]
    Memory {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        problem: String,
    },
    /// The copy is of another log.
    #[error("the copy is of `{copied}`, and the log is `{shown}`")]
    OtherLog {
        /// Origin of the copied log.
        copied: String,
        /// Origin of the log shown.
        shown: String,
    },
    /// The key is not a cosignature key.
    #[error("the key is not a witness's: its type is not 0x04 or 0x06")]
    NotACosigner,
    /// A file that the log must have is missing.
    #[error("`{path}` is missing")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file of the log does not decode.
    #[error("`{path}`: {problem}")]
    Malformed {
        /// The file.
        path: String,
        /// The rule that it breaks.
        problem: String,
    },
    /// The trust policy does not accept a checkpoint.
    #[error(
        "the trust policy does not accept `{path}`: it lacks a signature of the log, or the quorum"
    )]
    NotAccepted {
        /// The checkpoint.
        path: String,
    },
    /// A signature by a known key is wrong.
    #[error("a signature of a known key on `{path}` is wrong")]
    BadSignature {
        /// The checkpoint.
        path: String,
    },
    /// A file is not the one that the signed checkpoint commits to.
    #[error("`{path}` is not the file that the signed checkpoint commits to: {problem}")]
    False {
        /// The file.
        path: String,
        /// The rule that it breaks.
        problem: String,
    },
    /// A tile is missing, or is not the one that the signed checkpoint commits to.
    #[error(transparent)]
    Tile(TileError),
    /// The log shows an older head than one that this mirror saw before.
    #[error("`{path}` has size {shown}, but this mirror has seen size {seen}")]
    Older {
        /// The checkpoint.
        path: String,
        /// Size seen.
        seen: u64,
        /// Size shown.
        shown: u64,
    },
    /// The log signed two heads that cannot both be true.
    #[error("the log signed two heads that cannot both be true, of sizes {} and {}", .0.old.head().size, .0.new.head().size)]
    Inconsistent(Box<Inconsistency>),
}

impl MirrorError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::NotACopy { .. } => "mirror-not-a-copy",
            Self::Memory { .. } => "mirror-memory",
            Self::OtherLog { .. } => "mirror-other-log",
            Self::NotACosigner => "mirror-key",
            Self::Missing { .. } => "mirror-file-missing",
            Self::Malformed { .. } => "mirror-file-malformed",
            Self::NotAccepted { .. } => "mirror-not-accepted",
            Self::BadSignature { .. } => "mirror-bad-signature",
            Self::False { .. } => "mirror-file-false",
            Self::Tile(error) => error.code(),
            Self::Older { .. } => "mirror-older-head",
            Self::Inconsistent(_) => "mirror-inconsistent-heads",
        }
    }
}

impl From<TileError> for MirrorError {
    fn from(error: TileError) -> Self {
        match error {
            TileError::Missing { tile } => Self::Missing { path: tile.path() },
            error => Self::Tile(error),
        }
    }
}

impl From<crate::directory::error::DiskError> for MirrorError {
    fn from(error: crate::directory::error::DiskError) -> Self {
        Self::Log(error.into())
    }
}
