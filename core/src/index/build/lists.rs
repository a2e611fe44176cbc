//! Sorted keys, each with its offsets: the content of a run before it is divided into buckets.

use crate::merkle::hash::Hash;
use alloc::vec::Vec;

/// Keys in strict order, each with offsets in strict order; takes 4 bytes for an offset and 40 for a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Each key, and the end of its offsets in `offsets`.
    keys: Vec<(Hash, usize)>,
    offsets: Vec<u32>,
}

impl Lists {
    /// Sorts pairs of key and offset, and drops duplicates.
    #[must_use]
    pub fn from_pairs(mut pairs: Vec<(Hash, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut lists = Self::default();
        for (key, offset) in pairs {
            lists.push(key, offset);
        }
        lists
    }

    /// Adds a pair, which must come after all others in order.
    pub(crate) fn push(&mut self, key: Hash, offset: u32) {
        self.offsets.push(offset);
        let end = self.offsets.len();
        match self.keys.last_mut() {
            Some((last, last_end)) if *last == key => *last_end = end,
            _ => self.keys.push((key, end)),
        }
    }

    /// The keys in order, each with its offsets.
    pub fn iter(&self) -> impl Iterator<Item = (&Hash, &[u32])> {
        let mut start = 0usize;
        self.keys.iter().map(move |(key, end)| {
            let offsets = self.offsets.get(start..*end).unwrap_or_default();
            start = *end;
            (key, offsets)
        })
    }

    /// Number of pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.offsets.len()
    }

    /// The largest offset.
    #[must_use]
    pub fn max_offset(&self) -> Option<u32> {
        self.offsets.iter().copied().max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::sha256;
    use alloc::vec;

    #[test]
    fn pairs_are_sorted_and_grouped() {
        let mut keys = [sha256(b"a"), sha256(b"b")];
        keys.sort();
        let [a, b] = keys;
        let lists = Lists::from_pairs(vec![(b, 3), (a, 7), (b, 1), (a, 7), (a, 2)]);
        let found: Vec<_> = lists.iter().collect();
        assert_eq!(found, [(&a, &[2, 7][..]), (&b, &[1, 3][..])]);
        assert_eq!((lists.pairs(), lists.max_offset()), (4, Some(7)));
        assert_eq!(Lists::default().iter().count(), 0);
    }
}
