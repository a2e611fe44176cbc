//! The tiles that authenticate every entry bundle of a log, checked as they arrive ([C2SP
//! tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), 2026-07-22).
//!
//! The leaves of a full bundle have one hash, in a level-1 tile; the leaves of the last, partial bundle are the partial
//! level-0 tile. A reader of all entries therefore needs all tiles of level 1 and above and the right edge: 1/250 of
//! the tiles. They are checked level by level from the root down, in any order within a level. The scan keeps one level
//! and its parent: 32 bytes for 256 entries, 12.5 MB for 10^8.

use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::tiles::entries::{EntriesError, VerifiedEntries};
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::plan::{check_edge, check_full, edge_tiles};
use crate::tiles::tile::{Tile, TileError};
use crate::tiles::width::position_in_tile;
use crate::tiles::width::{FULL_WIDTH, TILE_LEVELS, hashes_at};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// A walk over the tiles of one tree from level 1 up: asks for tiles, checks them, and then verifies bundles.
#[derive(Clone, Debug)]
pub struct ScanTiles {
    head: TreeHead,
    /// Partial tiles by level; they are valid once all are present and fold to the root.
    edge: BTreeMap<u8, Vec<Hash>>,
    edge_checked: bool,
    /// The level whose full tiles are wanted next; 0 once no tile is wanted.
    level: u8,
    /// The checked full tiles of `level`, and all those of the level above it.
    current: BTreeMap<u64, Vec<Hash>>,
    above: BTreeMap<u64, Vec<Hash>>,
    /// The first bundle to verify.
    first: u64,
    /// All full tiles of `level` before this one are checked, or not wanted.
    next: u64,
    checked: u64,
}

impl ScanTiles {
    /// Starts the walk.
    ///
    /// # Errors
    /// [`TileError::EdgeMismatch`] if the tree is empty and its root is not that of the empty tree.
    pub fn new(head: TreeHead) -> Result<Self, TileError> {
        Self::starting(head, 0)
    }

    /// Starts a walk that verifies bundle number `first` and those after it, and asks for no tile before them.
    ///
    /// # Errors
    /// As [`ScanTiles::new`].
    pub fn starting(head: TreeHead, first: u64) -> Result<Self, TileError> {
        let mut plan = Self {
            head,
            first,
            edge: BTreeMap::new(),
            edge_checked: false,
            level: TILE_LEVELS,
            current: BTreeMap::new(),
            above: BTreeMap::new(),
            next: 0,
            checked: 0,
        };
        if head.size == 0 {
            plan.finish_edge()?;
        }
        Ok(plan)
    }

    /// Returns the tree head that authenticates the tiles.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns up to `limit` tiles that are wanted next, in any order; none once the walk is done.
    #[must_use]
    pub fn next_tiles(&self, limit: usize) -> Vec<Tile> {
        if !self.edge_checked {
            return edge_tiles(self.head.size)
                .filter(|tile| !self.edge.contains_key(&tile.level()))
                .take(limit)
                .collect();
        }
        (self.next..self.full_tiles())
            .filter(|index| !self.current.contains_key(index))
            .filter_map(|index| Tile::new(self.level, index, FULL_WIDTH))
            .take(limit)
            .collect()
    }

    /// Checks the bytes of a wanted tile. A tile that fails is wanted again.
    ///
    /// # Errors
    /// [`TileError::UnplannedTile`], [`TileError::WrongLength`], [`TileError::Mismatch`]; for the last partial tile
    /// also [`TileError::EdgeMismatch`], after which the whole edge is wanted again.
    pub fn supply(&mut self, tile: &Tile, bytes: &[u8]) -> Result<(), TileError> {
        let unplanned = TileError::UnplannedTile { tile: *tile };
        if !self.edge_checked {
            if self.edge.contains_key(&tile.level())
                || !edge_tiles(self.head.size).any(|edge| edge == *tile)
            {
                return Err(unplanned);
            }
            self.edge.insert(tile.level(), tile.parse_hashes(bytes)?);
            self.checked = self.checked.saturating_add(1);
            return if edge_tiles(self.head.size).count() == self.edge.len() {
                self.finish_edge()
            } else {
                Ok(())
            };
        }
        if tile.level() != self.level || !tile.is_full() || self.current.contains_key(&tile.index())
        {
            return Err(unplanned);
        }
        let claimed = self.above_hash(tile.index()).ok_or(unplanned)?;
        let hashes = tile.parse_hashes(bytes)?;
        check_full(tile, claimed, &hashes)?;
        self.current.insert(tile.index(), hashes);
        self.checked = self.checked.saturating_add(1);
        while self.current.contains_key(&self.next) {
            self.next = self.next.saturating_add(1);
        }
        self.descend();
        Ok(())
    }

