//! Acknowledgements in force: entries that should not be in the log, of which the admins state that they know
//! (docs/formats/valid-signature.md, "Acknowledged entries").
//!
//! An acknowledged entry still counts for nothing, and no longer decides the outcome of a verification.

use crate::event::event::{Event, ParsedEntry};
use crate::merkle::hash::Hash;
use crate::rules::keyring::Keyring;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

/// The acknowledgements of a log at some position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledgements {
    /// By index and leaf hash of the entry.
    entries: BTreeMap<(u64, Hash), Acknowledged>,
    /// Payloads that enough admins signed: a copy has no effect.
    seen: BTreeSet<Hash>,
}

/// The acknowledgement of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Index of the acknowledgement.
    pub at: u64,
    /// The reason, for people.
    pub reason: String,
}

impl Acknowledgements {
    /// Applies the entry at `index`. Entries must come in log order; only acknowledgements have an effect. Returns whether
    /// it had one.
    pub fn apply(&mut self, keyring: &Keyring, index: u64, entry: &ParsedEntry) -> bool {
        let Event::Acknowledgement(event) = &entry.event else {
            return false;
        };
        if !keyring.judge(index, entry).is_valid()
            || !self.seen.insert(entry.envelope.payload_digest())
        {
            return false;
        }
        // An entry that is not there yet cannot be known.
        let known = event.entries.iter().filter(|(at, _)| *at < index);
        for entry in known {
            self.entries.entry(*entry).or_insert_with(|| Acknowledged {
                at: index,
                reason: event.reason.clone(),
            });
        }
        true
    }

    /// Returns the first acknowledgement of the entry at `index` with this leaf hash.
    #[must_use]
    pub fn of(&self, index: u64, leaf_hash: &Hash) -> Option<&Acknowledged> {
        self.entries.get(&(index, *leaf_hash))
    }
}
