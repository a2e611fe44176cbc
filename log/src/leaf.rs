//! An entry with its leaf hash, which is computed once.

use glasslog_core::merkle::{Hash, leaf_hash};

/// An entry and its hash in the tree.
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

    /// Returns the bytes of the entry.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// Returns the leaf hash (RFC 6962).
    pub fn hash(&self) -> &Hash {
        &self.hash
    }
}
