//! Coordinates, paths and bytes of Merkle tree tiles and entry bundles ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), 2026-07-22).
//!
//! ```
//! use glasslog_core::tiles::{EntryBundle, Tile};
//! assert_eq!(Tile::parse_path("tile/0/x001/067.p/12")?.path(), "tile/0/x001/067.p/12");
//! assert_eq!(EntryBundle::containing(1_000_000, 1_000_001), EntryBundle::new(3906, 65));
//! # Ok::<(), glasslog_core::tiles::TileError>(())
//! ```
//!
//! Parsing is canonical: one path for one tile. A path says nothing about whether a log has that tile.

use crate::merkle::hash::{HASH_SIZE, Hash};
use crate::merkle::proof::ProofError;
use crate::merkle::tree::Subtree;
use crate::text::limits::MAX_TILE_LEVEL;
use crate::text::wire;
use crate::tiles::path::{parse_place, push_decimal, push_place};
use alloc::string::String;
use alloc::vec::Vec;

/// Hashes in a full tile, and entries in a full bundle (tlog-tiles, "Merkle Tree").
pub const FULL_WIDTH: u16 = 256;

/// Tree levels between one tile level and the next: 2^8 = 256.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// Tile levels that a tree of up to 2^64 − 1 leaves can have: 0 to 7.
pub(crate) const TILE_LEVELS: u8 = 8;

/// A tile: `width` consecutive hashes, each over `256^level` leaves, from hash number `256 × index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// A bundle: `width` consecutive entries, from entry `256 × index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundle {
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile at these coordinates; `None` unless `level` is at most 63 and `width` is 1 to 256.
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

    /// The tile that holds hash number `hash` of `level` in the tree of `size`, as wide as that tree makes it.
    ///
    /// `None` when the tree has no such hash.
    #[must_use]
    pub fn containing(level: u8, hash: u64, size: u64) -> Option<Self> {
        let (index, width) = slot(hash, hashes_at(level, size))?;
        Self::new(level, index, width)
    }

    /// Level: each hash covers `256^level` leaves.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Position within the level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it has all its 256 hashes, and so a hash of its own in the level above.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// The full tile in the same place, which may replace a partial one once the log has grown.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self {
            level: self.level,
            index: self.index,
            width: FULL_WIDTH,
        }
    }

    /// Path below the log's prefix, `tile/<L>/<N>[.p/<W>]`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from("tile/");
        push_decimal(&mut path, u64::from(self.level), 1);
        push_place(&mut path, self.index, self.width);
        path
    }

    /// Parses a path as [`path`](Self::path) writes it, and no other spelling.
    ///
    /// # Errors
    /// The `Path…` variants of [`TileError`].
    pub fn parse_path(path: &str) -> Result<Self, TileError> {
        let (level, place) = path
            .strip_prefix("tile/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(TileError::PathPrefix)?;
        let level = wire::parse_decimal(level)
            .and_then(|level| u8::try_from(level).ok())
            .filter(|level| *level <= MAX_TILE_LEVEL)
            .ok_or(TileError::PathLevel)?;
        let (index, width) = parse_place(place)?;
        Ok(Self {
            level,
            index,
            width,
        })
    }

    /// How many bytes the tile has: 32 a hash.
    #[must_use]
    pub fn byte_length(&self) -> usize {
        usize::from(self.width).saturating_mul(HASH_SIZE)
    }

    /// The bytes of this tile at the start of those of the full tile in its place; `None` if that is not a full tile.
    #[must_use]
    pub fn prefix_of_full<'a>(&self, full: &'a [u8]) -> Option<&'a [u8]> {
        (full.len() == self.full().byte_length())
            .then(|| full.get(..self.byte_length()))
            .flatten()
    }

    /// Splits the bytes of the tile into hashes, which prove nothing before a [plan](crate::tiles::TilePlan) vouches for them.
    ///
    /// # Errors
    /// [`TileError::WrongLength`] unless there are exactly 32 bytes a hash.
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

impl EntryBundle {
    /// The bundle at these coordinates; `None` unless `width` is 1 to 256.
    #[must_use]
    pub const fn new(index: u64, width: u16) -> Option<Self> {
        if width == 0 || width > FULL_WIDTH {
            return None;
        }
        Some(Self { index, width })
    }

    /// The bundle that holds the entry at `entry` in the log of `size`, as wide as that log makes it.
    ///
    /// `None` when the log has no such entry.
    #[must_use]
    pub fn containing(entry: u64, size: u64) -> Option<Self> {
        let (index, width) = slot(entry, size)?;
        Self::new(index, width)
    }

