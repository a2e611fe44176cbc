//! The right edge of a growing log: entries in, files out ([tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), "Merkle Tree" and "Log entries").
//!
//! An edge holds all parts of a log that the next entries change: the partial tile of each level, the partial entry
//! bundle and the frontier of the tree. Full tiles and bundles leave it at once; partial ones are written for each size
//! that gets a checkpoint. The edge depends on the entries alone.

use crate::merkle::compact::CompactRange;
use crate::merkle::hash::{Hash, leaf_hash};
use crate::merkle::tree::TreeHead;
use crate::text::limits::MAX_ENTRY;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::tile::{Tile, encode_hashes};
use crate::tiles::width::{FULL_WIDTH, TILE_HEIGHT, hashes_at};
use alloc::string::String;
use alloc::vec::Vec;

/// A public file: its path in the tree and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicFile {
    /// Path relative to the log's prefix.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// The right edge of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    range: CompactRange,
    /// Hashes of the partial tile of each level, lowest first.
    levels: Vec<Vec<Hash>>,
    /// The partial entry bundle.
    bundle: Vec<u8>,
}

impl Edge {
    /// Starts with the empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues a log of `size` entries, a whole number of bundles, from the hashes in the partial tile of each level,
    /// lowest first. The caller compares the root to check that they belong to the log.
    ///
    /// # Errors
    /// [`EdgeError::NotAnEdge`] if their number does not fit the size.
    pub fn resume(size: u64, levels: Vec<Vec<Hash>>) -> Result<Self, EdgeError> {
        let wrong = || EdgeError::NotAnEdge { size };
        let range = frontier(size, &levels).ok_or_else(wrong)?;
        if levels.first().is_some_and(|level| !level.is_empty()) {
            return Err(wrong());
        }
        Ok(Self {
            range,
            levels,
            bundle: Vec::new(),
        })
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.range.size()
    }

    /// Returns the size and the root of the log.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.range.head()
    }

    /// Returns the right frontier of the tree: all siblings of the next leaf in the tree that ends with that leaf.
    #[must_use]
    pub const fn frontier(&self) -> &CompactRange {
        &self.range
    }

    /// Appends an entry, passes the tiles and the bundle that it fills to `full`, and returns its leaf hash.
    ///
    /// # Errors
    /// [`EdgeError::TooLong`]; the edge is then unchanged.
    pub fn append(
        &mut self,
        entry: &[u8],
        full: impl FnMut(PublicFile),
    ) -> Result<Hash, EdgeError> {
        self.append_hashed(entry, leaf_hash(entry), full)
    }

    /// As [`append`](Self::append), for an entry whose leaf hash is known.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_hashed(
        &mut self,
        entry: &[u8],
        leaf: Hash,
        mut full: impl FnMut(PublicFile),
    ) -> Result<Hash, EdgeError> {
        let length = u16::try_from(entry.len()).map_err(|_| EdgeError::TooLong {
            length: entry.len(),
        })?;
        let index = self.range.size();
        self.bundle.extend(length.to_be_bytes());
        self.bundle.extend(entry);
        let levels = &mut self.levels;
        self.range.push_with(leaf, |subtree, hash| {
            if subtree.level % TILE_HEIGHT != 0 {
                return;
            }
            let number = subtree.level / TILE_HEIGHT;
            if levels.len() <= usize::from(number) {
                levels.push(Vec::new());
            }
            let Some(level) = levels.get_mut(usize::from(number)) else {
                return;
            };
            level.push(hash);
            if level.len() == usize::from(FULL_WIDTH) {
                let tile = Tile::new(number, subtree.index / u64::from(FULL_WIDTH), FULL_WIDTH);
                tile.into_iter()
                    .for_each(|tile| full(tile_file(&tile, level)));
                level.clear();
            }
        });
        let bundle = EntryBundle::containing(index, self.range.size());
        if let Some(bundle) = bundle.filter(EntryBundle::is_full) {
            let bytes = core::mem::take(&mut self.bundle);
            full(PublicFile {
                path: bundle.path(),
                bytes,
            });
        }
        Ok(leaf)
    }

    /// Returns the partial tiles and the partial bundle of this size, without those that size `since` has too.
    #[must_use]
    pub fn partials(&self, since: u64) -> Vec<PublicFile> {
        let size = self.range.size();
        let last = size.checked_sub(1).filter(|_| size != since);
        let bundle = last.and_then(|last| EntryBundle::containing(last, size));
        let bundle = bundle
            .filter(|bundle| !bundle.is_full())
            .map(|bundle| PublicFile {
                path: bundle.path(),
                bytes: self.bundle.clone(),
            });
        let tiles = (0..).zip(&self.levels).filter_map(|(level, hashes)| {
            let complete = hashes_at(level, size);
            let last = complete
                .checked_sub(1)
                .filter(|_| complete != hashes_at(level, since))?;
            let tile = Tile::containing(level, last, size).filter(|tile| !tile.is_full())?;
            Some(tile_file(&tile, hashes))
        });
        bundle.into_iter().chain(tiles).collect()
    }
}

/// Returns the number of hashes in the partial tile of a level, in a log of `size` entries; 0 if the last tile is full.
#[must_use]
pub fn partial_width(level: u8, size: u64) -> u64 {
    hashes_at(level, size) % u64::from(FULL_WIDTH)
}

