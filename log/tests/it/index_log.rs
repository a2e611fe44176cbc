//! The index log: the files that are read to continue it, and the deletion of superseded files.

use crate::support::{NOW, entries, scratch};
use glasslog_core::crypto::SecretKey;
use glasslog_core::index::format::MapFunction;
use glasslog_core::merkle::{Hash, leaf_hash, tree_root};
use glasslog_core::note::{
    Checkpoint, KeyName, Origin, SignatureType, SignedCheckpoint, SignerKey,
};
use glasslog_core::tiles::{Edge, PublicFile, parse_entries};
use glasslog_log::Schedule;
use glasslog_log::index::{Indexer, LogFiles};
use glasslog_log::{Layout, LogError};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn key(name: &str) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(name, SignatureType::Ed25519, SecretKey::from_seed(&[7; 32]))
}

/// A log in memory, at each of its sizes.
struct Source {
    files: BTreeMap<String, Vec<u8>>,
    checkpoints: Vec<SignedCheckpoint>,
}

impl LogFiles for Source {
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        let found = paths.iter().map(|path| self.files.get(path).cloned());
        Ok(found.collect())
    }
}

impl Source {
    fn of(size: u64) -> Self {
        let origin = Origin::parse("log.example/source").unwrap();
        let (mut edge, mut files, mut checkpoints) = (Edge::new(), BTreeMap::new(), Vec::new());
        for entry in entries(0, size, 0) {
            let since = edge.size();
            let mut add = |file: PublicFile| files.insert(file.path, file.bytes);
            edge.append(&entry, |file| {
                add(file);
            })
            .unwrap();
            edge.partials(since).into_iter().for_each(|file| {
                add(file);
            });
            let key = key("log.example/source");
            let checkpoint = Checkpoint::sign(&origin, edge.head(), &key).unwrap();
            let signed = SignedCheckpoint::new(&checkpoint, &[key.verifier()]);
            checkpoints.push(signed.unwrap());
        }
        Self { files, checkpoints }
    }

    /// Indexes the log up to this size, with one more manifest.
    fn index(&self, indexer: &mut Indexer, size: u64) {
        let checkpoint = &self.checkpoints[size as usize - 1];
        let indexed = indexer.extend(self, checkpoint, false, NOW, &|_, _| {});
        assert_eq!(indexed, Ok(size));
    }
}

fn open(path: &Path) -> Result<Indexer, LogError> {
    let key = key("index.example/source");
    Indexer::of(path, key, MapFunction::LeafV1, Schedule::default())
}

fn public(path: &Path, name: &str) -> std::path::PathBuf {
    Layout::new(path).public_file(&format!("index/{name}"))
}

/// Returns the root of the index log computed from all its manifests, and the root in its checkpoint.
fn roots(path: &Path, bundles: &[(&str, u16)]) -> (Hash, Hash) {
    let mut leaves = Vec::new();
    for (name, width) in bundles {
        let bytes = fs::read(public(path, &format!("tile/entries/{name}"))).unwrap();
        leaves.extend(
            parse_entries(&bytes, *width)
                .unwrap()
                .iter()
                .map(|entry| leaf_hash(entry)),
        );
    }
    let shown = Checkpoint::parse(&fs::read(public(path, "checkpoint")).unwrap()).unwrap();
    (tree_root(&leaves), shown.head().root)
}

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn opening_reads_the_last_manifests_and_superseded_files_go() {
    let directory = scratch();
    let path = directory.path().join("index");
    let source = Source::of(259);
    let mut indexer = open(&path).unwrap();
    for size in 1..=257 {
        source.index(&mut indexer, size);
        // For every end of the newest bundle.
        if [1, 2, 255, 256].contains(&size) {
            drop(indexer);
            indexer = open(&path).unwrap();
            assert_eq!(indexer.manifest().unwrap().head().size, size);
        }
        if size == 255 {
            assert_eq!(indexer.collect(NOW), Ok(false), "nothing is superseded");
            assert_eq!(names(&public(&path, "tile/0/000.p")), 255);
        }
    }
    let expected = indexer.manifest().cloned();
    drop(indexer);

    // Manifests of a full bundle are not read; the hashes above them are.
    let (full, hashes) = (
        public(&path, "tile/entries/000"),
        public(&path, "tile/1/000.p/1"),
    );
    for (file, opens) in [(full, true), (hashes, false)] {
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, vec![7; bytes.len()]).unwrap();
        let opened = open(&path);
        match opens {
            true => assert_eq!(opened.unwrap().manifest(), expected.as_ref()),
            false => assert_eq!(opened.unwrap_err().code(), "public-root-mismatch"),
        }
        fs::write(&file, bytes).unwrap();
    }

    // A crash left some superseded files: the oldest are deleted first, so the rest is found.
    let old = ["tile/0/000.p", "tile/entries/000.p"].map(|name| public(&path, name));
    let new = ["tile/0/001.p/1", "tile/entries/001.p/1", "tile/1/000.p/1"];
    for number in 1..200 {
        fs::remove_file(old[0].join(number.to_string())).unwrap();
    }
    let mut indexer = open(&path).unwrap();
    assert_eq!(indexer.collect(NOW), Ok(true));
    assert_eq!(indexer.collect(NOW), Ok(false));
    assert!(old.iter().all(|folder| !folder.exists()));
    assert!(new.iter().all(|name| public(&path, name).exists()));

    // The index log continues from the root that all manifests give.
    source.index(&mut indexer, 258);
    drop(indexer);
    let mut indexer = open(&path).unwrap();
    source.index(&mut indexer, 259);
    let (computed, shown) = roots(&path, &[("000", 256), ("001.p/3", 3)]);
    assert_eq!(computed, shown);
}
