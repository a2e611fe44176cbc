//! Inclusion and consistency proofs, exact in length, index and size ([RFC 9162 §2.1](https://www.rfc-editor.org/rfc/rfc9162#section-2.1), the trees of RFC 6962).
//!
//! Each kind of proof is a pair of functions: *which hashes* ([`inclusion_subtrees`], [`consistency_subtrees`]) and
//! *what they prove* (`verify`). The position and the sizes determine the length of a proof. The length is checked
//! first, so a proof with a hash too many or too few is refused before any hash is computed.

use crate::merkle::hash::{Hash, empty_root, node_hash};
use crate::merkle::proof_error::ProofError;
use crate::merkle::proof_nodes::{consistency_spans, inclusion_spans, read_spans};
use crate::merkle::tree::{Subtree, TreeHead};
use crate::text::limits::{MAX_CONSISTENCY_PROOF, MAX_INCLUSION_PROOF};
use alloc::string::String;
use alloc::vec::Vec;

/// The siblings on the path from a leaf up to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof(Vec<Hash>);

/// The hashes that show that one tree is a prefix of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsistencyProof(Vec<Hash>);

impl InclusionProof {
    /// Wraps hashes as received; they prove nothing until [`verify`](Self::verify) accepts them.
    ///
    /// # Errors
    /// [`ProofError::TooLong`] for more hashes than any tree needs.
    pub fn from_hashes(hashes: Vec<Hash>) -> Result<Self, ProofError> {
        within(hashes, MAX_INCLUSION_PROOF).map(Self)
    }

    /// Parses one base64 hash a line, each line ended by a line feed.
    ///
    /// # Errors
    /// [`ProofError::BadLine`] or [`ProofError::TooLong`].
    pub fn parse_lines(text: &str) -> Result<Self, ProofError> {
        parse_lines(text, MAX_INCLUSION_PROOF).map(Self)
    }

    /// Encodes one base64 hash a line.
    #[must_use]
    pub fn encode_lines(&self) -> String {
        encode_lines(&self.0)
    }

    /// Returns the hashes, from the leaf's sibling up.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// Builds the proof of the leaf at `index` in the tree of `size`, reading the hashes of
    /// [`inclusion_subtrees`](crate::merkle::inclusion_subtrees).
    ///
    /// # Errors
    /// [`ProofError::IndexOutOfRange`], or the reader's error.
    pub fn prove<E: From<ProofError>>(
        index: u64,
        size: u64,
        read: impl FnMut(Subtree) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        read_spans(&inclusion_spans(index, size)?, read).map(Self)
    }

    /// Checks that the tree of `head` has `leaf` at `index`.
    ///
    /// # Errors
    /// The [`ProofError`] that names the false part of the claim.
    pub fn verify(&self, leaf: &Hash, index: u64, head: &TreeHead) -> Result<(), ProofError> {
        let path = Path::of(index, head.size)?;
        expect_length(&self.0, path.length())?;
        let computed = path.climb(*leaf, &self.0);
        expect_root(&head.root, computed)
    }
}

impl ConsistencyProof {
    /// Wraps hashes as received; they prove nothing until [`verify`](Self::verify) accepts them.
    ///
    /// # Errors
    /// [`ProofError::TooLong`] for more hashes than any pair of trees needs.
    pub fn from_hashes(hashes: Vec<Hash>) -> Result<Self, ProofError> {
        within(hashes, MAX_CONSISTENCY_PROOF).map(Self)
    }

    /// Parses one base64 hash a line, each line ended by a line feed, as in a
    /// [tlog-witness](https://c2sp.org/tlog-witness) `add-checkpoint` request.
    ///
    /// # Errors
    /// [`ProofError::BadLine`] or [`ProofError::TooLong`].
    pub fn parse_lines(text: &str) -> Result<Self, ProofError> {
        parse_lines(text, MAX_CONSISTENCY_PROOF).map(Self)
    }

    /// Encodes one base64 hash a line.
    #[must_use]
    pub fn encode_lines(&self) -> String {
        encode_lines(&self.0)
    }

    /// Returns the hashes, from the old tree's edge up.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// Builds the proof between the trees of size `old` and `new`, reading the hashes of
    /// [`consistency_subtrees`](crate::merkle::consistency_subtrees).
    ///
    /// # Errors
    /// [`ProofError::SizeMismatch`], or the reader's error.
    pub fn prove<E: From<ProofError>>(
        old: u64,
        new: u64,
        read: impl FnMut(Subtree) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        read_spans(&consistency_spans(old, new)?, read).map(Self)
    }

