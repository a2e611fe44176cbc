//! Admission of entries: finds duplicates by leaf hash, applies the rules of events, and assigns indices.
//!
//! The state is a function of the entries. The newest entries and the keys are in memory here, the others in the table
//! of known entries; opening a log replays the entries that the table lacks.

use crate::config::Config;
use crate::dedup::{Batch, Dedup, Events, Loaded};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::writer::error::HistoryError;
use crate::writer::event_memory::Remembered;
use crate::writer::refusal::{Outcome, Receipt, Refusal};
use glasslog_core::crypto::ed25519_batch::{SMALL_BATCH, Seed};
use glasslog_core::event::Event;
use glasslog_core::merkle::Hash;
use glasslog_core::note::VerifierKey;
use glasslog_core::rules::{self, Admission, Admitted, Keyring};
use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_core::tiles::FULL_WIDTH;
use rayon::prelude::*;
use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

/// The judgement of an entry before its turn.
type Judged = Result<Word, Refusal>;

/// An entry that is not refused.
enum Word {
    /// The log has it, at this index.
    Duplicate(u64),
    /// The log did not have it when its group began; in a log of events, with its parsed event.
    New(Option<Box<Admitted>>),
}

/// Entries whose signatures are verified together: the batch is at its most efficient, and both cores have work.
const TOGETHER: usize = 1_024;

/// Fewer entries are one batch on one core: two half batches would cost a third more, and a busy log has other work for
/// the other core.
const WORTHWHILE: usize = 512;

fn new(admitted: Admitted) -> Word {
    Word::New(Some(Box::new(admitted)))
}

fn refused(refusal: rules::Refusal) -> Refusal {
    Refusal::Entry(Box::new(refusal))
}

/// Draws randomness for one batch of signatures.
fn seed() -> Option<Seed> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(Seed::new(bytes))
}

/// The rules of one log and their state.
#[derive(Debug)]
pub struct Admitter {
    /// `None` in a raw log.
    admission: Option<Admission<Remembered>>,
    dedup: Arc<Dedup>,
    /// Indices of the newest entries, from `first` on, by leaf hash.
    newest: HashMap<Hash, u64>,
    first: u64,
    size: u64,
    /// Number of key events admitted since the log was opened.
    key_changes: u64,
    /// True if the log is closed.
    pub(crate) is_closed: bool,
}

impl Admitter {
    /// Returns the admitter of an empty log.
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

    /// Continues at the size of the table on disk.
    ///
    /// # Errors
    /// The table has no genesis, though the log is a log of events.
    pub(crate) fn resume(&mut self, loaded: &Loaded) -> Result<(), String> {
        if let Some(admission) = &mut self.admission {
            for (index, entry) in &loaded.keys {
                admission.replay(*index, entry);
            }
            if admission.keyring().is_none() {
                return Err("it does not know the genesis".into());
            }
            // The table has these facts.
            admission.memory_mut().newest = Events::default();
            admission.resume(loaded.size);
        }
        (self.first, self.size) = (loaded.size, loaded.size);
        Ok(())
    }

    /// Returns the number of entries that have indices.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns the index of the entry with this leaf hash.
    pub fn position(&self, leaf: &Hash) -> Option<u64> {
        let newest = self.newest_position(leaf);
        newest.or_else(|| self.dedup.leaf(leaf))
    }

    /// As [`position`](Self::position), among the newest entries only.
    pub(crate) fn newest_position(&self, leaf: &Hash) -> Option<u64> {
        self.newest.get(leaf).copied()
    }

    /// Returns the keys; `None` in a raw log.
    pub fn keyring(&self) -> Option<&Keyring> {
        self.admission.as_ref().and_then(Admission::keyring)
    }

    /// Returns the key to which the log's last rotation changed.
    pub(crate) fn log_key(&self) -> Option<&VerifierKey> {
        self.admission.as_ref().and_then(Admission::log_key)
    }

