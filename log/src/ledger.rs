//! What a log has taken in so far, and so what it takes next: entries by hash, and for events the state of their rules.
//!
//! The ledger is a function of the entries, rebuilt from them whenever a log is opened.

use crate::config::Config;
use crate::error::LogError;
use crate::leaf::Leaf;
use core::fmt;
use glasslog_core::admission::{self, Admission, Admitted};
use glasslog_core::ed25519_batch::Seed;
use glasslog_core::event::Event;
use glasslog_core::hash::Hash;
use glasslog_core::limits::MAX_ENTRY;
use rayon::prelude::*;
use std::collections::HashMap;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: Hash,
}

/// What became of an entry.
pub type Outcome = Result<Receipt, Refusal>;

/// Why an entry was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The entry has no bytes.
    Empty,
    /// The log is closed and takes nothing more.
    Closed,
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
            Self::Closed => "log-closed",
            Self::Entry(refusal) => refusal.code(),
        }
    }

    /// The HTTP status that tells a submitter so.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Empty => 400,
            Self::Closed => 409,
            Self::Entry(refusal) => refusal.http_status(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the entry is empty"),
            Self::Closed => write!(f, "the log is closed: it takes no new entries"),
            Self::Entry(refusal) => write!(f, "{refusal}"),
        }
    }
}

impl core::error::Error for Refusal {}

/// What is said of an entry before it is its turn: why it is refused, or what it says, unless nothing needs to be known.
type Judged = Result<Option<Admitted>, Refusal>;

/// Entries whose signatures are verified together: the batch is at its best, and both cores have work.
const TOGETHER: usize = 1_024;

fn refused(refusal: admission::Refusal) -> Refusal {
    Refusal::Entry(Box::new(refusal))
}

/// Randomness for one batch of signatures.
fn seed() -> Option<Seed> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(Seed::new(bytes))
}

/// The rules of one log and what they depend on.
#[derive(Debug)]
pub struct Ledger {
    /// `None` in a raw log.
    admission: Option<Admission>,
    positions: HashMap<Hash, u64>,
    /// How many key events were taken since the log was opened.
    key_changes: u64,
    /// Whether the log takes nothing more.
    pub(crate) is_closed: bool,
}

impl Ledger {
    pub(crate) fn new(config: &Config) -> Self {
        let admission = (!config.raw).then(|| Admission::new(&config.origin));
        Self {
            admission,
            positions: HashMap::new(),
            key_changes: 0,
            is_closed: false,
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

    /// Judges entries and gives the new ones the next indices; returns what became of each, and the new ones.
    pub(crate) fn admit(&mut self, leaves: Vec<Leaf>) -> (Vec<Outcome>, Vec<Leaf>) {
        let judged = self.judge(&leaves);
        let keys = self.key_changes;
        let mut fresh = Vec::with_capacity(leaves.len());
        let outcomes = leaves.into_iter().zip(judged).map(|(leaf, judged)| {
            // A key event in this group may change what was said of the entries after it.
            let judged = match self.key_changes == keys {
                true => judged,
                false => self.judge_one(&leaf),
            };
            let (receipt, is_new) = self.take(&leaf, judged?)?;
            if is_new {
                fresh.push(leaf);
            }
            Ok(receipt)
        });
        (outcomes.collect(), fresh)
    }

    /// Judges entries against what the log holds now, on all cores.
    fn judge(&self, leaves: &[Leaf]) -> Vec<Judged> {
        if self.admission.is_none() || leaves.len() < 2 {
            return leaves.iter().map(|leaf| self.judge_one(leaf)).collect();
        }
        let share = leaves.len().div_ceil(rayon::current_num_threads());
        leaves
            .par_chunks(share.min(TOGETHER))
            .flat_map_iter(|leaves| self.judge_together(leaves))
            .collect()
    }

    /// Judges entries on this core; their signatures are verified together where that is quicker.
    fn judge_together(&self, leaves: &[Leaf]) -> Vec<Judged> {
        let known = leaves.iter().map(|leaf| self.judge_by_itself(leaf));
        let mut judged: Vec<Option<Judged>> = known.collect();
        let unknown = || {
            leaves
                .iter()
                .zip(&judged)
                .filter(|(_, judged)| judged.is_none())
        };
        if let Some(admission) = &self.admission {
            let entries: Vec<&[u8]> = unknown().map(|(leaf, _)| leaf.entry()).collect();
            let mut admitted = admission.check_many(entries, seed).into_iter();
            for judged in judged.iter_mut().filter(|judged| judged.is_none()) {
                let outcome = admitted.next();
                *judged = outcome.map(|outcome| outcome.map(Some).map_err(refused));
            }
        }
        let each = leaves.iter().zip(judged);
        each.map(|(leaf, judged)| judged.unwrap_or_else(|| self.judge_one(leaf)))
            .collect()
    }

    fn judge_one(&self, leaf: &Leaf) -> Judged {
        if let Some(judged) = self.judge_by_itself(leaf) {
            return judged;
        }
        match &self.admission {
            Some(admission) => admission.check(leaf.entry()).map(Some).map_err(refused),
            None => Ok(None),
        }
    }

    /// Judges an entry as far as that needs no rules for events: one that the log holds already, and any that a raw log
    /// can hold, is let through with nothing said.
    fn judge_by_itself(&self, leaf: &Leaf) -> Option<Judged> {
        let is_known = self.position(leaf.hash()).is_some();
        match leaf.entry().len() {
            0 => Some(Err(Refusal::Empty)),
            size if size > MAX_ENTRY => Some(Err(Refusal::too_large(size))),
            _ if is_known => Some(Ok(None)),
            _ if self.is_closed => Some(Err(Refusal::Closed)),
            _ => self.admission.is_none().then_some(Ok(None)),
        }
    }

    /// Gives an entry the next index, unless it has one, or an entry before it in its group forbids it.
    fn take(&mut self, leaf: &Leaf, judged: Option<Admitted>) -> Result<(Receipt, bool), Refusal> {
        let (index, leaf_hash) = (self.size(), *leaf.hash());
        if let Some(index) = self.position(&leaf_hash) {
            return Ok((Receipt { index, leaf_hash }, false));
        }
        if let (Some(admission), Some(admitted)) = (&mut self.admission, judged) {
            admission
                .check_again(&admitted)
                .map_err(|refusal| Refusal::Entry(Box::new(refusal)))?;
            admission.apply(index, &admitted);
            let is_about_keys = matches!(admitted.entry().event, Event::Key(_) | Event::Genesis(_));
            self.key_changes += u64::from(is_about_keys);
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
