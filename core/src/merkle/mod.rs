//! Merkle trees of [RFC 6962, section 2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1): hashes, tree heads, proofs.

pub(crate) mod compact;
pub(crate) mod hash;
pub(crate) mod proof;
pub(crate) mod proof_error;
pub(crate) mod proof_nodes;
pub(crate) mod tree;

pub use compact::{CompactError, CompactRange, tree_root};
pub use hash::{FileHasher, HASH_SIZE, Hash, empty_root, leaf_hash, node_hash, sha256};
pub use proof::{ConsistencyProof, InclusionProof};
pub use proof_error::ProofError;
pub use proof_nodes::{consistency_subtrees, inclusion_subtrees};
pub use tree::{Subtree, Subtrees, TreeHead, complete_subtrees, span_root};