    /// Position among the bundles.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Number of entries, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it has all its 256 entries.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// The full bundle in the same place, which may replace a partial one once the log has grown.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self {
            index: self.index,
            width: FULL_WIDTH,
        }
    }

    /// The level-0 tile that holds the hashes of these entries.
    #[must_use]
    pub const fn tile(&self) -> Tile {
        Tile {
            level: 0,
            index: self.index,
            width: self.width,
        }
    }

    /// Log index of the first entry, or `None` past `u64`.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.index.checked_mul(u64::from(FULL_WIDTH))
    }

    /// Path below the log's prefix, `tile/entries/<N>[.p/<W>]`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from("tile/entries");
        push_place(&mut path, self.index, self.width);
        path
    }

    /// Parses a path as [`path`](Self::path) writes it, and no other spelling.
    ///
    /// # Errors
    /// The `Path…` variants of [`TileError`].
    pub fn parse_path(path: &str) -> Result<Self, TileError> {
        let place = path
            .strip_prefix("tile/entries/")
            .ok_or(TileError::PathPrefix)?;
        let (index, width) = parse_place(place)?;
        Ok(Self { index, width })
    }
}

/// The tiles that a log must write to go from `old_size` to `new_size`: all that are new or wider, level by level.
///
/// None when `old_size` is not smaller.
pub fn tiles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_LEVELS).flat_map(move |level| {
        places_between(hashes_at(level, old_size), hashes_at(level, new_size))
            .filter_map(move |(index, width)| Tile::new(level, index, width))
    })
}

/// The entry bundles that a log must write to go from `old_size` to `new_size`: all that are new or wider.
pub fn bundles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = EntryBundle> {
    places_between(old_size, new_size).filter_map(|(index, width)| EntryBundle::new(index, width))
}

/// How many hashes of this tile level the tree of `size` has: one for each `256^level` leaves.
#[must_use]
pub fn hashes_at(level: u8, size: u64) -> u64 {
    let shift = u32::from(level).saturating_mul(u32::from(TILE_HEIGHT));
    size.checked_shr(shift).unwrap_or(0)
}

/// Tile number and width for item `item` of `count`, cut into pieces of 256.
fn slot(item: u64, count: u64) -> Option<(u64, u16)> {
    let index = (item < count).then_some(item / u64::from(FULL_WIDTH))?;
    let rest = count.saturating_sub(index.saturating_mul(u64::from(FULL_WIDTH)));
    Some((
        index,
        u16::try_from(rest).unwrap_or(FULL_WIDTH).min(FULL_WIDTH),
    ))
}

/// The pieces of 256 that growing from `old` to `new` items adds to, the last as wide as `new` makes it.
fn places_between(old: u64, new: u64) -> impl Iterator<Item = (u64, u16)> {
    let end = if old < new {
        new.div_ceil(u64::from(FULL_WIDTH))
    } else {
        0
    };
    (old / u64::from(FULL_WIDTH)..end)
        .filter_map(move |index| slot(index.checked_mul(u64::from(FULL_WIDTH))?, new))
}

