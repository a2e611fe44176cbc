//! The few tiles that authenticate some entry bundles of a log ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), 2026-07-22).
//!
//! As in a [scan](crate::tiles::scan_tiles), the leaves of a full bundle have one hash, in a level-1 tile, and the
//! leaves of the last, partial bundle are the partial level-0 tile of the right edge. A reader of a few entries needs
//! the edge and the tiles above its bundles. It asks for each tile once, even if several bundles are below it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::tiles::entries::{EntriesError, VerifiedEntries};
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::plan::{check_edge, check_full, edge_tiles, parent};
use crate::tiles::tile::{Tile, TileError};
use crate::tiles::width::FULL_WIDTH;
use crate::tiles::width::position_in_tile;

/// Tiles of one tree, each authenticated by its head.
#[derive(Clone, Debug)]
pub(crate) struct LookupTiles {
    head: TreeHead,
    /// Tiles by level and index; the parents of every tile are present.
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
    edge_checked: bool,
}

impl LookupTiles {
    /// Starts without tiles. Fails for an empty tree whose root is not that of the empty tree.
    pub(crate) fn new(head: TreeHead) -> Result<Self, TileError> {
        let mut lookup = Self {
            head,
            tiles: BTreeMap::new(),
            edge_checked: false,
        };
        if head.size == 0 {
            lookup.supply(&BTreeMap::new())?;
        }
        Ok(lookup)
    }

    pub(crate) const fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns the tiles that are still needed to verify these bundles: the edge, and the tiles between it and them.
    pub(crate) fn tiles_for(&self, bundles: &[EntryBundle]) -> BTreeSet<Tile> {
        let mut wanted = BTreeSet::new();
        if !self.edge_checked {
            wanted.extend(edge_tiles(self.head.size));
        }
        for bundle in bundles.iter().filter(|bundle| bundle.is_full()) {
            let mut above = Tile::containing(1, bundle.index(), self.head.size);
            while let Some(tile) = above
                && !self.tiles.contains_key(&(tile.level(), tile.index()))
                && wanted.insert(tile)
            {
                above = parent(&tile, self.head.size);
            }
        }
        wanted
    }

    /// Checks all wanted tiles and keeps them.
    ///
    /// # Errors
    /// The [`TileError`] that names the false tile, or says that the edge is false.
    pub(crate) fn supply(&mut self, files: &BTreeMap<Tile, Vec<u8>>) -> Result<(), TileError> {
        if !self.edge_checked {
            let mut edge = BTreeMap::new();
            for tile in edge_tiles(self.head.size) {
                let bytes = files.get(&tile).ok_or(TileError::Missing { tile })?;
                edge.insert((tile.level(), tile.index()), tile.parse_hashes(bytes)?);
            }
            check_edge(&self.head, |tile| {
                edge.get(&(tile.level(), tile.index())).map(Vec::as_slice)
            })?;
            self.tiles.append(&mut edge);
            self.edge_checked = true;
        }
        // From the top level down, so that the parent of a tile is checked first.
        for (tile, bytes) in files.iter().rev().filter(|(tile, _)| tile.is_full()) {
            let claimed = parent(tile, self.head.size)
                .and_then(|parent| self.tiles.get(&(parent.level(), parent.index())))
                .and_then(|hashes| hashes.get(position_in_tile(tile.index())))
                .ok_or(TileError::UnplannedTile { tile: *tile })?;
            let hashes = tile.parse_hashes(bytes)?;
            check_full(tile, *claimed, &hashes)?;
            self.tiles.insert((tile.level(), tile.index()), hashes);
        }
        Ok(())
    }

    /// Returns the root of a bundle's leaves; `None` if its tiles are missing, or the tree has no such bundle.
    pub(crate) fn bundle_root(&self, bundle: EntryBundle) -> Option<Hash> {
        let start = bundle.start()?;
        if EntryBundle::containing(start, self.head.size) != Some(bundle) {
            return None;
        }
        if !bundle.is_full() {
            return self
                .tiles
                .get(&(0, bundle.index()))
                .map(|leaves| tree_root(leaves));
        }
        let above = self
            .tiles
            .get(&(1, bundle.index() / u64::from(FULL_WIDTH)))?;
        above.get(position_in_tile(bundle.index())).copied()
    }

