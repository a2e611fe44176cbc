//! What a log has taken in so far, and so what it takes next: entries by hash, and for events the state of their rules.
//!
//! The admitter is a function of the entries. It holds the newest of them, and the keys; the rest is in the table of known
//! entries, and what is missing there is taken in from the log when it is opened.

use crate::config::Config;
use crate::dedup::{Batch, Dedup, Events, Loaded};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::writer::error::HistoryError;
use core::fmt;
use glasslog_core::crypto::ed25519_batch::{SMALL_BATCH, Seed};
use glasslog_core::event::Event;
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::rules::{self, Admission, Admitted, Binding, Keyring, Memory, RefusalClass};
use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_core::tiles::FULL_WIDTH;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

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
    Entry(Box<rules::Refusal>),
}

impl Refusal {
    /// The refusal of an entry that does not fit into an entry bundle.
    pub fn too_large(size: usize) -> Self {
        let limit = MAX_ENTRY;
        Self::Entry(Box::new(rules::Refusal::TooLarge { size, limit }))
    }

    /// A stable name for this class of refusals.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "entry-empty",
            Self::Closed => "log-closed",
            Self::Entry(refusal) => refusal.code(),
        }
    }

    /// Returns the class of the refusal.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::Empty => RefusalClass::Malformed,
            Self::Closed => RefusalClass::Conflict,
            Self::Entry(refusal) => refusal.class(),
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

/// What is said of an entry before it is its turn.
type Judged = Result<Word, Refusal>;

/// An entry that is not refused.
enum Word {
    /// It stands in the log, at this index.
    Duplicate(u64),
    /// It did not stand in the log when its group began; in a log of events, what it says.
    New(Option<Box<Admitted>>),
}

/// Entries whose signatures are verified together: the batch is at its best, and both cores have work.
const TOGETHER: usize = 1_024;

/// Fewer than these are one batch on one core: the two halves as batches of their own would cost a third more, and a busy
/// log has other work for the other core.
const WORTHWHILE: usize = 512;

fn new(admitted: Admitted) -> Word {
    Word::New(Some(Box::new(admitted)))
}

fn refused(refusal: rules::Refusal) -> Refusal {
    Refusal::Entry(Box::new(refusal))
}

/// Randomness for one batch of signatures.
fn seed() -> Option<Seed> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(Seed::new(bytes))
}

/// What a log remembers of its events: of the newest here, of the others in the table.
#[derive(Debug)]
struct Remembered {
    dedup: Arc<Dedup>,
    newest: Events,
}

impl Memory for Remembered {
    fn payload(&self, digest: &Hash) -> Option<u64> {
        let newest = self.newest.payloads.get(digest).copied();
        newest.or_else(|| self.dedup.payload(digest))
    }

    fn binding(&self, name: &str) -> Option<Cow<'_, Binding>> {
        let name = sha256(name.as_bytes());
        match self.newest.names.get(&name) {
            Some(binding) => Some(Cow::Borrowed(binding)),
            None => self.dedup.binding(&name).map(Cow::Owned),
        }
    }

    fn note_payload(&mut self, digest: Hash, index: u64) {
        // It was looked for before it was admitted.
        self.newest.payloads.entry(digest).or_insert(index);
    }

    fn bind(&mut self, name: &str, binding: Binding) {
        if self.binding(name).is_none() {
            self.newest.names.insert(sha256(name.as_bytes()), binding);
        }
    }

    fn note_key_event(&mut self, index: u64) {
        self.newest.keys.push(index);
    }
}

/// The rules of one log and what they depend on.
#[derive(Debug)]
pub struct Admitter {
    /// `None` in a raw log.
    admission: Option<Admission<Remembered>>,
    dedup: Arc<Dedup>,
    /// Indices of the newest entries, those from `first` on, by leaf hash.
    newest: HashMap<Hash, u64>,
    first: u64,
    size: u64,
    /// How many key events were taken since the log was opened.
    key_changes: u64,
    /// Whether the log takes nothing more.
    pub(crate) is_closed: bool,
}

impl Admitter {
    /// The admitter of an empty log.
    pub(crate) fn new(config: &Config, dedup: Arc<Dedup>) -> Self {
        let memory = || Remembered {
            dedup: Arc::clone(&dedup),
            newest: Events::default(),
        };
        Self {
            admission: (!config.raw).then(|| Admission::with_memory(&config.origin, memory())),
            dedup,
            newest: HashMap::new(),
            first: 0,
            size: 0,
            key_changes: 0,
            is_closed: false,
        }
    }

    /// Goes on where the store of the table ends.
    ///
    /// # Errors
    /// When that is not where a log of events can be.
    pub(crate) fn resume(&mut self, loaded: &Loaded) -> Result<(), String> {
        if let Some(admission) = &mut self.admission {
            for (index, entry) in &loaded.keys {
                admission.replay(*index, entry);
            }
            if admission.keyring().is_none() {
                return Err("it does not know the genesis".into());
            }
            // The table has these.
            admission.memory_mut().newest = Events::default();
            admission.resume(loaded.size);
        }
        (self.first, self.size) = (loaded.size, loaded.size);
        Ok(())
    }

