//! The entries that a verification has found so far, and the keys that it looks up: those asked for, and the digests that
//! registrations link to them (`docs/formats/queries.md`, "Closure").
//!
//! An entry is kept as its bytes, with its keys beside them: a long history would need five times the memory parsed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::event::event::{self, Event, EventError, ParsedEntry};
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::merkle::hash::Hash;
use crate::rules::registration::registers;
use crate::text::limits::{
    MAX_CONSULTED, MAX_CONSULTED_BYTES, MAX_LINKED_BYTES, MAX_LINKED_ENTRIES, MAX_NAMED_BYTES,
    MAX_NAMED_ENTRIES,
};

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

    /// Bytes that it takes, with its places in the maps.
    fn size(&self) -> usize {
        const PLACES: usize = 128;
        let keys = self.keys.len().saturating_mul(size_of::<Hash>());
        self.bytes.len().saturating_add(keys).saturating_add(PLACES)
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

/// Entries by position, and the keys that they were found by.
pub(crate) struct Matches {
    /// The keys that were looked up for events, in this order.
    keys: Vec<LookupKey>,
    /// The keys of the question: every entry with one of them belongs to the answer.
    asked: BTreeSet<Hash>,
    /// The digests that the question is linked to, and the bytes of the entries kept for each: entries with one of them may
    /// belong to the answer.
    linked: BTreeMap<Hash, usize>,
    /// Names under which events know the files in question, in order of rank, and the bytes of the entries kept for each.
    named: Vec<(Hash, usize)>,
    /// Digests and names with too many entries, or too many bytes of them.
    left_out: BTreeSet<Hash>,
    /// Entries that are kept for linked digests alone.
    for_linked: Share,
    /// Entries that are kept for such names alone.
    for_named: Share,
    /// Keys whose registrations before a position decide about a binding; their events are not part of the answer.
    consulted: BTreeMap<Hash, u64>,
    /// Entries that are kept for these alone.
    for_consulted: Share,
    /// The first entry that is not kept for them, because those before it take all the bytes.
    consulted_end: u64,
    /// Entries that may still be read for linked digests.
    budget: usize,
    /// Entries that may still be read for names.
    named_budget: usize,
    /// Number of keys that were left out, in whole or in part.
    skipped: u64,
    entries: BTreeMap<u64, Held>,
    /// Bytes that the entries take.
    size: usize,
    /// Positions in the order in which their entries came.
    order: Vec<u64>,
    /// Entries that are successful registrations.
    registering: BTreeSet<u64>,
    /// Entries that [`Matches::visit_new`] has not shown yet.
    new: BTreeSet<u64>,
    /// Entries that are no events.
    unreadable: BTreeSet<u64>,
}

/// Entries that are kept for one reason alone, and the bytes that they take.
#[derive(Default)]
struct Share {
    entries: BTreeSet<u64>,
    size: usize,
}

impl Share {
    fn add(&mut self, index: u64, size: usize) {
        self.entries.insert(index);
        self.size = self.size.saturating_add(size);
    }
}

/// Part of an entry in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It has a key of the question.
    Asked,
    /// It has a name under which events know the files in question.
    Named,
    /// It has a digest that the question is linked to.
    Linked,
    /// It precedes a registration whose binding is in question.
    Consulted,
}

impl Matches {
    /// Starts with the keys that were asked for, each once.
    pub(crate) fn new(keys: impl IntoIterator<Item = LookupKey>) -> Self {
        let mut matches = Self {
            keys: Vec::new(),
            asked: BTreeSet::new(),
            linked: BTreeMap::new(),
            named: Vec::new(),
            left_out: BTreeSet::new(),
            for_linked: Share::default(),
            for_named: Share::default(),
            consulted: BTreeMap::new(),
            for_consulted: Share::default(),
            consulted_end: u64::MAX,
            budget: MAX_LINKED_ENTRIES,
            named_budget: MAX_NAMED_ENTRIES,
            skipped: 0,
            entries: BTreeMap::new(),
            size: 0,
            order: Vec::new(),
            registering: BTreeSet::new(),
            new: BTreeSet::new(),
            unreadable: BTreeSet::new(),
        };
        for key in keys {
            if matches.asked.insert(key.hash()) {
                matches.keys.push(key);
            }
        }
        matches
    }

    /// Takes up a further key of the question; `false` if it is one already.
    pub(crate) fn ask(&mut self, key: &LookupKey) -> bool {
        let is_new = self.asked.insert(key.hash());
        if is_new {
            self.keys.push(key.clone());
        }
        is_new
    }

