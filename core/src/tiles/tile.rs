//! Coordinates, paths and bytes of Merkle tree tiles ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), 2026-07-22).
//!
//! ```
//! use glasslog_core::tiles::{EntryBundle, Tile};
//! assert_eq!(Tile::parse_path("tile/0/x001/067.p/12")?.path(), "tile/0/x001/067.p/12");
//! assert_eq!(EntryBundle::containing(1_000_000, 1_000_001), EntryBundle::new(3906, 65));
//! # Ok::<(), glasslog_core::tiles::PathError>(())
//! ```
//!
//! Parsing is canonical: each tile has one path. A path may name a tile that no log has.

use crate::merkle::hash::{HASH_SIZE, Hash};
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::Subtree;
use crate::text::limits::MAX_TILE_LEVEL;
use crate::text::wire;
use crate::tiles::path::{PathError, parse_place, push_decimal, push_place};
use crate::tiles::width::{FULL_WIDTH, TILE_LEVELS, hashes_at, places_between, slot};
use alloc::string::String;
use alloc::vec::Vec;

/// Folder of all tiles and entry bundles, for listings.
pub const TILE_FOLDER: &str = "tile/";

/// A tile: `width` consecutive hashes, each over `256^level` leaves, from hash number `256 × index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// Returns the tile at these coordinates; `None` unless `level` is at most 63 and `width` is 1 to 256.
    #[must_use]
    pub const fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        if level > MAX_TILE_LEVEL || width == 0 || width > FULL_WIDTH {
            return None;
        }
        Some(Self {
            level,
            index,
            width,
        })
    }

    /// Returns the level-0 tile at these coordinates; `width` must be 1 to 256.
    pub(crate) const fn level_0(index: u64, width: u16) -> Self {
        Self {
            level: 0,
            index,
            width,
        }
    }

    /// Returns the tile that holds hash number `hash` of `level` in the tree of `size`, with its width in that tree.
    ///
    /// `None` if the tree has no such hash.
    #[must_use]
    pub fn containing(level: u8, hash: u64, size: u64) -> Option<Self> {
        let (index, width) = slot(hash, hashes_at(level, size))?;
        Self::new(level, index, width)
    }

    /// Returns the level: each hash covers `256^level` leaves.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Returns the position within the level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the number of hashes, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Tells whether it has all its 256 hashes, and therefore a hash in the level above.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// Returns the full tile at the same index; a log that has grown may serve it instead of a partial one.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self {
            level: self.level,
            index: self.index,
            width: FULL_WIDTH,
        }
    }

    /// Returns the path below the log's prefix, `tile/<L>/<N>[.p/<W>]`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from(TILE_FOLDER);
        push_decimal(&mut path, u64::from(self.level), 1);
        push_place(&mut path, self.index, self.width);
        path
    }

    /// Parses a path as [`path`](Self::path) writes it, and no other spelling.
    ///
    /// # Errors
    /// [`PathError`]
    pub fn parse_path(path: &str) -> Result<Self, PathError> {
        let (level, place) = path
            .strip_prefix(TILE_FOLDER)
            .and_then(|rest| rest.split_once('/'))
            .ok_or(PathError::Prefix)?;
        let level = wire::parse_decimal(level)
            .and_then(|level| u8::try_from(level).ok())
            .filter(|level| *level <= MAX_TILE_LEVEL)
            .ok_or(PathError::Level)?;
        let (index, width) = parse_place(place)?;
        Ok(Self {
            level,
            index,
            width,
        })
    }

    /// Returns the size of the tile in bytes: 32 for each hash.
    #[must_use]
    pub fn byte_length(&self) -> usize {
        usize::from(self.width).saturating_mul(HASH_SIZE)
    }

    /// Cuts the bytes of this tile from those of the full tile at its index; `None` if those are not as long as a full
    /// tile.
    #[must_use]
    pub fn prefix_of_full<'a>(&self, full: &'a [u8]) -> Option<&'a [u8]> {
        (full.len() == self.full().byte_length())
            .then(|| full.get(..self.byte_length()))
            .flatten()
    }

    /// Splits the bytes of the tile into hashes, which prove nothing until a [plan](crate::tiles::TilePlan) verifies
    /// them.
    ///
    /// # Errors
    /// [`TileError::WrongLength`] unless there are exactly 32 bytes for each hash.
    pub fn parse_hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        if bytes.len() != self.byte_length() {
            return Err(TileError::WrongLength {
                tile: *self,
                claimed: bytes.len(),
                expected: self.byte_length(),
            });
        }
        let (hashes, _) = bytes.as_chunks::<HASH_SIZE>();
        Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
    }
}

/// Joins hashes into the bytes of a tile.
#[must_use]
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes
        .iter()
        .flat_map(|hash| hash.as_bytes())
        .copied()
        .collect()
}