/// Why a path, or the bytes of a tile, cannot stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// The path is not below `tile/<L>/`, or `tile/entries/`.
    #[error("the path is not that of a tile")]
    PathPrefix,
    /// The level is not a canonical decimal from 0 to 63.
    #[error("the level in the path is not a decimal from 0 to 63")]
    PathLevel,
    /// The index is not in groups of three digits, all but the last after an `x`, the first not zero, or exceeds `u64`.
    #[error("the index in the path is not written in groups of three digits")]
    PathIndex,
    /// The width after `.p/` is not a canonical decimal from 1 to 255.
    #[error("the width in the path is not a decimal from 1 to 255")]
    PathWidth,
    /// The tile has not exactly 32 bytes a hash.
    #[error("`{}` has {claimed} bytes, not {expected}", .tile.path())]
    WrongLength {
        /// The malformed tile.
        tile: Tile,
        /// Bytes given.
        claimed: usize,
        /// Bytes that its width calls for.
        expected: usize,
    },
    /// A tile of the plan was not given.
    #[error("`{}` is missing", .tile.path())]
    Missing {
        /// The tile.
        tile: Tile,
    },
    /// The full tile's hashes do not have the root that the level above vouches for.
    #[error("`{}` has root {computed}, the level above says {claimed}", .tile.path())]
    Mismatch {
        /// The false tile.
        tile: Tile,
        /// The root that the verified level above holds.
        claimed: Hash,
        /// The root of the tile's hashes.
        computed: Hash,
    },
    /// The partial tiles at the right edge do not fold to the root of the tree head: at least one of them is false.
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
        /// The subtree wanted.
        subtree: Subtree,
        /// Leaves in the tree.
        size: u64,
    },
    /// The plan did not ask for the tiles of this subtree.
    #[error("subtree {} of level {} was not planned for", .subtree.index, .subtree.level)]
    UnplannedSubtree {
        /// The subtree wanted.
        subtree: Subtree,
    },
    /// The plan does not ask for this tile, or not now.
    #[error("`{}` was not planned for", .tile.path())]
    UnplannedTile {
        /// The tile given.
        tile: Tile,
    },
    /// The proof that the tiles were wanted for does not exist.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TileError {
    /// The tile that is missing or false, where one alone is to blame.
    #[must_use]
    pub const fn tile(&self) -> Option<&Tile> {
        match self {
            Self::WrongLength { tile, .. }
            | Self::Missing { tile }
            | Self::Mismatch { tile, .. } => Some(tile),
            _ => None,
        }
    }

    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PathPrefix => "tile-path-prefix",
            Self::PathLevel => "tile-path-level",
            Self::PathIndex => "tile-path-index",
            Self::PathWidth => "tile-path-width",
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
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;

    #[test]
    fn coordinates_are_bounded() {
        assert!(Tile::new(63, u64::MAX, 256).is_some() && Tile::new(64, 0, 1).is_none());
        for width in [0, 257, u16::MAX] {
            assert!(Tile::new(0, 0, width).is_none() && EntryBundle::new(0, width).is_none());
        }
        assert_eq!(EntryBundle::new(u64::MAX, 1).unwrap().start(), None);
        assert_eq!(
            EntryBundle::containing(u64::MAX - 1, u64::MAX),
            EntryBundle::new(u64::MAX >> 8, 255)
        );
        assert_eq!(EntryBundle::containing(u64::MAX, u64::MAX), None);
        assert_eq!(Tile::containing(7, 254, u64::MAX), Tile::new(7, 0, 255));
        assert_eq!(Tile::containing(8, 0, u64::MAX), None);
        assert_eq!(Tile::containing(255, 0, u64::MAX), None);
    }

    /// The example of the specification: 273 full and one partial level-0 tile, and so on.
    #[test]
    fn seventy_thousand_entries() {
        let tiles: Vec<Tile> = tiles_between(0, 70_000).collect();
        let count = |level, full| {
            tiles
                .iter()
                .filter(|tile| tile.level == level && tile.is_full() == full)
                .count()
        };
        assert_eq!(
            [
                count(0, true),
                count(0, false),
                count(1, true),
                count(1, false),
                count(2, true),
                count(2, false)
            ],
            [273, 1, 1, 1, 0, 1]
        );
        let partial: Vec<String> = tiles
            .iter()
            .filter(|tile| !tile.is_full())
            .map(Tile::path)
            .collect();
        assert_eq!(
            partial,
            ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        assert_eq!(tiles.len(), 277);
        let bundles: Vec<EntryBundle> = bundles_between(0, 70_000).collect();
        assert_eq!(
            (bundles.len(), bundles[273].path()),
            (274, "tile/entries/273.p/112".to_string())
        );
        let of_256: Vec<String> = tiles_between(0, 256).map(|tile| tile.path()).collect();
        assert_eq!(of_256, ["tile/0/000", "tile/1/000.p/1"]);
    }

    /// Growing in any steps writes, of each tile, the width that each size calls for.
    #[test]
    fn every_step_writes_what_the_new_size_calls_for() {
        let sizes = [
            0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 70_000, 131_072,
        ];
        for old in sizes {
            let before: BTreeMap<(u8, u64), u16> = tiles_between(0, old)
                .map(|tile| ((tile.level, tile.index), tile.width))
                .collect();
            for new in sizes {
                let mut after = before.clone();
                for tile in tiles_between(old, new) {
                    let earlier = after.insert((tile.level, tile.index), tile.width);
                    assert!(
                        earlier.is_none_or(|width| width < tile.width),
                        "{} written in vain",
                        tile.path()
                    );
                }
                if new >= old {
                    assert_eq!(
                        after,
                        tiles_between(0, new)
                            .map(|tile| ((tile.level, tile.index), tile.width))
                            .collect()
                    );
                } else {
                    assert_eq!(after, before);
                }
                let bundles: Vec<Tile> = bundles_between(old, new)
                    .map(|bundle| bundle.tile())
                    .collect();
                assert_eq!(
                    bundles,
                    tiles_between(old, new)
                        .filter(|tile| tile.level == 0)
                        .collect::<Vec<Tile>>()
                );
            }
        }
    }

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
