//! An entry with its leaf hash: computed once, wherever the entry goes.

use glasslog_core::merkle::{Hash, leaf_hash};

/// An entry and the hash that stands for it in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    entry: Vec<u8>,
    hash: Hash,
}

impl Leaf {
    /// Hashes an entry.
    pub fn new(entry: Vec<u8>) -> Self {
        let hash = leaf_hash(&entry);
        Self { entry, hash }
    }

    /// The entry's bytes.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// Its leaf hash (RFC 6962).
    pub fn hash(&self) -> &Hash {
        &self.hash
    }
}
