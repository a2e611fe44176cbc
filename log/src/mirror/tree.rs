//! The two trees that a mirror copies, and proofs from the tiles of either.

use super::error::MirrorError;
use glasslog_client::prefix::{PrefixError, prefix};
use glasslog_client::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::INDEX_FOLDER;
use glasslog_core::merkle::{ConsistencyProof, Hash, TreeHead};
use glasslog_core::tiles::{EntryBundle, Tile};
use std::collections::BTreeMap;

/// A tree of a log: that of its entries, or that of its index log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    /// Folder of its files in the public tree, with a slash at its end, or nothing.
    pub(super) folder: &'static str,
    pub(super) checkpoint: LogFile,
    pub(super) tile: fn(Tile) -> LogFile,
    pub(super) bundle: fn(EntryBundle) -> LogFile,
    /// Name of the private file with the newest checkpoint that the mirror accepted.
    pub(super) memory: &'static str,
}

pub(super) const LOG: Tree = Tree {
    folder: "",
    checkpoint: LogFile::Checkpoint,
    tile: LogFile::Tile,
    bundle: LogFile::Bundle,
    memory: "seen",
};

pub(super) const INDEX: Tree = Tree {
    folder: INDEX_FOLDER,
    checkpoint: LogFile::IndexCheckpoint,
    tile: LogFile::IndexTile,
    bundle: LogFile::IndexBundle,
    memory: "index-seen",
};

impl Tree {
    /// Reads tiles of a tree; a missing one is an error.
    pub(super) fn tiles(
        &self,
        source: &dyn Source,
        tiles: &[Tile],
    ) -> Result<BTreeMap<Tile, Vec<u8>>, MirrorError> {
        let mut files = BTreeMap::new();
        for tile in tiles {
            let file = (self.tile)(*tile);
            let bytes = read_file(source, &file)?;
            let bytes = bytes.ok_or_else(|| MirrorError::Missing { path: file.path() })?;
            files.insert(*tile, bytes);
        }
        Ok(files)
    }

    /// Computes the root that the tree of `head` has at an older size, and the proof of it.
    pub(super) fn prefix(
        &self,
        source: &dyn Source,
        size: u64,
        head: TreeHead,
    ) -> Result<(Hash, ConsistencyProof), MirrorError> {
        prefix(source, self.tile, size, head).map_err(|error| match error {
            PrefixError::Source(error) => error.into(),
            PrefixError::Tile(error) => error.into(),
        })
    }
}