    /// Tells whether every bundle can be verified.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.edge_checked && self.level == 0
    }

    /// Returns the number of checked tiles and of all tiles of the walk.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let before = |level| {
            let shift = u32::from(level).saturating_mul(8);
            self.first.checked_shr(shift).unwrap_or(0)
        };
        let full = (1..TILE_LEVELS)
            .map(|level| {
                let all = hashes_at(level, self.head.size) / u64::from(FULL_WIDTH);
                all.saturating_sub(before(level))
            })
            .fold(0, u64::saturating_add);
        let edge = u64::try_from(edge_tiles(self.head.size).count()).unwrap_or(u64::MAX);
        (self.checked, full.saturating_add(edge))
    }

    /// Returns the root of the leaf hashes of bundle number `index`; `None` before the walk is done, or past the last
    /// bundle.
    #[must_use]
    pub fn bundle_root(&self, index: u64) -> Option<Hash> {
        if !self.is_done() {
            return None;
        }
        if index < hashes_at(1, self.head.size) {
            return self.above_hash(index);
        }
        let last = EntryBundle::containing(self.head.size.checked_sub(1)?, self.head.size)?;
        (index == last.index())
            .then(|| self.edge.get(&0).map(|leaves| tree_root(leaves)))
            .flatten()
    }

    /// Parses a bundle and checks that its entries are in the tree.
    ///
    /// # Errors
    /// [`EntriesError`]; also `OutsideTree` if the bundle has another width in this tree, or the walk is not done.
    pub fn verify_bundle<'a>(
        &self,
        bundle: EntryBundle,
        bytes: &'a [u8],
    ) -> Result<VerifiedEntries<'a>, EntriesError> {
        let outside = EntriesError::OutsideTree {
            bundle,
            size: self.head.size,
        };
        if bundle
            .start()
            .and_then(|start| EntryBundle::containing(start, self.head.size))
            != Some(bundle)
        {
            return Err(outside);
        }
        let root = self.bundle_root(bundle.index()).ok_or(outside)?;
        VerifiedEntries::verify(bundle, bytes, &root)
    }

    fn finish_edge(&mut self) -> Result<(), TileError> {
        let folded = check_edge(&self.head, |tile| {
            self.edge.get(&tile.level()).map(Vec::as_slice)
        });
        if folded.is_err() {
            self.edge.clear();
            self.checked = 0;
            return folded;
        }
        self.edge_checked = true;
        self.level = TILE_LEVELS - 1;
        self.next = self.first_tile();
        self.descend();
        Ok(())
    }

    /// Goes down while all full tiles of the level are checked, and keeps that level as the one above.
    fn descend(&mut self) {
        while self.level > 0 && self.next >= self.full_tiles() {
            self.above = core::mem::take(&mut self.current);
            self.level -= 1;
            self.next = self.first_tile();
        }
    }

    /// Returns the first wanted tile of the level, above the bundles to verify.
    fn first_tile(&self) -> u64 {
        let shift = u32::from(self.level).saturating_mul(8);
        self.first.checked_shr(shift).unwrap_or(0)
    }

    /// Returns the number of full tiles of the wanted level.
    fn full_tiles(&self) -> u64 {
        if self.level == 0 {
            0
        } else {
            hashes_at(self.level, self.head.size) / u64::from(FULL_WIDTH)
        }
    }

    /// Returns hash number `hash` of the level above the wanted one.
    fn above_hash(&self, hash: u64) -> Option<Hash> {
        let level = self.level.checked_add(1)?;
        let tile = Tile::containing(level, hash, self.head.size)?;
        let hashes = if tile.is_full() {
            self.above.get(&tile.index())
        } else {
            self.edge.get(&level)
        };
        hashes?.get(position_in_tile(hash)).copied()
    }
}
