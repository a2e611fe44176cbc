//! Plans of tiles: the tiles that prove a set of tree hashes under a tree head, and the check of their contents ([C2SP
//! tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), 2026-07-22).
//!
//! A tree head authenticates tiles from the top down. The partial tiles at the right edge, at most one for each level,
//! hold the whole frontier of the tree together: they fold to its root, or one of them is false. The root of every full
//! tile is one hash in the level above, so its parent authenticates it, and the next parent that one, up to a partial
//! tile of the edge. A plan therefore consists of the edge, the wanted tiles and the tiles between them. No hash is
//! used before all tiles are checked.
//!
//! Plan, fetch, finish: [`TilePlan::tiles`] lists the tiles to fetch, [`TilePlan::finish`] checks their bytes. If a log
//! no longer has a partial tile, the caller passes the [prefix](Tile::prefix_of_full) of the full one.

use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::merkle::proof::{ConsistencyProof, InclusionProof};
use crate::merkle::proof_nodes::{consistency_subtrees, inclusion_subtrees};
use crate::merkle::tree::{Subtree, TreeHead, complete_subtrees, span_root};
use crate::tiles::tile::{Tile, TileError};
use crate::tiles::width::position_in_tile;
use crate::tiles::width::{FULL_WIDTH, TILE_HEIGHT, TILE_LEVELS, hashes_at};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The tiles that authenticate the hashes of some complete subtrees of one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TilePlan {
    head: TreeHead,
    /// Parents before children: from the top level down, the partial tiles among them.
    tiles: Vec<Tile>,
}

impl TilePlan {
    /// Plans for the hashes of these subtrees, and for the edge of the tree.
    ///
    /// # Errors
    /// [`TileError::OutsideTree`] for a subtree that the tree does not have.
    pub fn new(head: TreeHead, wanted: &[Subtree]) -> Result<Self, TileError> {
        // One by one: collecting into a set sorts first, which adds 5 kB to the browser's copy.
        let mut tiles = BTreeSet::new();
        tiles.extend(edge_tiles(head.size));
        for subtree in wanted {
            let outside = TileError::OutsideTree {
                subtree: *subtree,
                size: head.size,
            };
            let place = Place::of(*subtree)
                .filter(|_| subtree.is_within(head.size))
                .ok_or(outside.clone())?;
            let mut tile =
                Tile::containing(place.level, place.first, head.size).ok_or(outside.clone())?;
            // A full tile is hash number `index` of the level above. A tile in the plan has its parents in the plan.
            while tiles.insert(tile) {
                tile = parent(&tile, head.size).ok_or(outside.clone())?;
            }
        }
        let on_level = |level| tiles.iter().filter(move |tile| tile.level() == level);
        let tiles = (0..TILE_LEVELS).rev().flat_map(on_level).copied().collect();
        Ok(Self { head, tiles })
    }

    /// Returns the tree head that authenticates the tiles.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns the tiles to fetch: each once, from the top level down.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Checks the bytes of all tiles of the plan; files beyond the plan are ignored.
    ///
    /// # Errors
    /// The [`TileError`] that names the missing, malformed or false tile, or says that the edge is false.
    pub fn finish(&self, files: &BTreeMap<Tile, Vec<u8>>) -> Result<VerifiedTiles, TileError> {
        let mut hashes = BTreeMap::new();
        for tile in &self.tiles {
            let bytes = files.get(tile).ok_or(TileError::Missing { tile: *tile })?;
            hashes.insert((tile.level(), tile.index()), tile.parse_hashes(bytes)?);
        }
        let tiles = VerifiedTiles { hashes };
        check_edge(&self.head, |tile| tiles.whole(tile))?;
        for tile in self.tiles.iter().filter(|tile| tile.is_full()) {
            // The parent comes before its children in the plan, so it has been checked.
            let claimed = parent(tile, self.head.size)
                .and_then(|parent| tiles.whole(&parent)?.get(position_in_tile(tile.index())));
            check_full(
                tile,
                *claimed.ok_or(TileError::UnplannedTile { tile: *tile })?,
                tiles.whole(tile).unwrap_or_default(),
            )?;
        }
        Ok(tiles)
    }
}

