//! Recomputes a log from its public files alone, without the writer's code or state.

use glasslog_core::fetch::CheckpointList;
use glasslog_core::merkle::{Hash, TreeHead, leaf_hash, tree_root};
use glasslog_core::note::{Checkpoint, KeyVerdict, VerifierKey};
use glasslog_core::tiles::{
    EntryBundle, Tile, bundles_between, encode_entries, encode_hashes, parse_entries, tiles_between,
};
use std::fs;
use std::path::Path;

/// Contents of the public files of a log.
pub(crate) struct PublicLog {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) leaves: Vec<Hash>,
}

impl PublicLog {
    /// Reads and checks everything under `public`; panics at the first error.
    pub(crate) fn read(public: &Path, key: &VerifierKey) -> Self {
        let checkpoint = signed_checkpoint(&public.join("checkpoint"), key);
        let size = checkpoint.head().size;
        let mut entries = Vec::new();
        for bundle in bundles_between(0, size) {
            let (bytes, found) = read_bundle(public, bundle);
            let parsed = parse_entries(&bytes, found.width()).unwrap();
            let wanted = parsed.into_iter().take(usize::from(bundle.width()));
            entries.extend(wanted.map(<[u8]>::to_vec));
        }
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let log = Self {
            checkpoint,
            entries,
            leaves,
        };
        assert!(
            log.extends(&log.checkpoint.head()),
            "the root is not that of the entries"
        );
        for tile in tiles_between(0, size) {
            let is_there = |tile: Tile| public.join(tile.path()).exists();
            assert!(
                is_there(tile) || is_there(tile.full()),
                "{} is missing",
                tile.path()
            );
        }
        let mut paths = Vec::new();
        list(public, "", &mut paths);
        for path in paths {
            log.check_file(public, &path, key);
        }
        log
    }

    /// Returns whether a tree head is this log's own at that size.
    pub(crate) fn extends(&self, head: &TreeHead) -> bool {
        usize::try_from(head.size)
            .ok()
            .and_then(|size| self.leaves.get(..size))
            .is_some_and(|leaves| tree_root(leaves) == head.root)
    }

    /// Checks that every file belongs to a log and matches the entries, including partial files of earlier sizes.
    ///
    /// Files may hold entries that no checkpoint covers yet: a crash between two steps leaves them.
    fn check_file(&self, public: &Path, path: &str, key: &VerifierKey) {
        let bytes = fs::read(public.join(path)).unwrap();
        // The tests in `index.rs` check the contents of the index.
        if path == "checkpoint" || path.starts_with("index/") {
            return;
        }
        if path.starts_with("checkpoints/list") {
            assert!(CheckpointList::parse(&bytes).is_some(), "{path}");
        } else if let Some(size) = path.strip_prefix("checkpoints/") {
            let head = signed_checkpoint(&public.join(path), key).head();
            assert_eq!(head.size.to_string(), size);
            assert!(self.extends(&head), "{path} is not this log's");
        } else if let Ok(bundle) = EntryBundle::parse_path(path) {
            let start = usize::try_from(bundle.start().unwrap()).unwrap();
            if let Some(entries) = self.entries.get(start..start + usize::from(bundle.width())) {
                assert!(bytes == encode_entries(entries).unwrap(), "{path} differs");
            }
        } else {
            let tile =
                Tile::parse_path(path).unwrap_or_else(|_| panic!("{path} does not belong here"));
            let span = 256usize.pow(u32::from(tile.level()));
            let start = usize::try_from(tile.index()).unwrap() * 256 * span;
            if let Some(leaves) = self
                .leaves
                .get(start..start + usize::from(tile.width()) * span)
            {
                let hashes: Vec<Hash> = leaves.chunks(span).map(tree_root).collect();
                assert!(bytes == encode_hashes(&hashes), "{path} differs");
            }
        }
    }
}

/// Reads a bundle; the full one if the partial one is missing, as readers do (tlog-tiles, "Partial Tiles").
fn read_bundle(public: &Path, bundle: EntryBundle) -> (Vec<u8>, EntryBundle) {
    match fs::read(public.join(bundle.path())) {
        Ok(bytes) => (bytes, bundle),
        Err(_) => (
            fs::read(public.join(bundle.full().path())).unwrap(),
            bundle.full(),
        ),
    }
}

/// Reads a checkpoint that must carry the log's own signature.
fn signed_checkpoint(path: &Path, key: &VerifierKey) -> Checkpoint {
    let checkpoint = Checkpoint::parse(&fs::read(path).unwrap()).unwrap();
    assert_eq!(checkpoint.note().verify(key), KeyVerdict::Signed);
    checkpoint
}

/// Returns every file below a directory, by its relative path.
pub(crate) fn list(directory: &Path, prefix: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => list(&entry.path(), &format!("{path}/"), paths),
            false => paths.push(path),
        }
    }
}
