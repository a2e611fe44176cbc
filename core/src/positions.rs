//! Where each key occurs in a scanned log, by a short hash of the key; what matches is checked against the event itself.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::index_key::LookupKey;

/// Positions by key: 16 bytes for each key of each entry, about 64 bytes an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions {
    /// The first eight bytes of the key's hash, and the position.
    pairs: Vec<(u64, u64)>,
}

impl Positions {
    pub(crate) fn add(&mut self, index: u64, keys: &BTreeSet<LookupKey>) {
        self.pairs
            .extend(keys.iter().map(|key| (short(key), index)));
    }

    /// Sorts, after the last [`Positions::add`] and before the first [`Positions::of`].
    pub(crate) fn seal(&mut self) {
        self.pairs.sort_unstable();
    }

    /// Positions that may hold `key`: all that do, and by chance another.
    pub(crate) fn of(&self, key: &LookupKey) -> impl Iterator<Item = u64> {
        let short = short(key);
        let first = self.pairs.partition_point(|pair| pair.0 < short);
        let rest = self.pairs.get(first..).unwrap_or_default();
        rest.iter()
            .take_while(move |pair| pair.0 == short)
            .map(|pair| pair.1)
    }
}

fn short(key: &LookupKey) -> u64 {
    let hash = key.hash();
    hash.as_bytes()
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