/// Tiles that a tree head authenticates; only [`TilePlan::finish`] makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTiles {
    hashes: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl VerifiedTiles {
    /// Returns the hash of a complete subtree; `None` if its tile is not in the plan.
    #[must_use]
    pub fn hash(&self, subtree: Subtree) -> Option<Hash> {
        let place = Place::of(subtree)?;
        let tile = self
            .hashes
            .get(&(place.level, place.first / u64::from(FULL_WIDTH)))?;
        let start = position_in_tile(place.first);
        Some(tree_root(tile.get(start..start.checked_add(place.count)?)?))
    }

    fn whole(&self, tile: &Tile) -> Option<&[Hash]> {
        self.hashes
            .get(&(tile.level(), tile.index()))
            .map(Vec::as_slice)
    }

    fn read(&self, subtree: Subtree) -> Result<Hash, TileError> {
        self.hash(subtree)
            .ok_or(TileError::UnplannedSubtree { subtree })
    }
}

/// The tiles that an inclusion proof is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionPlan {
    index: u64,
    plan: TilePlan,
}

impl InclusionPlan {
    /// Plans the proof of the leaf at `index`.
    ///
    /// # Errors
    /// [`TileError::Proof`] if the tree has no such leaf.
    pub fn new(head: TreeHead, index: u64) -> Result<Self, TileError> {
        // The tile of the leaf itself is among them: it holds the sibling, or is part of the edge.
        let wanted = inclusion_subtrees(index, head.size)?;
        Ok(Self {
            index,
            plan: TilePlan::new(head, &wanted)?,
        })
    }

    /// Returns the tiles to fetch: each once, from the top level down.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        self.plan.tiles()
    }

    /// Checks the tiles and makes the proof. The proof holds for the leaf in the tiles; the caller verifies it with the
    /// leaf in question.
    ///
    /// # Errors
    /// As [`TilePlan::finish`].
    pub fn finish(&self, files: &BTreeMap<Tile, Vec<u8>>) -> Result<InclusionProof, TileError> {
        self.finish_with_leaf(files).map(|(_, proof)| proof)
    }

    /// As [`finish`](Self::finish), and also returns the hash of the leaf in the tree.
    ///
    /// # Errors
    /// As [`TilePlan::finish`].
    pub fn finish_with_leaf(
        &self,
        files: &BTreeMap<Tile, Vec<u8>>,
    ) -> Result<(Hash, InclusionProof), TileError> {
        let tiles = self.plan.finish(files)?;
        let leaf = tiles.read(Subtree::leaf(self.index))?;
        let proof = InclusionProof::prove(self.index, self.plan.head.size, |subtree| {
            tiles.read(subtree)
        })?;
        Ok((leaf, proof))
    }
}

/// The tiles that a consistency proof from an older size is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyPlan {
    old_size: u64,
    plan: TilePlan,
}

impl ConsistencyPlan {
    /// Plans the proof that the tree of `old_size` leaves is a prefix of `head`'s.
    ///
    /// # Errors
    /// [`TileError::Proof`] if `old_size` is larger.
    pub fn new(old_size: u64, head: TreeHead) -> Result<Self, TileError> {
        let mut wanted = consistency_subtrees(old_size, head.size)?;
        // The old root itself, so that the caller can compare it with a signed one.
        wanted.extend(complete_subtrees(0..old_size));
        Ok(Self {
            old_size,
            plan: TilePlan::new(head, &wanted)?,
        })
    }