    /// Judges a rotation of the log's key, which is `current`, and assigns the next index to it.
    pub(crate) fn admit_rotation(&mut self, leaf: &Leaf, current: &VerifierKey) -> Outcome {
        let admission = self.admission.as_ref().filter(|_| !self.is_closed);
        let admission = admission.ok_or(Refusal::Closed)?;
        let admitted = admission.check_rotation(leaf.entry(), current);
        let (receipt, _) = self.take(leaf, new(admitted.map_err(refused)?))?;
        Ok(receipt)
    }

    /// Judges entries and assigns the next indices to the new ones; returns the outcome of each, and the new entries.
    ///
    /// # Errors
    /// The table of known entries cannot be read; the log must then be opened again.
    pub(crate) fn admit(
        &mut self,
        leaves: Vec<Leaf>,
    ) -> Result<(Vec<Outcome>, Vec<Leaf>), LogError> {
        let judged = self.judge(&leaves);
        let keys = self.key_changes;
        let mut fresh = Vec::with_capacity(leaves.len());
        let outcomes = leaves.into_iter().zip(judged).map(|(leaf, judged)| {
            // A key event in this group may change the judgement of the entries after it.
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

    /// Freezes the newest entries if they are many.
    pub(crate) fn freeze_if_due(&mut self) {
        if self.newest.len() as u64 >= self.dedup.bounds.batch {
            self.freeze();
        }
    }

    /// Moves the newest entries, as complete bundles, to the table.
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

    /// Judges entries against the present state, on all cores.
    fn judge(&self, leaves: &[Leaf]) -> Vec<Judged> {
        if self.admission.is_none() || leaves.len() < 2 {
            return leaves.iter().map(|leaf| self.judge_one(leaf)).collect();
        }
        let share = leaves.len().div_ceil(rayon::current_num_threads());
        // So few signatures are verified one by one on any core.
        let share = match leaves.len() < SMALL_BATCH {
            true => share,
            false => share.clamp(WORTHWHILE, TOGETHER),
        };
        leaves
            .par_chunks(share)
            .flat_map_iter(|leaves| self.judge_together(leaves))
            .collect()
    }

    /// Judges entries on this core; their signatures are verified together if that is faster.
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

    /// Judges an entry without the rules of events: a duplicate is accepted, and so is any entry that a raw log can
    /// have.
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

    /// Assigns the next index to an entry, unless it has one, or an earlier entry of its group forbids it.
    fn take(&mut self, leaf: &Leaf, judged: Word) -> Result<(Receipt, bool), Refusal> {
        let (index, leaf_hash) = (self.size, *leaf.hash());
        let judged = match judged {
            Word::Duplicate(index) => return Ok((Receipt { index, leaf_hash }, false)),
            Word::New(judged) => judged,
        };
        // Since its group began the log admitted only entries of that group, which are among the newest.
        if let Some(index) = self.newest_position(&leaf_hash) {
            return Ok((Receipt { index, leaf_hash }, false));
        }
        if let Some(admitted) = &judged {
            self.check_acts_on(admitted)?;
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

    /// Checks that an access acts on an entry of this log. Only the table of known entries can tell.
    fn check_acts_on(&self, admitted: &Admitted) -> Result<(), Refusal> {
        let access = admitted.entry().access();
        match access.and_then(|access| access.acts_on) {
            Some(leaf_hash) if self.position(&leaf_hash).is_none() => {
                Err(Refusal::ActsOnNoEntry { leaf_hash })
            }
            _ => Ok(()),
        }
    }

    /// Replays an entry that was admitted before.
    pub(crate) fn replay(&mut self, entry: &[u8], leaf: Hash) -> Result<(), LogError> {
        let index = self.size;
        self.size += 1;
        if self.newest.insert(leaf, index).is_some() {
            return Err(HistoryError::NotAdmissible {
                index,
                problem: "it is in the log twice".into(),
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
        // Fewer entries are read from the log again faster than they are stored.
        if self.newest.len() as u64 >= self.dedup.bounds.least.max(u64::from(FULL_WIDTH)) {
            self.freeze();
        }
    }
}
