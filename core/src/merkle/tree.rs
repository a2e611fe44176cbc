//! Shapes of Merkle trees: heads, complete subtrees and spans ([RFC 6962 §2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1)).
//!
//! A *complete subtree* holds `2^level` leaves and its hash never changes once it has all leaves. A *span* is a range
//! of leaves under one node of RFC 6962. A span at the right edge of a tree may be a short row of complete subtrees;
//! all others are complete subtrees themselves.

use crate::merkle::hash::{Hash, empty_root, node_hash};
use core::ops::Range;

/// The size and root of a tree, which together commit to the state of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// The Merkle Tree Hash over the leaves.
    pub root: Hash,
}

impl TreeHead {
    /// Returns the head of the tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: 0,
            root: empty_root(),
        }
    }
}

/// A complete subtree: the leaves `[index << level, (index + 1) << level)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// Height: the subtree holds `2^level` leaves; level 0 is a leaf.
    pub level: u8,
    /// Position among the subtrees of this height.
    pub index: u64,
}

impl Subtree {
    /// Returns the leaf at `index`.
    #[must_use]
    pub const fn leaf(index: u64) -> Self {
        Self { level: 0, index }
    }

    /// Returns the number of leaves, or `None` past `u64`.
    #[must_use]
    pub fn width(&self) -> Option<u64> {
        1u64.checked_shl(u32::from(self.level))
    }

    /// Returns the first leaf, or `None` past `u64`.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.index.checked_mul(self.width()?)
    }

    /// Returns the position after the last leaf, or `None` past `u64`.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        self.index.checked_add(1)?.checked_mul(self.width()?)
    }

    /// Tells whether all its leaves are in a tree of this size.
    #[must_use]
    pub fn is_within(&self, size: u64) -> bool {
        self.end().is_some_and(|end| end <= size)
    }
}

/// Cuts a half-open range of leaves into complete subtrees, left to right, each as large as fits.
///
/// For an RFC 6962 span the subtrees shrink from left to right and [`span_root`] folds their hashes into the span's.
/// For `0..size` they are the parts of a [`CompactRange`](crate::merkle::compact::CompactRange).
#[must_use]
pub fn complete_subtrees(leaves: Range<u64>) -> Subtrees {
    Subtrees { leaves }
}

/// The complete subtrees of a range; made by [`complete_subtrees`].
#[derive(Clone, Debug)]
pub struct Subtrees {
    leaves: Range<u64>,
}

impl Iterator for Subtrees {
    type Item = Subtree;

    fn next(&mut self) -> Option<Subtree> {
        let Range { start, end } = self.leaves;
        let largest_fit = end.checked_sub(start)?.checked_ilog2()?;
        // A start of 0 is aligned to every power of two: 64 trailing zeros, and the fit decides.
        let shift = largest_fit.min(start.trailing_zeros());
        self.leaves.start = start.checked_add(1u64.checked_shl(shift)?)?;
        let index = start.checked_shr(shift)?;
        Some(Subtree {
            level: u8::try_from(shift).ok()?,
            index,
        })
    }
}

/// Folds the hashes of a span's complete subtrees, largest first, into the span's hash; no hashes give the empty root.
#[must_use]
pub fn span_root(parts: &[Hash]) -> Hash {
    parts
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(empty_root)
}

/// Returns the leaf count of the left child of an RFC 6962 node over `leaves` leaves: the largest power of two below
/// it.
///
/// `None` for fewer than two leaves, which have no children.
pub(crate) fn left_width(leaves: u64) -> Option<u64> {
    leaves
        .checked_sub(1)?
        .checked_ilog2()
        .and_then(|shift| 1u64.checked_shl(shift))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn subtrees_cover_every_small_range_greedily() {
        for start in 0..70u64 {
            for end in start..70 {
                let parts: Vec<Subtree> = complete_subtrees(start..end).collect();
                let mut at = start;
                for part in &parts {
                    assert_eq!(part.start(), Some(at));
                    at = part.end().unwrap();
                    let parent = Subtree {
                        level: part.level + 1,
                        index: part.index / 2,
                    };
                    assert!(
                        parent.start().unwrap() < start || parent.end().unwrap() > end,
                        "{part:?} could be larger"
                    );
                }
                assert_eq!(at, end);
            }
        }
    }

    #[test]
    fn subtrees_of_the_largest_tree() {
        let parts: Vec<Subtree> = complete_subtrees(0..u64::MAX).collect();
        assert_eq!(parts.len(), 64);
        assert_eq!(
            parts[0],
            Subtree {
                level: 63,
                index: 0
            }
        );
        assert_eq!(parts[63], Subtree::leaf(u64::MAX - 1));
        assert_eq!(complete_subtrees(u64::MAX - 1..u64::MAX).count(), 1);
        let backwards = Range { start: 5, end: 4 };
        assert_eq!(complete_subtrees(backwards).count(), 0);
    }

    #[test]
    fn subtree_bounds_never_wrap() {
        assert!(
            Subtree {
                level: 63,
                index: 0
            }
            .is_within(u64::MAX)
        );
        for (level, index) in [
            (63, 1),
            (64, 0),
            (255, 0),
            (0, u64::MAX),
            (8, u64::MAX),
            (255, u64::MAX),
        ] {
            assert!(
                !Subtree { level, index }.is_within(u64::MAX),
                "{level} {index}"
            );
        }
    }

    #[test]
    fn left_width_is_the_largest_power_of_two_below() {
        let table = [
            (0, None),
            (1, None),
            (2, Some(1)),
            (3, Some(2)),
            (4, Some(2)),
            (5, Some(4)),
            (256, Some(128)),
            (257, Some(256)),
            (u64::MAX, Some(1 << 63)),
            (1 << 63, Some(1 << 62)),
        ];
        for (leaves, left) in table {
            assert_eq!(left_width(leaves), left, "{leaves}");
        }
    }
}
