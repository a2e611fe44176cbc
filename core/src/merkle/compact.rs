//! A growing Merkle tree that remembers only its right frontier ([RFC 6962 §2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1)).
//!
//! The frontier of a tree of `size` leaves is one hash for each bit set in `size`, largest subtree first: enough to
//! append leaves and to compute roots, in O(log size) memory.

use crate::merkle::hash::{Hash, node_hash};
use crate::merkle::tree::{Subtree, TreeHead, span_root};
use alloc::vec::Vec;

/// The right frontier of a Merkle tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    parts: Vec<Hash>,
}

impl CompactRange {
    /// Starts with the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues from the hashes of the complete subtrees of `0..size`, largest first.
    ///
    /// # Errors
    /// [`CompactError::WrongPartCount`] unless there is one hash for each bit set in `size`.
    pub fn from_parts(size: u64, parts: Vec<Hash>) -> Result<Self, CompactError> {
        let expected = bits(size);
        if parts.len() != expected {
            return Err(CompactError::WrongPartCount {
                claimed: parts.len(),
                expected,
            });
        }
        Ok(Self { size, parts })
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| {});
    }

    /// Appends a leaf and reports each complete subtree that it completes: the leaf itself, then upwards.
    ///
    /// A tree is full at 2^64 − 1 leaves; further leaves are ignored and not reported.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(Subtree, Hash)) {
        // No machine appends 2^64 leaves, so leaves past the bound are ignored: every caller would have to handle an
        // error.
        let Some(size) = self.size.checked_add(1) else {
            return;
        };
        let mut subtree = Subtree::leaf(self.size);
        let mut hash = leaf;
        completed(subtree, hash);
        // The new leaf closes one subtree for each trailing one bit of the old size.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.parts.pop() else { break };
            hash = node_hash(&left, &hash);
            subtree = Subtree {
                level: subtree.level.saturating_add(1),
                index: subtree.index >> 1,
            };
            completed(subtree, hash);
        }
        self.parts.push(hash);
        self.size = size;
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the frontier: the hashes of the complete subtrees of `0..size`, largest first.
    #[must_use]
    pub fn parts(&self) -> &[Hash] {
        &self.parts
    }

    /// Returns the root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        span_root(&self.parts)
    }

    /// Returns the size and the root of the tree.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root(),
        }
    }
}

/// Computes the Merkle Tree Hash over leaf hashes, in order.
///
/// For the hashes of complete subtrees of one level, the result is the root of the tree that they form.
#[must_use]
pub fn tree_root(leaves: &[Hash]) -> Hash {
    let mut range = CompactRange::new();
    for leaf in leaves {
        range.push(*leaf);
    }
    range.root()
}

fn bits(size: u64) -> usize {
    usize::try_from(size.count_ones()).unwrap_or(usize::MAX)
}

/// The reason why hashes are not a frontier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// The number of hashes does not fit the size.
    #[error("the frontier has {claimed} hashes, but its size needs {expected}")]
    WrongPartCount {
        /// Hashes given.
        claimed: usize,
        /// Hashes in a frontier of this size.
        expected: usize,
    },
}

impl CompactError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongPartCount { .. } => "frontier-part-count",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::{empty_root, leaf_hash, sha256};
    use crate::merkle::tree::complete_subtrees;
    use alloc::collections::BTreeMap;
    use alloc::vec;

    /// The recursive definition, word for word.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(b""),
            [leaf] => *leaf,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node_hash(&mth(&leaves[..k]), &mth(&leaves[k..]))
            }
        }
    }

    #[test]
    fn tree_root_follows_the_definition() {
        let leaves: Vec<Hash> = (0..300u16).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        assert_eq!(tree_root(&[]), empty_root());
        for size in 0..=leaves.len() {
            assert_eq!(
                tree_root(&leaves[..size]),
                mth(&leaves[..size]),
                "size {size}"
            );
        }
    }

    #[test]
    fn every_small_tree_grows_and_resumes() {
        let leaves: Vec<Hash> = (0..=130u8).map(|i| leaf_hash(&[i])).collect();
        let mut range = CompactRange::new();
        let mut nodes = BTreeMap::new();
        assert_eq!(range.root(), empty_root());
        for (index, leaf) in leaves.iter().enumerate() {
            range.push_with(*leaf, |subtree, hash| {
                assert!(nodes.insert(subtree, hash).is_none())
            });
            assert_eq!(range.size(), u64::try_from(index).unwrap() + 1);
            let frontier: Vec<Hash> = complete_subtrees(0..range.size())
                .map(|subtree| nodes[&subtree])
                .collect();
            assert_eq!(range.parts(), frontier);
            assert_eq!(
                CompactRange::from_parts(range.size(), frontier),
                Ok(range.clone())
            );
        }
        for (subtree, hash) in nodes {
            let start = usize::try_from(subtree.start().unwrap()).unwrap();
            let end = usize::try_from(subtree.end().unwrap()).unwrap();
            assert_eq!(hash, tree_root(&leaves[start..end]), "{subtree:?}");
        }
    }

    #[test]
    fn a_frontier_has_one_hash_a_bit() {
        let hash = leaf_hash(b"");
        for (size, parts, expected) in [(0, 1, 0), (1, 0, 1), (6, 3, 2), (u64::MAX, 63, 64)] {
            assert_eq!(
                CompactRange::from_parts(size, vec![hash; parts]),
                Err(CompactError::WrongPartCount {
                    claimed: parts,
                    expected
                })
            );
        }
    }

    #[test]
    fn the_fullest_tree_takes_no_more() {
        let hash = leaf_hash(b"");
        let mut range = CompactRange::from_parts(u64::MAX, vec![hash; 64]).unwrap();
        let before = range.clone();
        range.push_with(hash, |_, _| panic!("nothing can be completed"));
        assert_eq!(range, before);
    }
}