    /// Checks that the tree of `old` is a prefix of the tree of `new`.
    ///
    /// The proof must be empty if the heads are equal or the old tree is empty.
    ///
    /// # Errors
    /// The [`ProofError`] that names the false part of the claim; `OldRootMismatch` comes first.
    pub fn verify(&self, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
        if old.size > new.size {
            return Err(ProofError::SizeMismatch {
                old: old.size,
                new: new.size,
            });
        }
        let Some(last) = old.size.checked_sub(1) else {
            expect_length(&self.0, 0)?;
            expect_old_root(&old.root, empty_root())?;
            // If both are empty, the new root is known too.
            return if new.size == 0 {
                expect_root(&new.root, empty_root())
            } else {
                Ok(())
            };
        };
        if old.size == new.size {
            expect_length(&self.0, 0)?;
            return expect_root(&new.root, old.root);
        }
        // The climb starts at the largest complete subtree that ends where the old tree ends. If it is the old tree
        // itself, its hash is known and not in the proof.
        let level = old.size.trailing_zeros();
        let path = Path::of(last, new.size)?.above(level);
        let seeds = usize::from(!old.size.is_power_of_two());
        expect_length(&self.0, path.length().saturating_add(seeds))?;
        let (seed, siblings) = match self.0.split_first() {
            Some((seed, rest)) if seeds == 1 => (*seed, rest),
            _ => (old.root, self.0.as_slice()),
        };
        expect_old_root(&old.root, path.climb_left_only(seed, siblings))?;
        expect_root(&new.root, path.climb(seed, siblings))
    }
}

/// The path from a leaf to the root: the side of each sibling.
///
/// For `inner` steps, up to the node whose parent is on the right edge of the tree, the bits of the index give the
/// side. The `border` steps after them have left siblings only.
struct Path {
    index: u64,
    inner: u32,
    border: u32,
}

impl Path {
    fn of(index: u64, size: u64) -> Result<Self, ProofError> {
        let last = size
            .checked_sub(1)
            .filter(|last| index <= *last)
            .ok_or(ProofError::IndexOutOfRange { index, size })?;
        let inner = u64::BITS - (index ^ last).leading_zeros();
        let border = index.checked_shr(inner).map_or(0, u64::count_ones);
        Ok(Self {
            index,
            inner,
            border,
        })
    }

    /// Returns the rest of the path from the node `level` levels above the leaf; `level` is at most `inner`.
    fn above(self, level: u32) -> Self {
        Self {
            index: self.index.checked_shr(level).unwrap_or(0),
            inner: self.inner.saturating_sub(level),
            border: self.border,
        }
    }

    fn length(&self) -> usize {
        usize::try_from(self.inner.saturating_add(self.border)).unwrap_or(usize::MAX)
    }

    /// Pairs each sibling with `true` if it is to the left.
    fn sides<'a>(&self, siblings: &'a [Hash]) -> impl Iterator<Item = (bool, &'a Hash)> + use<'a> {
        let (index, inner) = (self.index, self.inner);
        (0u32..).zip(siblings).map(move |(step, sibling)| {
            (
                step >= inner || index.checked_shr(step).is_some_and(|bits| bits & 1 == 1),
                sibling,
            )
        })
    }

    fn climb(&self, start: Hash, siblings: &[Hash]) -> Hash {
        self.sides(siblings).fold(start, |hash, (left, sibling)| {
            if left {
                node_hash(sibling, &hash)
            } else {
                node_hash(&hash, sibling)
            }
        })
    }

    /// Returns the root of the tree that ends with `start`, without right siblings, which were appended later.
    fn climb_left_only(&self, start: Hash, siblings: &[Hash]) -> Hash {
        self.sides(siblings)
            .filter(|(left, _)| *left)
            .fold(start, |hash, (_, sibling)| node_hash(sibling, &hash))
    }
}

fn within(hashes: Vec<Hash>, limit: usize) -> Result<Vec<Hash>, ProofError> {
    if hashes.len() > limit {
        return Err(ProofError::TooLong {
            claimed: hashes.len(),
            limit,
        });
    }
    Ok(hashes)
}

fn parse_lines(text: &str, limit: usize) -> Result<Vec<Hash>, ProofError> {
    let mut hashes = Vec::new();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if at >= limit {
            return Err(ProofError::TooLong {
                claimed: at.saturating_add(1),
                limit,
            });
        }
        let hash = line.strip_suffix('\n').and_then(Hash::parse_base64);
        hashes.push(hash.ok_or(ProofError::BadLine {
            line: at.saturating_add(1),
        })?);
    }
    Ok(hashes)
}

fn encode_lines(hashes: &[Hash]) -> String {
    let mut text = String::new();
    for hash in hashes {
        text.push_str(&hash.to_base64());
        text.push('\n');
    }
    text
}

fn expect_length(hashes: &[Hash], expected: usize) -> Result<(), ProofError> {
    if hashes.len() != expected {
        return Err(ProofError::LengthMismatch {
            claimed: hashes.len(),
            expected,
        });
    }
    Ok(())
}

fn expect_root(claimed: &Hash, computed: Hash) -> Result<(), ProofError> {
    if *claimed != computed {
        return Err(ProofError::RootMismatch {
            claimed: *claimed,
            computed,
        });
    }
    Ok(())
}

fn expect_old_root(claimed: &Hash, computed: Hash) -> Result<(), ProofError> {
    if *claimed != computed {
        return Err(ProofError::OldRootMismatch {
            claimed: *claimed,
            computed,
        });
    }
    Ok(())
}