    /// Returns the tiles to fetch: each once, from the top level down.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        self.plan.tiles()
    }

    /// Reads the tiles; the beginning of the full tile stands in for a partial one that was removed. A missing tile is left
    /// out, and [`finish`](Self::finish) names it.
    ///
    /// # Errors
    /// The error of `read`.
    pub fn read<E>(
        &self,
        read: impl Fn(&Tile) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<BTreeMap<Tile, Vec<u8>>, E> {
        let mut files = BTreeMap::new();
        for tile in self.tiles() {
            let bytes = match read(tile)? {
                Some(bytes) => Some(bytes),
                None => read(&tile.full())?
                    .and_then(|full| tile.prefix_of_full(&full).map(<[u8]>::to_vec)),
            };
            if let Some(bytes) = bytes {
                files.insert(*tile, bytes);
            }
        }
        Ok(files)
    }

    /// Checks the tiles, and returns the only consistent head of the old size with its proof.
    ///
    /// # Errors
    /// As [`TilePlan::finish`].
    pub fn finish(
        &self,
        files: &BTreeMap<Tile, Vec<u8>>,
    ) -> Result<(TreeHead, ConsistencyProof), TileError> {
        let tiles = self.plan.finish(files)?;
        let parts = complete_subtrees(0..self.old_size)
            .map(|subtree| tiles.read(subtree))
            .collect::<Result<Vec<Hash>, TileError>>()?;
        let old = TreeHead {
            size: self.old_size,
            root: span_root(&parts),
        };
        let proof = ConsistencyProof::prove(self.old_size, self.plan.head.size, |subtree| {
            tiles.read(subtree)
        })?;
        Ok((old, proof))
    }
}

/// The place of a complete subtree: `count` neighbouring hashes of one tile, a power of two below 256.
struct Place {
    level: u8,
    first: u64,
    count: usize,
}

impl Place {
    fn of(subtree: Subtree) -> Option<Self> {
        let rest = u32::from(subtree.level % TILE_HEIGHT);
        Some(Self {
            level: subtree.level / TILE_HEIGHT,
            first: subtree.index.checked_mul(1u64.checked_shl(rest)?)?,
            count: 1usize.checked_shl(rest)?,
        })
    }
}

/// Returns the partial tiles at the right edge of a tree, from the top level down; a level whose last tile is full has
/// none.
pub(crate) fn edge_tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_LEVELS).rev().filter_map(move |level| {
        Tile::containing(level, hashes_at(level, size).checked_sub(1)?, size)
            .filter(|tile| !tile.is_full())
    })
}

/// Folds the tiles of the edge and compares the result with the root; the right-most hashes are the smallest subtrees.
pub(crate) fn check_edge<'a>(
    head: &TreeHead,
    hashes: impl Fn(&Tile) -> Option<&'a [Hash]>,
) -> Result<(), TileError> {
    let mut parts = Vec::new();
    for tile in edge_tiles(head.size) {
        let mut rest = hashes(&tile).ok_or(TileError::Missing { tile })?;
        for subtree in complete_subtrees(0..u64::from(tile.width())) {
            let width = subtree
                .width()
                .and_then(|width| usize::try_from(width).ok())
                .unwrap_or(usize::MAX);
            let (complete, after) = rest
                .split_at_checked(width)
                .ok_or(TileError::Missing { tile })?;
            parts.push(tree_root(complete));
            rest = after;
        }
    }
    let computed = span_root(&parts);
    if computed != head.root {
        return Err(TileError::EdgeMismatch {
            size: head.size,
            claimed: head.root,
            computed,
        });
    }
    Ok(())
}

/// Compares the root of a full tile with its hash in the level above.
pub(crate) fn check_full(tile: &Tile, claimed: Hash, hashes: &[Hash]) -> Result<(), TileError> {
    let computed = tree_root(hashes);
    if computed != claimed {
        return Err(TileError::Mismatch {
            tile: *tile,
            claimed,
            computed,
        });
    }
    Ok(())
}

/// Returns the tile of the level above that authenticates a full tile.
pub(crate) fn parent(tile: &Tile, size: u64) -> Option<Tile> {
    Tile::containing(tile.level().checked_add(1)?, tile.index(), size)
}