/// Returns the tiles that a log writes when it grows from `old_size` to `new_size`: new and wider ones, level by level.
///
/// None if `old_size` is not smaller.
pub fn tiles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_LEVELS).flat_map(move |level| {
        places_between(hashes_at(level, old_size), hashes_at(level, new_size))
            .filter_map(move |(index, width)| Tile::new(level, index, width))
    })
}

/// The reason why tiles are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// The tile does not have exactly 32 bytes for each hash.
    #[error("`{}` has {claimed} bytes, not {expected}", .tile.path())]
    WrongLength {
        /// The malformed tile.
        tile: Tile,
        /// Bytes given.
        claimed: usize,
        /// Bytes of a tile of its width.
        expected: usize,
    },
    /// A tile of the plan was not given.
    #[error("`{}` is missing", .tile.path())]
    Missing {
        /// The tile.
        tile: Tile,
    },
    /// The root of the full tile's hashes differs from the hash in the level above.
    #[error("`{}` has root {computed}, the level above says {claimed}", .tile.path())]
    Mismatch {
        /// The false tile.
        tile: Tile,
        /// The root that the verified level above holds.
        claimed: Hash,
        /// The root of the tile's hashes.
        computed: Hash,
    },
    /// The partial tiles at the right edge do not fold to the root of the tree head, so at least one of them is false.
    #[error("the partial tiles of size {size} lead to root {computed}, not {claimed}")]
    EdgeMismatch {
        /// Leaves in the tree.
        size: u64,
        /// Root of the tree head.
        claimed: Hash,
        /// Root that the tiles give.
        computed: Hash,
    },
    /// The tree has no such complete subtree.
    #[error("subtree {} of level {} is not in a tree of size {size}", .subtree.index, .subtree.level)]
    OutsideTree {
        /// The subtree.
        subtree: Subtree,
        /// Leaves in the tree.
        size: u64,
    },
    /// The plan did not ask for the tiles of this subtree.
    #[error("subtree {} of level {} is not in the plan", .subtree.index, .subtree.level)]
    UnplannedSubtree {
        /// The subtree.
        subtree: Subtree,
    },
    /// The plan does not ask for this tile, or not now.
    #[error("`{}` is not in the plan", .tile.path())]
    UnplannedTile {
        /// The tile.
        tile: Tile,
    },
    /// The tiles were wanted for a proof that cannot exist.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TileError {
    /// Returns the missing or false tile, if the error concerns a single one.
    #[must_use]
    pub const fn tile(&self) -> Option<&Tile> {
        match self {
            Self::WrongLength { tile, .. }
            | Self::Missing { tile }
            | Self::Mismatch { tile, .. } => Some(tile),
            _ => None,
        }
    }

    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongLength { .. } => "tile-wrong-length",
            Self::Missing { .. } => "tile-missing",
            Self::Mismatch { .. } => "tile-mismatch",
            Self::EdgeMismatch { .. } => "tile-edge-mismatch",
            Self::OutsideTree { .. } => "tile-outside-tree",
            Self::UnplannedSubtree { .. } => "tile-unplanned-subtree",
            Self::UnplannedTile { .. } => "tile-unplanned",
            Self::Proof(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_logs_are_counted_without_wrapping() {
        assert_eq!(
            tiles_between(u64::MAX - 1, u64::MAX)
                .map(|tile| tile.path())
                .collect::<Vec<_>>(),
            ["tile/0/x072/x057/x594/x037/x927/935.p/255"]
        );
        assert_eq!(tiles_between(u64::MAX, 0).count(), 0);
        assert_eq!(tiles_between(0, u64::MAX).take(3).count(), 3);
    }

    #[test]
    fn tiles_have_exactly_their_bytes() {
        let tile = Tile::new(0, 5, 3).unwrap();
        let bytes: Vec<u8> = (0..96).collect();
        let hashes = tile.parse_hashes(&bytes).unwrap();
        assert_eq!((hashes.len(), encode_hashes(&hashes)), (3, bytes.clone()));
        for length in [0, 1, 64, 95] {
            assert_eq!(
                tile.parse_hashes(&bytes[..length]),
                Err(TileError::WrongLength {
                    tile,
                    claimed: length,
                    expected: 96
                })
            );
        }
        let full: Vec<u8> = bytes.iter().copied().cycle().take(8192).collect();
        assert_eq!(
            tile.parse_hashes(&full),
            Err(TileError::WrongLength {
                tile,
                claimed: 8192,
                expected: 96
            })
        );
        assert_eq!(tile.prefix_of_full(&full), Some(bytes.as_slice()));
        assert_eq!(tile.prefix_of_full(&full[..8191]), None);
        assert_eq!(tile.prefix_of_full(&bytes), None);
        assert_eq!(tile.full().prefix_of_full(&full), Some(full.as_slice()));
    }
}
