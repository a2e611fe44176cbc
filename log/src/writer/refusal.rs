//! The result of submitting an entry: its position, or a reason not to admit it.

use glasslog_core::merkle::Hash;
use glasslog_core::rules::{self, RefusalClass};
use glasslog_core::text::limits::MAX_ENTRY;
use thiserror::Error;

/// The position of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: Hash,
}

/// The result of submitting an entry.
pub type Outcome = Result<Receipt, Refusal>;

/// A reason not to admit an entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The entry has no bytes.
    #[error("the entry is empty")]
    Empty,
    /// The log is closed and accepts no new entries.
    #[error("the log is closed: it accepts no new entries")]
    Closed,
    /// The event acts on an entry that the log does not have.
    #[error(
        "the event acts on the entry with leaf hash `{leaf_hash}`, which the log does not have"
    )]
    ActsOnNoEntry {
        /// The leaf hash.
        leaf_hash: Hash,
    },
    /// The rules of events refuse the entry.
    #[error(transparent)]
    Entry(Box<rules::Refusal>),
}

impl Refusal {
    /// Returns the refusal of an entry that does not fit into an entry bundle.
    pub fn too_large(size: usize) -> Self {
        let limit = MAX_ENTRY;
        Self::Entry(Box::new(rules::Refusal::TooLarge { size, limit }))
    }

    /// Returns the stable name of this class of refusals.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "entry-empty",
            Self::Closed => "log-closed",
            Self::ActsOnNoEntry { .. } => "acts-on-no-entry",
            Self::Entry(refusal) => refusal.code(),
        }
    }

    /// Returns the class of the refusal.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::Empty => RefusalClass::Malformed,
            Self::Closed | Self::ActsOnNoEntry { .. } => RefusalClass::Conflict,
            Self::Entry(refusal) => refusal.class(),
        }
    }
}
