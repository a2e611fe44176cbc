//! Removal of partial tiles and bundles whose full ones are public; readers use the full ones instead
//! ([tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), "Partial Tiles").
//!
//! A partial file is removed only if its full one is public. One that belongs to the size up to which files are durable
//! is removed only if its full one is durable: otherwise a power loss could remove both. While a log is written, the
//! publisher knows the partial files. At opening, those of earlier writers are found by listing the tiles at the edge
//! since files were last synced: earlier ones were removed before that sync.

use crate::directory::torn::is_torn;
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::Storage;
use glasslog_core::tiles::{Edge, EntryBundle, FULL_WIDTH, Tile, hashes_at, tiles_between};
use std::collections::{BTreeMap, BTreeSet};

/// The partial files of tiles and bundles that are not full, or were not when the log was opened.
#[derive(Debug, Default)]
pub(crate) struct Partials {
    /// Paths of partial files, by the path of the full one.
    waiting: BTreeMap<String, Vec<String>>,
}

/// Returns the path of the full file that begins with a partial one; `None` if the file is not partial.
fn full_path(path: &str) -> Option<String> {
    let full = match Tile::parse_path(path) {
        Ok(tile) => tile.full().path(),
        Err(_) => EntryBundle::parse_path(path).ok()?.full().path(),
    };
    (full != path).then_some(full)
}

impl Partials {
    /// Finds the partial files of all tiles and bundles that changed between the sizes `since` and `size`.
    pub(crate) fn find(storage: &dyn Storage, since: u64, size: u64) -> Result<Self, LogError> {
        let edge = (0..)
            .map(|level| (level, hashes_at(level, size)))
            .take_while(|(_, hashes)| *hashes > 0)
            .filter_map(|(level, hashes)| Tile::containing(level, hashes - 1, size));
        let tiles = tiles_between(since, size).chain(edge);
        let tiles: BTreeSet<String> = tiles
            .flat_map(|tile| {
                let bundle =
                    (tile.level() == 0).then(|| EntryBundle::new(tile.index(), FULL_WIDTH));
                let bundle = bundle.flatten().map(|bundle| bundle.path());
                bundle.into_iter().chain([tile.full().path()])
            })
            .collect();
        let mut found = Self::default();
        for full in tiles {
            let directory = format!("{full}.p");
            for name in storage.list(&directory)? {
                found.note(&format!("{directory}/{name}"));
            }
        }
        Ok(found)
    }

    /// Adds a file that was made public.
    pub(crate) fn note(&mut self, path: &str) {
        if let Some(full) = full_path(path) {
            self.waiting.entry(full).or_default().push(path.to_owned());
        }
    }

    /// Returns the number of partial files.
    pub(crate) fn count(&self) -> usize {
        self.waiting.values().map(Vec::len).sum()
    }

    /// Takes the partial files whose full ones belong to size `size`, except those that belong to one of the `kept`
    /// sizes.
    pub(crate) fn take(&mut self, size: u64, kept: &[u64]) -> Vec<String> {
        let done: Vec<String> = self
            .waiting
            .keys()
            .filter(|full| is_filled(full, size))
            .cloned()
            .collect();
        let mut taken = Vec::new();
        for full in done {
            let paths = self.waiting.remove(&full).unwrap_or_default();
            let (keep, mut take): (Vec<String>, Vec<String>) = paths
                .into_iter()
                .partition(|path| kept.iter().any(|size| is_at_edge(path, *size)));
            taken.append(&mut take);
            if !keep.is_empty() {
                self.waiting.insert(full, keep);
            }
        }
        taken
    }

    /// Checks the partial files beside those of `edge`, also those of an unfinished publication of the entries after
    /// it. One that a power loss damaged is removed: no reader needs it, and it would mislead readers.
    pub(crate) fn check(
        &self,
        storage: &dyn Storage,
        edge: &Edge,
        staged: &[Leaf],
    ) -> Result<(), LogError> {
        let mut edge = edge.clone();
        let mut files = Vec::new();
        for leaf in staged {
            // An entry that cannot be appended is reported when it is published.
            let _ = edge.append_hashed(leaf.entry(), *leaf.hash(), |file| files.push(file));
        }
        files.extend(edge.partials(0));
        for file in files {
            let full = full_path(&file.path).unwrap_or(file.path);
            for path in self.waiting.get(&full).into_iter().flatten() {
                let (Some(whole), Some(found)) = (prefix(&file.bytes, path), storage.read(path)?)
                else {
                    continue;
                };
                if found == whole {
                    continue;
                }
                if !is_torn(&found, whole) {
                    let path = storage.locate(path);
                    return Err(LogError::differs(path));
                }
                storage.remove(path)?;
            }
        }
        self.check_filled(storage, edge.size())
    }

    /// Checks the partial files of tiles and bundles that are full in a log of `size` entries, which were created again if a
    /// power loss had damaged them.
    fn check_filled(&self, storage: &dyn Storage, size: u64) -> Result<(), LogError> {
        let filled = self
            .waiting
            .iter()
            .filter(|(full, _)| is_filled(full, size));
        for (full, paths) in filled {
            let Some(bytes) = storage.read(full)? else {
                continue;
            };
            for path in paths {
                if let (Some(whole), Some(found)) = (prefix(&bytes, path), storage.read(path)?)
                    && found != whole
                    && is_torn(&found, whole)
                {
                    storage.remove(path)?;
                }
            }
        }
        Ok(())
    }
}

/// Returns true if the full tile or bundle at `path` belongs to a tree of size `size`.
fn is_filled(path: &str, size: u64) -> bool {
    let tile = Tile::parse_path(path)
        .or_else(|_| EntryBundle::parse_path(path).map(|bundle| bundle.tile()));
    tile.is_ok_and(|tile| {
        let first = tile.index() * u64::from(FULL_WIDTH);
        hashes_at(tile.level(), size) >= first + u64::from(FULL_WIDTH)
    })
}

/// Returns true if the partial file at `path` is the last one of its level in a tree of size `size`.
fn is_at_edge(path: &str, size: u64) -> bool {
    let tile = Tile::parse_path(path)
        .or_else(|_| EntryBundle::parse_path(path).map(|bundle| bundle.tile()));
    tile.is_ok_and(|tile| {
        let first = tile.index() * u64::from(FULL_WIDTH);
        hashes_at(tile.level(), size) == first + u64::from(tile.width())
    })
}

/// Returns the content of the partial file at `path`, if it is the beginning of a file with these bytes.
fn prefix<'a>(bytes: &'a [u8], path: &str) -> Option<&'a [u8]> {
    if let Ok(tile) = Tile::parse_path(path) {
        return bytes.get(..tile.byte_length());
    }
    let width = EntryBundle::parse_path(path).ok()?.width();
    let mut length = 0;
    for _ in 0..width {
        let size = bytes.get(length..)?.first_chunk::<2>()?;
        length += 2 + usize::from(u16::from_be_bytes(*size));
    }
    bytes.get(..length)
}