    /// The keys that were looked up for events.
    pub(crate) fn keys(&self) -> &[LookupKey] {
        &self.keys
    }

    /// Returns true if an entry with these keys has a key of the question.
    pub(crate) fn is_asked(&self, keys: &[Hash]) -> bool {
        keys.iter().any(|key| self.asked.contains(key))
    }

    /// The number of linked digests that were looked up.
    pub(crate) fn linked(&self) -> u64 {
        u64::try_from(self.linked.len()).unwrap_or(u64::MAX)
    }

    /// Returns true if an entry at `index` with these keys is kept.
    pub(crate) fn keeps(&self, index: u64, keys: &[Hash]) -> bool {
        self.part(index, keys).is_some()
    }

    fn part(&self, index: u64, keys: &[Hash]) -> Option<Part> {
        if self.is_asked(keys) {
            Some(Part::Asked)
        } else if self.named.iter().any(|(name, _)| keys.contains(name)) {
            Some(Part::Named)
        } else if keys.iter().any(|key| self.linked.contains_key(key)) {
            Some(Part::Linked)
        } else {
            let is_consulted = index < self.consulted_end && self.precedes(index, keys);
            is_consulted.then_some(Part::Consulted)
        }
    }

    /// Positions of the entries that an answer may show.
    pub(crate) fn shown(&self) -> Vec<u64> {
        let is_shown = |(index, held): &(&u64, &Held)| {
            matches!(
                self.part(**index, &held.keys),
                Some(Part::Asked | Part::Named | Part::Linked)
            )
        };
        let shown = self.entries.iter().filter(is_shown);
        shown.map(|(index, _)| *index).collect()
    }

    /// Returns true if an entry at `index` with these keys may decide about a binding.
    fn precedes(&self, index: u64, keys: &[Hash]) -> bool {
        let mut ends = keys.iter().filter_map(|key| self.consulted.get(key));
        ends.any(|end| index < *end)
    }

    /// Takes up a linked digest with these positions; `false` if it has more new entries than may still be read.
    pub(crate) fn link(&mut self, key: &LookupKey, positions: &[u64]) -> bool {
        let new = positions
            .iter()
            .filter(|index| !self.entries.contains_key(index));
        let Some(budget) = self.budget.checked_sub(new.count()) else {
            self.skipped += 1;
            return false;
        };
        self.budget = budget;
        if self.linked.insert(key.hash(), 0).is_none() {
            self.keys.push(key.clone());
        }
        true
    }

    /// Takes up a name of the files in question with these positions. Names come in order of rank: with the first one that has
    /// more new entries than may still be read, all after it are left out.
    pub(crate) fn name(&mut self, key: &LookupKey, positions: &[u64]) -> bool {
        let new = positions
            .iter()
            .filter(|index| !self.entries.contains_key(index));
        let Some(budget) = self.named_budget.checked_sub(new.count()) else {
            self.named_budget = 0;
            self.left_out.insert(key.hash());
            return false;
        };
        self.named_budget = budget;
        self.named.push((key.hash(), 0));
        self.keys.push(key.clone());
        true
    }

    /// Returns true if an entry with one of these keys is not kept, since a digest, a name, or what was recorded before a
    /// registration, takes too many bytes.
    pub(crate) fn leaves_out(&self, index: u64, keys: &[Hash]) -> bool {
        let mut left_out = keys.iter().filter(|key| self.left_out.contains(*key));
        (left_out.next().is_some() || self.precedes(index, keys)) && !self.keeps(index, keys)
    }

    /// The first entry that is not kept for bindings alone.
    pub(crate) const fn consulted_end(&self) -> u64 {
        self.consulted_end
    }

    /// Leaves out names.
    pub(crate) fn leave_out_names(&mut self, keys: &[LookupKey]) {
        self.left_out.extend(keys.iter().map(LookupKey::hash));
    }

    /// Returns true if the key is a digest or a name that takes too many entries or bytes.
    pub(crate) fn is_left_out(&self, key: &LookupKey) -> bool {
        self.left_out.contains(&key.hash())
    }

    /// Leaves out keys that have too many positions to be looked up.
    pub(crate) fn skip(&mut self, count: u64) {
        self.skipped += count;
    }

    /// The number of keys that were left out, in whole or in part.
    pub(crate) const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes up a key whose registrations before `end` are consulted; returns the number of its first positions to read.
    pub(crate) fn consult(&mut self, key: &LookupKey, positions: &[u64], end: u64) -> usize {
        let before = positions.partition_point(|index| *index < end);
        if before > MAX_CONSULTED {
            self.skipped += 1;
        }
        let end = positions
            .get(MAX_CONSULTED)
            .map_or(end, |first| end.min(*first));
        self.consulted.insert(key.hash(), end);
        before.min(MAX_CONSULTED)
    }

