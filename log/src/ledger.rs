//! What a log has taken in so far, and so what it takes next: entries by hash, and for events the state of their rules.
//!
//! The ledger is a function of the entries, rebuilt from them whenever a log is opened.

use crate::config::Config;
use crate::error::LogError;
use core::fmt;
use glasslog_core::admission::{self, Admission};
use glasslog_core::hash::{Hash, leaf_hash};
use glasslog_core::limits::MAX_ENTRY;
use std::collections::HashMap;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: Hash,
}

/// Why an entry was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The entry has no bytes.
    Empty,
    /// The rules for entries refuse it.
    Entry(Box<admission::Refusal>),
}

impl Refusal {
    /// The refusal of an entry that does not fit into an entry bundle.
    pub fn too_large(size: usize) -> Self {
        let limit = MAX_ENTRY;
        Self::Entry(Box::new(admission::Refusal::TooLarge { size, limit }))
    }

    /// A stable name for this class of refusals.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "entry-empty",
            Self::Entry(refusal) => refusal.code(),
        }
    }

    /// The HTTP status that tells a submitter so.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Empty => 400,
            Self::Entry(refusal) => refusal.http_status(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the entry is empty"),
            Self::Entry(refusal) => write!(f, "{refusal}"),
        }
    }
}

impl core::error::Error for Refusal {}

/// The rules of one log and what they depend on.
#[derive(Debug)]
pub struct Ledger {
    /// `None` in a raw log.
    admission: Option<Admission>,
    positions: HashMap<Hash, u64>,
}

impl Ledger {
    pub(crate) fn new(config: &Config) -> Self {
        let admission = (!config.raw).then(|| Admission::new(&config.origin));
        Self {
            admission,
            positions: HashMap::new(),
        }
    }

    /// Where the entry with this leaf hash stands.
    pub fn position(&self, leaf: &Hash) -> Option<u64> {
        self.positions.get(leaf).copied()
    }

    /// The rules for events and what they depend on; `None` in a raw log.
    pub fn admission(&self) -> Option<&Admission> {
        self.admission.as_ref()
    }

    fn size(&self) -> u64 {
        self.positions.len() as u64
    }

    /// Judges an entry and, unless it is there already, gives it the next index.
    pub(crate) fn admit(&mut self, entry: &[u8]) -> Result<(Receipt, bool), Refusal> {
        match entry.len() {
            0 => return Err(Refusal::Empty),
            size if size > MAX_ENTRY => return Err(Refusal::too_large(size)),
            _ => {}
        }
        let leaf_hash = leaf_hash(entry);
        if let Some(index) = self.position(&leaf_hash) {
            return Ok((Receipt { index, leaf_hash }, false));
        }
        let index = self.size();
        if let Some(admission) = &mut self.admission {
            let admitted = admission
                .check(entry)
                .map_err(|refusal| Refusal::Entry(Box::new(refusal)))?;
            admission.apply(index, &admitted);
        }
        self.positions.insert(leaf_hash, index);
        Ok((Receipt { index, leaf_hash }, true))
    }

    /// Takes in an entry that was admitted before.
    pub(crate) fn replay(&mut self, entry: &[u8], leaf: Hash) -> Result<(), LogError> {
        let index = self.size();
        if self.positions.insert(leaf, index).is_some() {
            return Err(LogError::NotAdmissible {
                index,
                problem: "it stands in the log twice".into(),
            });
        }
        if let Some(admission) = &mut self.admission {
            admission.replay(index, entry);
        }
        Ok(())
    }
}
