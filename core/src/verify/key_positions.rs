//! Positions of each key in a scanned log, by a short hash of the key; a match is checked against the event itself.

use alloc::vec::Vec;

use crate::merkle::hash::Hash;

/// Positions by key: 16 bytes for each key of each entry, about 64 bytes an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyPositions {
    /// The first eight bytes of the key's hash, and the position.
    pairs: Vec<(u64, u64)>,
    sealed: bool,
}

impl KeyPositions {
    pub(crate) fn add(&mut self, index: u64, keys: &[Hash]) {
        self.pairs
            .extend(keys.iter().map(|key| (short(key), index)));
    }

    /// Sorts, after the last [`KeyPositions::add`] and before the first [`KeyPositions::of`].
    pub(crate) fn seal(&mut self) {
        self.pairs.sort_unstable();
        self.sealed = true;
    }

    /// Bytes that the positions take.
    pub(crate) fn size(&self) -> usize {
        self.pairs
            .capacity()
            .saturating_mul(size_of::<(u64, u64)>())
    }

    pub(crate) const fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Positions that may hold `key`: all that do, and by chance another.
    pub(crate) fn of(&self, key: Hash) -> impl Iterator<Item = u64> {
        let short = short(&key);
        let first = self.pairs.partition_point(|pair| pair.0 < short);
        let rest = self.pairs.get(first..).unwrap_or_default();
        rest.iter()
            .take_while(move |pair| pair.0 == short)
            .map(|pair| pair.1)
    }
}

fn short(key: &Hash) -> u64 {
    key.as_bytes()
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