    /// Parses a bundle and checks that its entries are in the tree.
    ///
    /// # Errors
    /// [`EntriesError`]; also `OutsideTree` if its tiles are missing.
    pub(crate) fn verify_bundle<'a>(
        &self,
        bundle: EntryBundle,
        bytes: &'a [u8],
    ) -> Result<VerifiedEntries<'a>, EntriesError> {
        let root = self.bundle_root(bundle).ok_or(EntriesError::OutsideTree {
            bundle,
            size: self.head.size,
        })?;
        VerifiedEntries::verify(bundle, bytes, &root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::edge::Edge;
    use alloc::format;
    use alloc::string::String;

    fn log(size: u64) -> (TreeHead, BTreeMap<String, Vec<u8>>) {
        let mut files = BTreeMap::new();
        let mut edge = Edge::new();
        for number in 0..size {
            let entry = format!("entry {number}");
            edge.append(entry.as_bytes(), |file| {
                files.insert(file.path, file.bytes);
            })
            .unwrap();
        }
        for file in edge.partials(0) {
            files.insert(file.path, file.bytes);
        }
        (edge.head(), files)
    }

    fn fetch(tiles: &BTreeSet<Tile>, files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<Tile, Vec<u8>> {
        tiles
            .iter()
            .map(|tile| (*tile, files[&tile.path()].clone()))
            .collect()
    }

    #[test]
    fn any_bundle_is_verified_by_its_tiles_alone() {
        for size in [1, 2, 255, 256, 257, 700, 65_536, 65_537, 66_000, 70_000] {
            let (head, files) = log(size);
            let count = size.div_ceil(256);
            let mut shared = LookupTiles::new(head).unwrap();
            for index in [0, count / 2, count - 1] {
                let bundle = EntryBundle::containing(index * 256, size).unwrap();
                let mut lookup = LookupTiles::new(head).unwrap();
                let tiles = lookup.tiles_for(&[bundle]);
                // The edge has one tile for each level, and the bundle at most one more for each.
                assert!(tiles.len() <= 5, "{size}: {tiles:?}");
                let bytes = &files[&bundle.path()];
                assert!(lookup.verify_bundle(bundle, bytes).is_err());
                lookup.supply(&fetch(&tiles, &files)).unwrap();
                let entries = lookup.verify_bundle(bundle, bytes).unwrap();
                let first = format!("entry {}", index * 256);
                assert_eq!(entries.entries()[0], first.as_bytes());
                assert!(lookup.verify_bundle(bundle, &bytes[1..]).is_err());
                assert_eq!(lookup.tiles_for(&[bundle]), BTreeSet::new());
                let more = shared.tiles_for(&[bundle]);
                shared.supply(&fetch(&more, &files)).unwrap();
                assert!(shared.verify_bundle(bundle, bytes).is_ok());
            }
        }
    }

    #[test]
    fn a_false_tile_is_named_and_nothing_of_it_is_used() {
        let (head, files) = log(66_000);
        let bundle = EntryBundle::containing(0, 66_000).unwrap();
        let lookup = LookupTiles::new(head).unwrap();
        let tiles = lookup.tiles_for(&[bundle]);
        for tile in &tiles {
            let mut fetched = fetch(&tiles, &files);
            fetched.get_mut(tile).unwrap()[0] ^= 1;
            let mut lookup = lookup.clone();
            let error = lookup.supply(&fetched).unwrap_err();
            if tile.is_full() {
                assert!(matches!(&error, TileError::Mismatch { tile: named, .. } if named == tile));
            } else {
                assert!(matches!(error, TileError::EdgeMismatch { .. }));
            }
            assert_eq!(lookup.bundle_root(bundle), None);
            // Without the tile, the bundle cannot be verified either.
            fetched.remove(tile);
            let supplied = lookup.supply(&fetched);
            assert!(tile.is_full() || supplied == Err(TileError::Missing { tile: *tile }));
            assert_eq!(lookup.bundle_root(bundle), None);
            assert!(
                lookup.tiles_for(&[bundle]).contains(tile),
                "asked for again"
            );
        }
    }

    #[test]
    fn a_bundle_of_another_width_is_none_of_the_tree() {
        let (head, files) = log(300);
        let mut lookup = LookupTiles::new(head).unwrap();
        let tiles = lookup.tiles_for(&[EntryBundle::containing(0, 300).unwrap()]);
        lookup.supply(&fetch(&tiles, &files)).unwrap();
        for (index, width) in [(1, 43), (1, 256), (2, 1), (0, 255)] {
            let bundle = EntryBundle::new(index, width).unwrap();
            assert_eq!(lookup.bundle_root(bundle), None);
        }
        assert!(
            lookup
                .bundle_root(EntryBundle::new(1, 44).unwrap())
                .is_some()
        );
    }

    #[test]
    fn an_empty_tree_has_its_own_root() {
        assert!(LookupTiles::new(TreeHead::empty()).is_ok());
        let head = TreeHead {
            size: 0,
            root: crate::merkle::hash::sha256(b"other"),
        };
        assert!(LookupTiles::new(head).is_err());
    }
}
