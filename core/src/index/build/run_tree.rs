//! The tree over a run's buckets, on the building side: `rs_merkle` with the hashes of [RFC 6962 §2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1).
//!
//! The tree is complete and in memory, and its leaves come from the builder itself. Proofs from other parties are
//! checked only by [`InclusionProof`](crate::merkle::proof::InclusionProof), because `MerkleProof::verify` accepts
//! false proofs.

use crate::merkle::hash::{HASH_SIZE, Hash, leaf_hash, node_hash};
use alloc::vec::Vec;
use rs_merkle::{Hasher, MerkleTree};

/// SHA-256 with the domain separation of RFC 6962.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; HASH_SIZE];

    fn hash(entry: &[u8]) -> Self::Hash {
        *leaf_hash(entry).as_bytes()
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        right.map_or(*left, |right| {
            *node_hash(&Hash::from_bytes(*left), &Hash::from_bytes(*right)).as_bytes()
        })
    }
}

/// All nodes of the tree over 2^b buckets; takes 80 bytes for a bucket.
pub(crate) struct RunTree(MerkleTree<Rfc6962>);

impl RunTree {
    pub(crate) fn new(leaves: &[Hash]) -> Self {
        let leaves: Vec<[u8; HASH_SIZE]> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        Self(MerkleTree::from_leaves(&leaves))
    }

    /// The root; without a leaf, that of the empty tree, but each run has at least one leaf.
    pub(crate) fn root(&self) -> Hash {
        self.0
            .root()
            .map_or_else(crate::merkle::hash::empty_root, Hash::from_bytes)
    }

    /// The siblings on the path from a bucket to the root.
    pub(crate) fn path(&self, bucket: usize) -> Vec<u8> {
        self.0.proof(&[bucket]).proof_hashes().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::compact::tree_root;
    use crate::merkle::hash::sha256;
    use crate::merkle::proof::InclusionProof;
    use crate::merkle::tree::TreeHead;

    #[test]
    fn roots_and_paths_are_those_of_core() {
        for bits in 0..=8u32 {
            let leaves: Vec<Hash> = (0..1u32 << bits)
                .map(|number| sha256(&number.to_be_bytes()))
                .collect();
            let tree = RunTree::new(&leaves);
            assert_eq!(tree.root(), tree_root(&leaves));
            let head = TreeHead {
                size: 1 << bits,
                root: tree.root(),
            };
            for (number, leaf) in leaves.iter().enumerate() {
                let path = tree.path(number);
                let (hashes, rest) = path.as_chunks::<HASH_SIZE>();
                assert!(rest.is_empty());
                let hashes = hashes.iter().copied().map(Hash::from_bytes).collect();
                let path = InclusionProof::from_hashes(hashes).unwrap();
                let index = u64::try_from(number).unwrap();
                assert_eq!(path.verify(leaf, index, &head), Ok(()));
            }
        }
    }
}