/// Computes the frontier of a log of `size` entries from the partial tile of each level, lowest first.
///
/// `None` unless number and widths of the tiles fit the size.
#[must_use]
pub fn frontier(size: u64, levels: &[Vec<Hash>]) -> Option<CompactRange> {
    let needed = (0..).take_while(|level| hashes_at(*level, size) > 0);
    if needed.count() != levels.len() {
        return None;
    }
    let mut parts = Vec::new();
    for (level, hashes) in (0..=u8::MAX).zip(levels).rev() {
        if u64::try_from(hashes.len()) != Ok(partial_width(level, size)) {
            return None;
        }
        let mut range = CompactRange::new();
        hashes.iter().for_each(|hash| range.push(*hash));
        parts.extend(range.parts());
    }
    CompactRange::from_parts(size, parts).ok()
}

fn tile_file(tile: &Tile, hashes: &[Hash]) -> PublicFile {
    PublicFile {
        path: tile.path(),
        bytes: encode_hashes(hashes),
    }
}

/// The reason why an entry cannot be appended, or a log not continued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// The entry is longer than the 16-bit length in an entry bundle allows.
    #[error("the entry has {length} bytes, at most {MAX_ENTRY} fit")]
    TooLong {
        /// Bytes of the entry; at most [`MAX_ENTRY`] fit.
        length: usize,
    },
    /// Number or widths of the partial tiles do not fit the size.
    #[error("the hashes are not the edge of a log of {size} entries")]
    NotAnEdge {
        /// The size.
        size: u64,
    },
}

impl EdgeError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "edge-entry-too-long",
            Self::NotAnEdge { .. } => "edge-hash-count",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::compact::tree_root;
    use crate::tiles::entry_bundle::bundles_between;
    use crate::tiles::tile::tiles_between;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::vec::Vec;
    use alloc::{format, vec};

    fn entry(index: u64) -> Vec<u8> {
        format!("entry {index}").into_bytes()
    }

    /// The definition of a tile, word for word: hashes `i` of level `level` over the leaves.
    fn expected_tile(leaves: &[Hash], tile: &Tile) -> Vec<u8> {
        let span = 256usize.pow(u32::from(tile.level()));
        (0..usize::from(tile.width()))
            .flat_map(|i| {
                let start = (usize::try_from(tile.index()).unwrap() * 256 + i) * span;
                *tree_root(&leaves[start..start + span]).as_bytes()
            })
            .collect()
    }

    /// Publishes after steps of several lengths: each file is new, correct, and one of those that the size requires.
    #[test]
    fn files_are_those_of_the_specification() {
        for step in [1, 7, 255, 256, 257, 66_000] {
            let (mut edge, mut published) = (Edge::new(), 0);
            let mut leaves = Vec::new();
            let end = if step == 66_000 { 66_000 } else { 800 };
            while edge.size() < end {
                let mut files = Vec::new();
                for index in edge.size()..(edge.size() + step).min(end) {
                    leaves.push(edge.append(&entry(index), |file| files.push(file)).unwrap());
                }
                files.extend(edge.partials(published));
                let files: BTreeMap<_, _> = files.into_iter().map(|f| (f.path, f.bytes)).collect();
                let mut expected = BTreeSet::new();
                for tile in tiles_between(published, edge.size()) {
                    assert_eq!(
                        files[&tile.path()],
                        expected_tile(&leaves, &tile),
                        "{tile:?}"
                    );
                    expected.insert(tile.path());
                }
                for bundle in bundles_between(published, edge.size()) {
                    let start = bundle.start().unwrap();
                    let bytes: Vec<u8> = (start..start + u64::from(bundle.width()))
                        .flat_map(|index| {
                            let entry = entry(index);
                            let length = u16::try_from(entry.len()).unwrap().to_be_bytes();
                            [&length[..], &entry].concat()
                        })
                        .collect();
                    assert_eq!(files[&bundle.path()], bytes);
                    expected.insert(bundle.path());
                }
                assert_eq!(files.keys().cloned().collect::<BTreeSet<_>>(), expected);
                assert_eq!(edge.head().root, tree_root(&leaves));
                published = edge.size();
            }
        }
    }

    /// An edge that is resumed from the hashes of its tiles equals the edge that was never stopped.
    #[test]
    fn a_resumed_edge_goes_on() {
        let mut edge = Edge::new();
        for index in 0..66_304 {
            edge.append(&entry(index), |_| {}).unwrap();
            let size = edge.size();
            if size > 600 && ![0, 1, 255].contains(&(size % 4_096)) {
                continue;
            }
            let resumed = Edge::resume(size, edge.levels.clone());
            if !size.is_multiple_of(256) {
                assert_eq!(resumed, Err(EdgeError::NotAnEdge { size }));
                assert_eq!(frontier(size, &edge.levels).as_ref(), Some(&edge.range));
                continue;
            }
            assert_eq!(resumed.as_ref(), Ok(&edge));
            for other in [0, size - 256, size + 256] {
                let wrong = Err(EdgeError::NotAnEdge { size: other });
                assert_eq!(Edge::resume(other, edge.levels.clone()), wrong);
            }
        }
        assert_eq!(Edge::resume(0, Vec::new()), Ok(Edge::new()));
    }

    #[test]
    fn entries_have_a_longest() {
        let mut edge = Edge::new();
        let long = vec![0; MAX_ENTRY + 1];
        assert_eq!(
            edge.append(&long, |_| {}),
            Err(EdgeError::TooLong { length: 65_536 })
        );
        assert_eq!(edge, Edge::new());
        edge.append(&long[1..], |_| {}).unwrap();
        assert_eq!(edge.size(), 1);
    }
}
