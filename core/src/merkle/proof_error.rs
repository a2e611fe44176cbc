//! Reasons for which an inclusion or consistency proof is refused ([RFC 9162 §2.1](https://www.rfc-editor.org/rfc/rfc9162#section-2.1)).

use crate::merkle::hash::Hash;

/// The reason why a proof is malformed, or does not prove its claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The tree has no leaf at this index.
    #[error("index {index} is not in a tree of size {size}")]
    IndexOutOfRange {
        /// Index claimed.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The old tree is larger than the new one.
    #[error("the old tree has size {old}, more than the new tree's {new}")]
    SizeMismatch {
        /// Leaves in the tree that should be the prefix.
        old: u64,
        /// Leaves in the tree that should extend it.
        new: u64,
    },
    /// The number of hashes does not fit the index and the sizes.
    #[error("the proof has {claimed} hashes, but this claim needs {expected}")]
    LengthMismatch {
        /// Hashes in the proof.
        claimed: usize,
        /// Hashes that every proof of this claim has.
        expected: usize,
    },
    /// The proof has more hashes than any proof of its kind.
    #[error("the proof has {claimed} or more hashes, no proof has more than {limit}")]
    TooLong {
        /// Hashes given; for text, the first line too many.
        claimed: usize,
        /// The most that any tree needs.
        limit: usize,
    },
    /// A line is not one base64 hash, or does not end with a line feed.
    #[error("line {line} of the proof is not a base64 hash and a line feed")]
    BadLine {
        /// Counted from 1.
        line: usize,
    },
    /// The proof leads to another root than that of the tree; for two heads of one size, their roots differ.
    #[error("the proof leads to root {computed}, not {claimed}")]
    RootMismatch {
        /// Root of the tree head.
        claimed: Hash,
        /// Root that the proof leads to.
        computed: Hash,
    },
    /// The proof leads to another root than that of the old tree.
    #[error("the proof leads to old root {computed}, not {claimed}")]
    OldRootMismatch {
        /// Root of the old tree head.
        claimed: Hash,
        /// Root that the proof leads to.
        computed: Hash,
    },
}

impl ProofError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IndexOutOfRange { .. } => "proof-index-out-of-range",
            Self::SizeMismatch { .. } => "proof-size-mismatch",
            Self::LengthMismatch { .. } => "proof-length-mismatch",
            Self::TooLong { .. } => "proof-too-long",
            Self::BadLine { .. } => "proof-bad-line",
            Self::RootMismatch { .. } => "proof-root-mismatch",
            Self::OldRootMismatch { .. } => "proof-old-root-mismatch",
        }
    }
}