    pub(crate) fn get(&self, index: u64) -> Option<&Held> {
        self.entries.get(&index)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, &Held)> {
        self.entries.iter().map(|(index, held)| (*index, held))
    }

    /// Keeps an entry.
    pub(crate) fn keep(&mut self, index: u64, held: Held, parsed: Option<&ParsedEntry>) {
        if parsed.is_some_and(registers) {
            self.registering.insert(index);
        }
        if parsed.is_none() {
            self.unreadable.insert(index);
        }
        self.new.insert(index);
        let (size, part) = (held.size(), self.part(index, &held.keys));
        self.size = self.size.saturating_add(size);
        if self.entries.insert(index, held).is_none() {
            self.order.push(index);
            match part {
                Some(Part::Named) => self.count_named(index, size),
                Some(Part::Linked) => self.count_linked(index, size),
                Some(Part::Consulted) => self.count_consulted(index, size),
                Some(Part::Asked) | None => {}
            }
        }
    }

    /// Counts an entry that is kept for names alone. While these take more than their share, the last one in rank is left out:
    /// what remains is the same, in whatever order the entries come.
    fn count_named(&mut self, index: u64, size: usize) {
        self.for_named.add(index, size);
        let held = self.entries.get(&index);
        let keys = held.map(Held::keys).unwrap_or_default();
        for (_, bytes) in self
            .named
            .iter_mut()
            .filter(|(name, _)| keys.contains(name))
        {
            *bytes = bytes.saturating_add(size);
        }
        while self.for_named.size > MAX_NAMED_BYTES {
            let Some((last, _)) = self.named.pop() else {
                return;
            };
            self.named_budget = 0;
            self.give_up_key(&last);
            self.for_named = self.still_kept(Part::Named);
        }
    }

    /// Counts an entry that is kept for linked digests alone. While these take more than their share, the digest with the most
    /// bytes is left out.
    fn count_linked(&mut self, index: u64, size: usize) {
        self.for_linked.add(index, size);
        let held = self.entries.get(&index);
        for key in held.into_iter().flat_map(Held::keys) {
            if let Some(bytes) = self.linked.get_mut(key) {
                *bytes = bytes.saturating_add(size);
            }
        }
        while self.for_linked.size > MAX_LINKED_BYTES {
            let largest = self.linked.iter().max_by_key(|(_, bytes)| **bytes);
            let Some(digest) = largest.map(|(key, _)| *key) else {
                return;
            };
            self.linked.remove(&digest);
            self.skipped += 1;
            self.give_up_key(&digest);
            self.for_linked = self.still_kept(Part::Linked);
        }
    }

    /// Counts an entry that is kept for bindings alone. While these take more than their share, the last one is given up, and so
    /// are all after it: what remains is the same, in whatever order they come.
    fn count_consulted(&mut self, index: u64, size: usize) {
        self.for_consulted.add(index, size);
        while self.for_consulted.size > MAX_CONSULTED_BYTES {
            let Some(last) = self.for_consulted.entries.pop_last() else {
                return;
            };
            let held = self.entries.get(&last);
            let size = held.map_or(0, Held::size);
            self.for_consulted.size = self.for_consulted.size.saturating_sub(size);
            if held.and_then(|held| self.part(last, &held.keys)) == Some(Part::Consulted) {
                self.skipped += u64::from(self.consulted_end == u64::MAX);
                self.consulted_end = last;
                self.forget(last, size);
            }
        }
    }

    /// Gives up an entry.
    fn forget(&mut self, index: u64, size: usize) {
        self.size = self.size.saturating_sub(size);
        self.entries.remove(&index);
        self.registering.remove(&index);
        self.new.remove(&index);
        self.unreadable.remove(&index);
    }

    /// Gives up a key that takes too many bytes.
    fn give_up_key(&mut self, hash: &Hash) {
        self.left_out.insert(*hash);
        self.keys.retain(|key| key.hash() != *hash);
    }

    /// Of the entries that were kept for this part alone, those that still are; gives up those that nothing needs any more.
    fn still_kept(&mut self, part: Part) -> Share {
        let share = match part {
            Part::Named => &mut self.for_named,
            _ => &mut self.for_linked,
        };
        let mut kept = Share::default();
        for index in core::mem::take(share).entries {
            let held = self.entries.get(&index);
            let size = held.map_or(0, Held::size);
            match held.and_then(|held| self.part(index, &held.keys)) {
                Some(now) if now == part => kept.add(index, size),
                Some(_) => {}
                None => self.forget(index, size),
            }
        }
        kept
    }

