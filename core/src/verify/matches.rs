//! The entries that a verification has found so far, and the keys that it looks up: those asked for, and those that
//! valid registrations link to them (`docs/formats/events.md`, "Registration").
//!
//! An entry is kept as its bytes, with its keys beside them: a long history would need five times the memory parsed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;

use crate::event::event::{self, Event, EventError, ParsedEntry};
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::merkle::hash::Hash;
use crate::rules::registration::registrations;
use crate::text::limits::MAX_LINKED_KEYS;

/// One entry, proven to be in the log.
pub(crate) struct Held {
    pub(crate) leaf_hash: Hash,
    bytes: Vec<u8>,
    /// The hashes of its keys.
    keys: Vec<Hash>,
}

impl Held {
    pub(crate) fn new(leaf_hash: Hash, bytes: &[u8], keys: Vec<Hash>) -> Self {
        Self {
            leaf_hash,
            bytes: bytes.to_vec(),
            keys,
        }
    }

    pub(crate) fn has(&self, key: &Hash) -> bool {
        self.keys.contains(key)
    }

    pub(crate) fn keys(&self) -> &[Hash] {
        &self.keys
    }

    /// The event.
    pub(crate) fn parse(&self) -> Result<ParsedEntry, EventError> {
        event::parse(&self.bytes)
    }

    /// The event, if the entry is readable as one.
    pub(crate) fn parsed(&self) -> Option<ParsedEntry> {
        self.parse().ok()
    }
}

/// Entries by position, and the keys that make them interesting.
pub(crate) struct Matches {
    /// In the order in which they appeared.
    keys: Vec<LookupKey>,
    hashes: BTreeSet<Hash>,
    /// True if registrations link more keys than are followed.
    overflow: bool,
    entries: BTreeMap<u64, Held>,
    /// Positions in the order in which their entries came.
    order: Vec<u64>,
    /// Entries that are registrations not followed yet.
    registering: BTreeSet<u64>,
    /// Entries that [`Matches::visit_new`] has not shown yet.
    new: BTreeSet<u64>,
}

impl Matches {
    /// Starts with the keys that were asked for, each once.
    pub(crate) fn new(keys: impl IntoIterator<Item = LookupKey>) -> Self {
        let mut matches = Self {
            keys: Vec::new(),
            hashes: BTreeSet::new(),
            overflow: false,
            entries: BTreeMap::new(),
            order: Vec::new(),
            registering: BTreeSet::new(),
            new: BTreeSet::new(),
        };
        for key in keys {
            matches.add_key(key);
        }
        matches
    }

    fn add_key(&mut self, key: LookupKey) {
        if self.hashes.insert(key.hash()) {
            self.keys.push(key);
        }
    }

    pub(crate) fn keys(&self) -> &[LookupKey] {
        &self.keys
    }

    pub(crate) const fn has_overflown(&self) -> bool {
        self.overflow
    }

    /// Returns true if an entry with these keys is looked for.
    pub(crate) fn wants(&self, keys: &[Hash]) -> bool {
        keys.iter().any(|key| self.hashes.contains(key))
    }

    pub(crate) fn get(&self, index: u64) -> Option<&Held> {
        self.entries.get(&index)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, &Held)> {
        self.entries.iter().map(|(index, held)| (*index, held))
    }

    /// Keeps an entry.
    pub(crate) fn keep(&mut self, index: u64, held: Held, parsed: Option<&ParsedEntry>) {
        if parsed.is_some_and(|parsed| registrations(parsed).next().is_some()) {
            self.registering.insert(index);
        }
        self.new.insert(index);
        if self.entries.insert(index, held).is_none() {
            self.order.push(index);
        }
    }

    /// The entries that carry one of the keys among those that came after the first `from`, and how many came in all.
    pub(crate) fn found(&self, from: usize) -> (usize, impl Iterator<Item = (u64, &Held)>) {
        let came = self.order.get(from..).unwrap_or_default().iter();
        let held = came.filter_map(|index| self.entries.get(index).map(|held| (*index, held)));
        let wanted = held.filter(|(_, held)| self.wants(held.keys()));
        (self.order.len(), wanted)
    }

    /// Shows what the entries say that carry one of the keys, each once, in log order.
    pub(crate) fn visit_new(&mut self, mut visit: impl FnMut(&ParsedEntry)) {
        for index in core::mem::take(&mut self.new) {
            match self.entries.get(&index) {
                Some(held) if self.wants(held.keys()) => {
                    if let Some(parsed) = held.parsed() {
                        visit(&parsed);
                    }
                }
                // It is here for another reason, and may be wanted later.
                _ => {
                    self.new.insert(index);
                }
            }
        }
    }

    /// Takes in what the registrations found so far link to the keys, and gives the keys that are new. `valid` tells
    /// whether the event at a position counts.
    pub(crate) fn follow(&mut self, valid: impl Fn(u64, &ParsedEntry) -> bool) -> Vec<LookupKey> {
        let known = self.keys.len();
        for index in core::mem::take(&mut self.registering) {
            let Some(held) = self.entries.get(&index) else {
                continue;
            };
            if !self.wants(held.keys()) {
                // It is here for another reason, and may be wanted later.
                self.registering.insert(index);
                continue;
            }
            let parsed = held.parsed();
            let Some(parsed) = parsed.filter(|parsed| valid(index, parsed)) else {
                continue;
            };
            for (name, digest) in registrations(&parsed) {
                let digest = format!("sha256:{digest}");
                for key in [
                    LookupKey::new(KeyKind::Version, name),
                    LookupKey::new(KeyKind::Digest, digest),
                ] {
                    if self.keys.len() < MAX_LINKED_KEYS || self.keys.contains(&key) {
                        self.add_key(key);
                    } else {
                        self.overflow = true;
                    }
                }
            }
        }
        self.keys.get(known..).unwrap_or_default().to_vec()
    }

    /// The events that carry one of the keys, in log order; each entry is given up on the way.
    pub(crate) fn take_events(&mut self) -> impl Iterator<Item = (u64, Hash, ParsedEntry)> {
        let hashes = core::mem::take(&mut self.hashes);
        let entries = core::mem::take(&mut self.entries).into_iter();
        entries.filter_map(move |(index, held)| {
            let wanted = held.keys.iter().any(|key| hashes.contains(key));
            let parsed = wanted.then(|| held.parsed()).flatten()?;
            Some((index, held.leaf_hash, parsed))
        })
    }
}

/// The signing keys whose state decides what an event's signatures are worth: those that claim to have signed it, or
/// the one that a key event is about, which admins sign.
pub(crate) fn signing_keys(parsed: &ParsedEntry) -> Vec<LookupKey> {
    let digest = |keyid: &str| LookupKey::new(KeyKind::Digest, keyid);
    match &parsed.event {
        Event::Genesis(_) => Vec::new(),
        Event::Key(event) => Vec::from([digest(&event.spki.key_id())]),
        Event::Access(_) | Event::Other(_) => {
            let signatures = parsed.envelope.signatures().iter();
            signatures
                .map(|signature| digest(&signature.keyid))
                .collect()
        }
    }
}
