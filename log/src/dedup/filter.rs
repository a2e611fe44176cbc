//! A filter in memory that recognises most new hashes, so that they need no look-up in the store.
//!
//! A blocked Bloom filter (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007): a hash
//! has eight bits in one line of 64 bytes, so it costs one cache miss. Hashes are used as they are: a submitter who
//! searches for entries with set bits causes needless look-ups in the store, and nothing else.

use glasslog_core::merkle::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Words in a line.
const LINE: usize = 8;

/// Bits of memory for each hash: the error rate is then one in eighty.
const BITS_PER_HASH: usize = 10;

/// Hashes in the first layer at least.
const LEAST: usize = 1 << 16;

/// Bits for a fixed number of hashes. Several threads can add hashes.
#[derive(Debug)]
pub(crate) struct Layer {
    words: Box<[AtomicU64]>,
    room: usize,
}

impl Layer {
    /// Returns an empty layer for `room` hashes.
    pub(crate) fn new(room: usize) -> Self {
        let room = room.max(LEAST);
        let lines = (room * BITS_PER_HASH).div_ceil(LINE * 64);
        let words = (0..lines * LINE).map(|_| AtomicU64::new(0)).collect();
        Self { words, room }
    }

    /// Returns the line of a hash, and the bit in each of its words.
    fn bits_of(&self, hash: &Hash) -> (&[AtomicU64], [u32; LINE]) {
        let bytes = hash.as_bytes();
        let number = bytes.first_chunk().copied().unwrap_or_default();
        let lines = self.words.len() / LINE;
        // Each line gets an equal share of the range of numbers.
        let line = ((u128::from(u64::from_be_bytes(number)) * lines as u128) >> 64) as usize;
        let bits = bytes.last_chunk().copied().unwrap_or([0; LINE]);
        let words = self.words.get(line * LINE..).unwrap_or_default();
        (words, bits.map(|byte| u32::from(byte) % 64))
    }

    /// Adds a hash.
    pub(crate) fn add(&self, hash: &Hash) {
        let (words, bits) = self.bits_of(hash);
        for (word, bit) in words.iter().zip(bits) {
            word.fetch_or(1 << bit, Ordering::Relaxed);
        }
    }

    fn may_have(&self, hash: &Hash) -> bool {
        let (words, bits) = self.bits_of(hash);
        let mut bits = words.iter().zip(bits);
        bits.all(|(word, bit)| word.load(Ordering::Relaxed) >> bit & 1 == 1)
    }
}

/// Layers, each as large as all earlier ones together.
#[derive(Debug)]
pub(crate) struct Filter {
    layers: Vec<Arc<Layer>>,
    room: usize,
    /// Hashes for which the last layer still has room.
    left: usize,
}

impl Filter {
    /// Returns a filter whose first layer has room for `room` hashes.
    pub(crate) fn new(room: usize) -> Self {
        let layer = Layer::new(room);
        Self {
            room: layer.room,
            left: layer.room,
            layers: vec![Arc::new(layer)],
        }
    }

    /// Returns the first layer, for another thread that adds hashes; there must be room for all of them.
    pub(crate) fn first(&self) -> Option<Arc<Layer>> {
        self.layers.first().cloned()
    }

    /// Reserves room in the first layer for `count` hashes that another thread adds.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
    }

    /// Adds a hash.
    pub(crate) fn add(&mut self, hash: &Hash) {
        if self.left == 0 {
            let layer = Layer::new(self.room);
            self.left = layer.room;
            self.room += layer.room;
            self.layers.push(Arc::new(layer));
        }
        self.left -= 1;
        if let Some(layer) = self.layers.last() {
            layer.add(hash);
        }
    }

    /// Returns false only if the hash was not added.
    pub(crate) fn may_have(&self, hash: &Hash) -> bool {
        self.layers.iter().any(|layer| layer.may_have(hash))
    }

    /// Returns the memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.words.len() * 8).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glasslog_core::merkle::sha256;

    fn hash(number: u64) -> Hash {
        sha256(&number.to_be_bytes())
    }

    /// Added hashes are found in all layers; few others are taken for added.
    #[test]
    fn nothing_that_was_added_is_missed() {
        const COUNT: u64 = 300_000;
        let mut filter = Filter::new(1);
        for number in 0..COUNT {
            filter.add(&hash(number));
        }
        assert!((0..COUNT).all(|number| filter.may_have(&hash(number))));
        let mistaken = (COUNT..2 * COUNT).filter(|number| filter.may_have(&hash(*number)));
        let mistaken = mistaken.count() as u64;
        assert!(mistaken < COUNT / 20, "{mistaken} of {COUNT}");
        assert!(filter.layers.len() > 2);
        assert!(filter.bytes() as u64 * 8 < COUNT * BITS_PER_HASH as u64 * 2);
    }

    #[test]
    fn what_another_thread_adds_counts() {
        let mut filter = Filter::new(LEAST);
        filter.reserve(LEAST);
        filter.first().unwrap().add(&hash(1));
        filter.add(&hash(2));
        assert_eq!(filter.layers.len(), 2);
        assert!(filter.may_have(&hash(1)) && filter.may_have(&hash(2)));
        assert!(!filter.may_have(&hash(3)));
    }
}