    /// Bytes that the entries take.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// The entries that have a key of the question among those that came after the first `from`, and how many came in all.
    pub(crate) fn found(&self, from: usize) -> (usize, impl Iterator<Item = (u64, &Held)>) {
        let came = self.order.get(from..).unwrap_or_default().iter();
        let held = came.filter_map(|index| self.entries.get(index).map(|held| (*index, held)));
        let asked = held.filter(|(index, held)| self.part(*index, &held.keys) == Some(Part::Asked));
        (self.order.len(), asked)
    }

    /// The entries that are no events, and have one of the keys or one of `others`, in log order.
    pub(crate) fn unreadable(&self, others: &BTreeSet<Hash>) -> Vec<u64> {
        let concerns = |index: &&u64| {
            let held = self.entries.get(*index);
            let mut keys = held
                .map(|held| held.keys.as_slice())
                .unwrap_or_default()
                .iter();
            held.is_some_and(|held| self.keeps(**index, &held.keys))
                || keys.any(|key| others.contains(key))
        };
        self.unreadable.iter().filter(concerns).copied().collect()
    }

    /// Shows each event whose signatures matter, once, in log order: those that may belong to the answer, and registrations
    /// that were consulted.
    pub(crate) fn visit_new(&mut self, mut visit: impl FnMut(&ParsedEntry)) {
        for index in core::mem::take(&mut self.new) {
            let Some(held) = self.entries.get(&index) else {
                continue;
            };
            let matters = match self.part(index, &held.keys) {
                Some(Part::Asked | Part::Named | Part::Linked) => true,
                Some(Part::Consulted) => self.registering.contains(&index),
                None => false,
            };
            if !matters {
                // It is here for another reason, and a later wave may want it.
                self.new.insert(index);
            } else if let Some(parsed) = held.parsed() {
                visit(&parsed);
            }
        }
    }

    /// The successful registrations that have one of the keys, in log order.
    pub(crate) fn registrations(&self) -> impl Iterator<Item = (u64, Part, ParsedEntry)> {
        self.registering.iter().filter_map(|index| {
            let held = self.entries.get(index)?;
            Some((*index, self.part(*index, &held.keys)?, held.parsed()?))
        })
    }

    /// Returns true if an event that may belong to the answer claims to be signed by such a key.
    pub(crate) fn is_signed_by(&self, is_such: impl Fn(&str) -> bool) -> bool {
        let found = self.entries.iter().filter(|(index, held)| {
            matches!(
                self.part(**index, &held.keys),
                Some(Part::Asked | Part::Named | Part::Linked)
            )
        });
        let mut parsed = found.filter_map(|(_, held)| held.parsed());
        parsed.any(|parsed| {
            let mut signatures = parsed.envelope.signatures().iter();
            signatures.any(|signature| is_such(&signature.keyid))
        })
    }

    /// The events with this part in the answer, in log order.
    pub(crate) fn events(&self, part: Part) -> impl Iterator<Item = (u64, ParsedEntry)> {
        let entries = self.entries.iter();
        entries.filter_map(move |(index, held)| {
            let is_so = self.part(*index, &held.keys) == Some(part);
            let parsed = is_so.then(|| held.parsed()).flatten()?;
            Some((*index, parsed))
        })
    }

    /// The events that have one of the keys, in log order; each entry is given up on the way.
    pub(crate) fn take_events(&mut self) -> impl Iterator<Item = (u64, Part, Hash, ParsedEntry)> {
        let entries = core::mem::take(&mut self.entries).into_iter();
        entries.filter_map(|(index, held)| {
            let part = self.part(index, &held.keys)?;
            Some((index, part, held.leaf_hash, held.parsed()?))
        })
    }
}

/// The signing keys whose state decides what an event's signatures are worth: those that claim to have signed it, or
/// the one that a key event is about, which admins sign.
pub(crate) fn signing_keys(parsed: &ParsedEntry) -> Vec<LookupKey> {
    let state = |keyid: &str| LookupKey::new(KeyKind::KeyState, keyid);
    match &parsed.event {
        Event::Genesis(_) | Event::Acknowledgement(_) | Event::LogKey(_) => Vec::new(),
        Event::Key(event) => Vec::from([state(&event.spki.key_id())]),
        Event::Access(_) | Event::Other(_) => {
            let signatures = parsed.envelope.signatures().iter();
            signatures
                .map(|signature| state(&signature.keyid))
                .collect()
        }
    }
}