    /// Where the entry with this leaf hash stands.
    pub fn position(&self, leaf: &Hash) -> Option<u64> {
        let newest = self.newest_position(leaf);
        newest.or_else(|| self.dedup.leaf(leaf))
    }

    /// As [`position`](Self::position), among the entries that are in the admitter itself.
    pub(crate) fn newest_position(&self, leaf: &Hash) -> Option<u64> {
        self.newest.get(leaf).copied()
    }

    /// The keys; `None` in a raw log.
    pub fn keyring(&self) -> Option<&Keyring> {
        self.admission.as_ref().and_then(Admission::keyring)
    }

    /// Judges entries and gives the new ones the next indices; returns what became of each, and the new ones.
    ///
    /// # Errors
    /// When the table of known entries cannot be read; the log must then be opened again.
    pub(crate) fn admit(
        &mut self,
        leaves: Vec<Leaf>,
    ) -> Result<(Vec<Outcome>, Vec<Leaf>), LogError> {
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
        let outcomes = outcomes.collect();
        self.dedup.check()?;
        self.freeze_if_due();
        Ok((outcomes, fresh))
    }

    /// Hands the newest entries over to the table if they are many.
    pub(crate) fn freeze_if_due(&mut self) {
        if self.newest.len() as u64 >= self.dedup.bounds.batch {
            self.freeze();
        }
    }

    /// Hands over whole bundles.
    fn freeze(&mut self) {
        let (first, end) = (self.first, self.size - self.size % u64::from(FULL_WIDTH));
        let rest = self.newest.extract_if(|_, index| *index >= end).collect();
        let leaves = mem::replace(&mut self.newest, rest);
        let events = self.admission.as_mut();
        let events = events.map(|admission| admission.memory_mut().newest.split(end));
        self.first = end;
        self.dedup.freeze(Batch {
            first,
            end,
            leaves,
            events: events.unwrap_or_default(),
        });
    }

    /// Judges entries against what the log holds now, on all cores.
    fn judge(&self, leaves: &[Leaf]) -> Vec<Judged> {
        if self.admission.is_none() || leaves.len() < 2 {
            return leaves.iter().map(|leaf| self.judge_one(leaf)).collect();
        }
        let share = leaves.len().div_ceil(rayon::current_num_threads());
        // So few are verified one by one wherever they are.
        let share = match leaves.len() < SMALL_BATCH {
            true => share,
            false => share.clamp(WORTHWHILE, TOGETHER),
        };
        leaves
            .par_chunks(share)
            .flat_map_iter(|leaves| self.judge_together(leaves))
            .collect()
    }

    /// Judges entries on this core; their signatures are verified together where that is quicker.
    fn judge_together(&self, leaves: &[Leaf]) -> Vec<Judged> {
        let alone = leaves.iter().map(|leaf| self.judge_by_itself(leaf));
        let mut judged: Vec<Option<Judged>> = alone.collect();
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
                *judged = outcome.map(|outcome| outcome.map(new).map_err(refused));
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
            Some(admission) => admission.check(leaf.entry()).map(new).map_err(refused),
            None => Ok(Word::New(None)),
        }
    }

    /// Judges an entry as far as that needs no rules for events: one that the log holds already, and any that a raw log
    /// can hold, is let through.
    fn judge_by_itself(&self, leaf: &Leaf) -> Option<Judged> {
        match leaf.entry().len() {
            0 => return Some(Err(Refusal::Empty)),
            size if size > MAX_ENTRY => return Some(Err(Refusal::too_large(size))),
            _ => {}
        }
        match self.position(leaf.hash()) {
            Some(index) => Some(Ok(Word::Duplicate(index))),
            None if self.is_closed => Some(Err(Refusal::Closed)),
            None => self.admission.is_none().then_some(Ok(Word::New(None))),
        }
    }

    /// Gives an entry the next index, unless it has one, or an entry before it in its group forbids it.
    fn take(&mut self, leaf: &Leaf, judged: Word) -> Result<(Receipt, bool), Refusal> {
        let (index, leaf_hash) = (self.size, *leaf.hash());
        let judged = match judged {
            Word::Duplicate(index) => return Ok((Receipt { index, leaf_hash }, false)),
            Word::New(judged) => judged,
        };
        // Since its group began the log took in nothing but entries of that group, which are among the newest.
        if let Some(index) = self.newest_position(&leaf_hash) {
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
        self.newest.insert(leaf_hash, index);
        self.size += 1;
        Ok((Receipt { index, leaf_hash }, true))
    }

    /// Takes in an entry that was admitted before.
    pub(crate) fn replay(&mut self, entry: &[u8], leaf: Hash) -> Result<(), LogError> {
        let index = self.size;
        self.size += 1;
        if self.newest.insert(leaf, index).is_some() {
            return Err(HistoryError::NotAdmissible {
                index,
                problem: "it stands in the log twice".into(),
            }
            .into());
        }
        if let Some(admission) = &mut self.admission {
            admission.replay(index, entry);
        }
        Ok(())
    }
}

impl Drop for Admitter {
    fn drop(&mut self) {
        // Fewer are read from the log again sooner than they are stored.
        if self.newest.len() as u64 >= self.dedup.bounds.least.max(u64::from(FULL_WIDTH)) {
            self.freeze();
        }
    }
}
