//! Errors of a log's files and staged entries, in a directory or a bucket.

use std::path::PathBuf;
use thiserror::Error;

use crate::directory::error::FROM_BACKUP;
use crate::directory::layout::Part;

/// Remedy for a secret key that is missing.
const KEY_LOST: &str = "restore the key from a copy: no other signs in its place; without the log's key serve `public/` with any web server, and \
     begin a new log with another origin by `glasslog init`";

/// Remedy for the secret key of an index that is missing.
const INDEX_KEY_LOST: &str = "restore the key from a copy: the log goes on without it, its index does not; \
     `glasslog index LOG --policy FILE --key KEY --out DIR` makes an index with a key of its own, which readers name in `[index]`";

/// Remedy for a key that did not sign what its log published.
const OTHER_KEY: &str = "is the key in `keys/` the log's own, and the newest one after `glasslog log rotate`? restore it from a copy; if it is, \
     the file was changed: restore `state/` and `public/` from copies of one moment";

/// Remedy for a published index that is missing or wrong: made anew by the same key it would contradict the one that readers have.
const INDEX_LOST: &str = "restore `public/index/` from a copy, such as a mirror's; without one histories read the whole log, and \
     `glasslog index LOG --policy FILE --key KEY --out DIR` makes an index with a key of its own, which readers name in `[index]`";

/// Remedy for public files that do not fit the signed head.
pub(crate) const PUBLIC_FILE_CHANGED: &str = "a public file was changed or lost: restore `public/` from a copy; `glasslog audit` names the file";

/// A file of a log is missing or wrong, or another writer moved the head.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A file that a log always has is missing.
    #[error("`{path}` is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The policy of the witnesses is missing.
    #[error("`{path}` is missing, the policy that `[witnesses]` of `glasslog.toml` names")]
    NoPolicy {
        /// The file.
        path: PathBuf,
    },
    /// A public file does not decode.
    #[error("`{path}`: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        problem: String,
    },
    /// A checkpoint was not signed by the key that signs here.
    #[error("`{path}`: it was not signed by this log's key")]
    Unsigned {
        /// The file.
        path: PathBuf,
    },
    /// A public file differs from the one that the entries before it produce.
    #[error("`{path}` differs from the file that the log's entries produce")]
    Differs {
        /// The file.
        path: PathBuf,
    },
    /// A configuration, key or policy file is wrong.
    #[error("`{path}`: {problem}")]
    Setting {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        problem: String,
    },
    /// Another writer moved the signed head.
    #[error("`{path}` is not the head that this writer signed: another process writes to this log")]
    HeadMoved {
        /// Location of the head.
        path: PathBuf,
    },
}

impl StorageError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::NoPolicy { .. } => "log-file-missing",
            Self::Malformed { .. } | Self::Unsigned { .. } => "public-file-malformed",
            Self::Differs { .. } => "public-file-differs",
            Self::Setting { .. } => "log-setting",
            Self::HeadMoved { .. } => "head-moved",
        }
    }

    /// Returns the remedy for the operator, if there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { path } => Some(match Part::of(path) {
                Some(Part::Keys) if path.ends_with("index") => INDEX_KEY_LOST,
                Some(Part::Keys) => KEY_LOST,
                Some(Part::Index) => INDEX_LOST,
                Some(Part::Public) => PUBLIC_FILE_CHANGED,
                Some(Part::State) | None => FROM_BACKUP,
            }),
            Self::NoPolicy { .. } => {
                Some("write the file, or correct its path, which begins at the log's directory")
            }
            Self::Malformed { path, .. } => Some(match Part::of(path) {
                Some(Part::State) => FROM_BACKUP,
                Some(Part::Index) => INDEX_LOST,
                Some(Part::Keys | Part::Public) | None => PUBLIC_FILE_CHANGED,
            }),
            Self::Differs { .. } => Some(PUBLIC_FILE_CHANGED),
            Self::Unsigned { .. } => Some(OTHER_KEY),
            Self::Setting { .. } => None,
            Self::HeadMoved { .. } => {
                Some("another process writes to this log: end one of them, then open the log again")
            }
        }
    }
}

/// The staged entries are damaged, or do not continue the signed head.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The journal is damaged before its last frame, which no crash causes.
    #[error("the journal is damaged at byte {offset}")]
    Damaged {
        /// Offset of the damage in bytes.
        offset: u64,
    },
    /// The journal does not meet the signed head.
    #[error(
        "the journal covers indices {first} to {end}, which does not meet the signed head of size {head}"
    )]
    Gap {
        /// First index in the journal.
        first: u64,
        /// One past the last index in the journal.
        end: u64,
        /// Size of the signed head.
        head: u64,
    },
    /// The journal and the public tree have different entries at one index.
    #[error("entry {index} is not the same in the journal and in the public tree")]
    Differs {
        /// The index.
        index: u64,
    },
}

impl JournalError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "journal-damaged",
            Self::Gap { .. } => "journal-gap",
            Self::Differs { .. } => "journal-differs",
        }
    }

    /// Returns the remedy for the operator.
    pub fn hint(&self) -> &'static str {
        FROM_BACKUP
    }
}
