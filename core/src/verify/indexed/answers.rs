//! Answers of the index so far, compared with the entries that were read (`docs/formats/index.md`, "A reader").
//!
//! An entry that lacks a key it was found by was *inserted*; an entry that was read for any reason, has a key that was
//! looked up and is not in its list, was *left out*. Either proves the index false.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::index::read::lookup::Answer;
use crate::merkle::hash::Hash;
use crate::report::evidence::Evidence;
use crate::text::limits::MAX_MALFORMED_READ;
use crate::verify::matches::Matches;

/// The positions of each key that was looked up.
#[derive(Default)]
pub(crate) struct Answers {
    lists: BTreeMap<Hash, List>,
}

struct List {
    key: LookupKey,
    positions: Vec<u64>,
    /// Number of the first positions whose entries are read: all, but of *malformed* the first few.
    checked: usize,
}

/// An entry about which the index is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongPosition {
    pub(crate) index: u64,
    pub(crate) key: LookupKey,
    /// It lacks the key, and the index says that it has it; if not, the other way round.
    pub(crate) inserted: bool,
}

impl Answers {
    /// Returns true if the key was looked up and all its entries were read.
    pub(crate) fn has(&self, key: &LookupKey) -> bool {
        let list = self.lists.get(&key.hash());
        list.is_some_and(|list| list.checked == list.positions.len())
    }

    /// Bytes that the positions take.
    pub(crate) fn size(&self) -> usize {
        let lists = self.lists.values().map(|list| list.positions.len());
        lists.sum::<usize>().saturating_mul(size_of::<u64>())
    }

    /// Takes in the answer for these keys.
    pub(crate) fn add(&mut self, keys: &[LookupKey], answer: &Answer) {
        for key in keys {
            let hash = key.hash();
            let positions = answer.positions(&hash).unwrap_or_default().to_vec();
            let limit = match key.kind {
                KeyKind::Malformed => MAX_MALFORMED_READ,
                _ => usize::MAX,
            };
            let list = List {
                key: key.clone(),
                checked: limit.min(positions.len()),
                positions,
            };
            self.lists.insert(hash, list);
        }
    }

    /// Reads only the first `checked` positions of a key.
    pub(crate) fn restrict(&mut self, key: &LookupKey, checked: usize) {
        if let Some(list) = self.lists.get_mut(&key.hash()) {
            list.checked = list.checked.min(checked);
        }
    }

    /// The positions of a key before the tail.
    pub(crate) fn of(&self, key: &LookupKey) -> &[u64] {
        let list = self.lists.get(&key.hash());
        list.map_or(&[], |list| &list.positions)
    }

    /// Those positions of a key whose entries are read.
    pub(crate) fn checked(&self, key: &LookupKey) -> &[u64] {
        let list = self.lists.get(&key.hash());
        list.and_then(|list| list.positions.get(..list.checked))
            .unwrap_or_default()
    }

    /// After a round for `keys` that read the entries `fresh`: holds the new lists against all entries that are here, and
    /// the new entries against all lists. Entries from `covered` on are not the index's.
    pub(crate) fn check(
        &self,
        keys: &[LookupKey],
        fresh: &[u64],
        covered: u64,
        matches: &Matches,
    ) -> Result<(), WrongPosition> {
        let mut new = BTreeSet::new();
        for key in keys {
            let hash = key.hash();
            let lacks = |index: &&u64| !matches.get(**index).is_some_and(|held| held.has(&hash));
            if let Some(index) = self.checked(key).iter().find(lacks) {
                return Err(WrongPosition::new(*index, key, true));
            }
            new.insert(hash);
        }
        let malformed = LookupKey::new(KeyKind::Malformed, "");
        let (hash, listed) = (malformed.hash(), self.of(&malformed));
        for (index, held) in matches.entries().filter(|(index, _)| *index < covered) {
            // Most of that list is not read, so every entry that was read is held against it.
            if !held.has(&hash) && listed.binary_search(&index).is_ok() {
                return Err(WrongPosition::new(index, &malformed, true));
            }
            let is_fresh = fresh.binary_search(&index).is_ok();
            for hash in held.keys() {
                let list = self
                    .lists
                    .get(hash)
                    .filter(|_| is_fresh || new.contains(hash));
                if let Some(list) = list
                    && list.positions.binary_search(&index).is_err()
                {
                    return Err(WrongPosition::new(index, &list.key, false));
                }
            }
        }
        Ok(())
    }
}

impl Answers {
    /// An entry about which the index is wrong, among those that are here: others may be missing, and prove nothing.
    pub(crate) fn contradicted(&self, covered: u64, matches: &Matches) -> Option<WrongPosition> {
        let inserted = self.lists.iter().find_map(|(hash, list)| {
            let lacks = |index: &&u64| matches.get(**index).is_some_and(|held| !held.has(hash));
            let index = list.positions.iter().find(lacks)?;
            Some(WrongPosition::new(*index, &list.key, true))
        });
        inserted.or_else(|| {
            let mut entries = matches.entries().filter(|(index, _)| *index < covered);
            entries.find_map(|(index, held)| {
                held.keys().iter().find_map(|hash| {
                    let list = self.lists.get(hash)?;
                    let is_listed = list.positions.binary_search(&index).is_ok();
                    (!is_listed).then(|| WrongPosition::new(index, &list.key, false))
                })
            })
        })
    }
}

impl WrongPosition {
    fn new(index: u64, key: &LookupKey, inserted: bool) -> Self {
        Self {
            index,
            key: key.clone(),
            inserted,
        }
    }

    /// One sentence.
    pub(crate) fn detail(&self) -> String {
        let Self { index, key, .. } = self;
        let kind = key.kind.as_str();
        let name = match key.id.as_str() {
            "" => format!("the key *{kind}*"),
            id => format!("the {kind} `{id}`"),
        };
        if self.inserted {
            format!("the index lists entry {index} for {name}, which the entry does not have")
        } else {
            format!("the index leaves out entry {index}, which has {name}")
        }
    }

    /// Index, key, and what is wrong.
    pub(crate) fn evidence(&self) -> Evidence {
        let fault = if self.inserted {
            "insertion"
        } else {
            "omission"
        };
        Evidence::new()
            .with("index", self.index)
            .with("kind", self.key.kind.as_str())
            .with("id", self.key.id.as_str())
            .with("fault", fault)
    }
}
