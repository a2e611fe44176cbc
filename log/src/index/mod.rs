//! Builds the index of a log and publishes it beside the log (`docs/formats/index.md`).
//!
//! An [`Indexer`] reads what is public and writes below `public/index/`; it holds a lock of its own and no state of the
//! log's, so that publishing entries never waits for it. How it survives crashes is that of the log: a manifest is
//! durable in `state/` before any file of it is public, and so is a signed head of the index log.

mod background;
mod pace;
mod runs;

pub use background::{Background, Status};
pub use pace::{Pace, extend_if_due};

use crate::checkpoint_file::CheckpointFile;
use crate::config::Config;
use crate::disk::Disk;
use crate::error::LogError;
use crate::keys::read_signer;
use crate::layout::{Layout, PRIVATE_DIRECTORY, PRIVATE_FILE};
use crate::lock::{CheckpointLock, WriterLock};
use crate::open::{clear_temporary, read_bundle};
use crate::public::PublicTree;
use crate::signer::Signer;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::edge::{Edge, PublicFile};
use glasslog_core::hash::{Hash, leaf_hash};
use glasslog_core::index::file::LATEST_PATH;
use glasslog_core::index::manifest::Manifest;
use glasslog_core::index::map::MapFunction;
use glasslog_core::proof::InclusionProof;
use glasslog_core::tile::{bundles_between, parse_entries};
use glasslog_core::tlog_proof::TlogProof;
use glasslog_core::tree::TreeHead;
use std::path::Path;

/// Where the index log lies in the public tree.
const PREFIX: &str = "index/";

/// The index of one log, which this process alone may write, until dropped.
#[derive(Debug)]
pub struct Indexer {
    _lock: WriterLock,
    disk: Disk,
    layout: Layout,
    public: PublicTree,
    log: Signer,
    index: Signer,
    map: MapFunction,
    edge: Edge,
    /// The newest manifest, and the proof of it in the tree of `edge`.
    newest: Option<(Manifest, InclusionProof)>,
    is_stopped: bool,
}

impl Indexer {
    /// Opens the index of the log at `path` for writing; a log that has none gets its first with [`Indexer::publish`].
    ///
    /// # Errors
    /// When another process writes to it, or its files do not add up.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::open_with(Disk::new(), path)
    }

    /// As [`open`](Self::open), on a disk that a test controls.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(disk: Disk, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref()).for_index();
        let config = Config::read(&disk, &layout)?;
        let lock = WriterLock::take(&layout.index_lock()).map_err(|error| match error {
            LogError::Locked { holder } => LogError::IndexLocked { holder },
            error => error,
        })?;
        disk.make_directory(&layout.temporary(), PRIVATE_DIRECTORY)?;
        clear_temporary(&disk, &layout)?;
        let log = Signer::read(&disk, &layout, &config.origin)?;
        let key = read_signer(&disk, &layout.key("index"))?;
        let name = key.verifier().name().to_string();
        let index = Signer::new(&name, key).map_err(|error| LogError::Setting {
            path: layout.key("index"),
            problem: error.to_string(),
        })?;
        let map = match config.raw {
            true => MapFunction::LeafV1,
            false => MapFunction::AccessV1,
        };
        let mut indexer = Self {
            _lock: lock,
            public: PublicTree::new(&disk, &layout),
            disk,
            layout,
            log,
            index,
            map,
            edge: Edge::new(),
            newest: None,
            is_stopped: false,
        };
        indexer.resume()?;
        Ok(indexer)
    }

    /// Indexes the log up to its public checkpoint and publishes the manifest; returns the size that is indexed.
    ///
    /// `now` is in seconds since the epoch and decides only when the index is due again.
    ///
    /// # Errors
    /// When a file of the log or of the index is missing or wrong, or the disk fails; the index must then be opened again.
    pub fn publish(&mut self, now: u64) -> Result<u64, LogError> {
        if self.is_stopped {
            return Err(LogError::Stopped);
        }
        let published = self.publish_newest(now);
        self.is_stopped = published.is_err();
        published
    }

    fn publish_newest(&mut self, now: u64) -> Result<u64, LogError> {
        let file = CheckpointFile::new(&self.disk, &self.layout);
        let checkpoint = file.read()?.ok_or_else(|| LogError::Missing {
            path: self.layout.checkpoint(),
        })?;
        let head = self.log.verify(&checkpoint, &self.layout.checkpoint())?;
        let indexed = self.newest.as_ref().map(|(manifest, _)| manifest.head());
        if indexed == Some(head) {
            return Ok(head.size);
        }
        if let Some(indexed) = indexed.filter(|indexed| indexed.size >= head.size) {
            return Err(LogError::RolledBack {
                state: head.size,
                public: indexed.size,
            });
        }
        let runs = self.make_runs(head.size)?;
        let manifest =
            Manifest::new(self.map, runs, &checkpoint).map_err(|error| LogError::Index {
                problem: error.to_string(),
            })?;
        let bytes = manifest.encode();
        let (temporary, next) = (self.layout.temporary(), self.layout.index_next());
        self.disk.replace(&temporary, &next, &bytes, PRIVATE_FILE)?;
        self.commit(&bytes)?;
        pace::Made {
            size: head.size,
            time: now,
        }
        .write(&self.disk, &self.layout)?;
        Ok(head.size)
    }

    /// The newest manifest.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.newest.as_ref().map(|(manifest, _)| manifest)
    }

    /// Reads the index log up to the head that was signed last, and finishes what a crash interrupted.
    fn resume(&mut self) -> Result<(), LogError> {
        let shown = self.shown()?;
        if self.disk.read(&self.layout.index_head())?.is_some() {
            let path = self.layout.index_head();
            let head = self.index.read_signed(&self.disk, &path)?;
            if let Some(shown) = shown.filter(|shown| shown.size > head.size) {
                return Err(LogError::RolledBack {
                    state: head.size,
                    public: shown.size,
                });
            }
            self.replay(&head)?;
            self.show()?;
        } else if let Some(shown) = shown {
            return Err(LogError::RolledBack {
                state: 0,
                public: shown.size,
            });
        }
        // A manifest that was decided on and not signed: its files may be public already, so it is the next.
        let newest = self.newest.as_ref().map(|(manifest, _)| manifest.encode());
        match self.disk.read(&self.layout.index_next())? {
            Some(next) if Some(&next) != newest.as_ref() => self.commit(&next),
            _ => Ok(()),
        }
    }

    fn shown(&self) -> Result<Option<TreeHead>, LogError> {
        let path = self.layout.public_file("index/checkpoint");
        let Some(bytes) = self.disk.read(&path)? else {
            return Ok(None);
        };
        let checkpoint = Checkpoint::parse(&bytes).map_err(|error| LogError::Malformed {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        self.index.verify(&checkpoint, &path).map(Some)
    }

    fn replay(&mut self, head: &TreeHead) -> Result<(), LogError> {
        for bundle in bundles_between(0, head.size) {
            let bytes = read_bundle(&self.public, &self.layout, PREFIX, &bundle)?;
            let path = || self.layout.public_file(&[PREFIX, &bundle.path()].concat());
            let entries =
                parse_entries(&bytes, bundle.width()).map_err(|error| LogError::Malformed {
                    path: path(),
                    problem: error.to_string(),
                })?;
            for entry in entries {
                let (edge, newest) = extend(&self.edge, entry, |_| {})?;
                (self.edge, self.newest) = (edge, Some(newest));
            }
        }
        let computed = self.edge.head().root;
        match computed == head.root {
            true => Ok(()),
            false => Err(LogError::WrongRoot {
                size: head.size,
                signed: head.root,
                computed,
            }),
        }
    }

    /// Appends a manifest to the index log: tiles, then the signed head in the private state, then what readers see.
    fn commit(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let mut files = Vec::new();
        let (edge, newest) = extend(&self.edge, bytes, |file| files.push(file))?;
        files.extend(edge.partials(self.edge.size()));
        for file in &mut files {
            file.path.insert_str(0, PREFIX);
        }
        self.public.create(&files)?;
        let checkpoint = self.sign(edge.head())?;
        let (temporary, path) = (self.layout.temporary(), self.layout.index_head());
        let signed = checkpoint.encode();
        self.disk
            .replace(&temporary, &path, &signed, PRIVATE_FILE)?;
        (self.edge, self.newest) = (edge, Some(newest));
        self.show()
    }

    /// Shows the newest head and manifest, unless they are shown; cosignatures that were gathered stay.
    fn show(&mut self) -> Result<(), LogError> {
        let Some((manifest, proof)) = &self.newest else {
            return Ok(());
        };
        let checkpoint = self.sign(self.edge.head())?;
        let position = self.edge.size().saturating_sub(1);
        let latest = TlogProof::new(
            manifest.encode(),
            position,
            proof.clone(),
            checkpoint.clone(),
        );
        let latest = latest.map_err(|error| LogError::Index {
            problem: error.to_string(),
        })?;
        let _lock = CheckpointLock::wait(&self.layout.index_checkpoint_lock())?;
        // The proof comes first: whoever follows the checkpoint finds its manifest among the entries anyway.
        let shown = self.public.read(LATEST_PATH)?;
        let shown = shown.and_then(|bytes| TlogProof::parse(&bytes).ok());
        let is_new = |shown: &Checkpoint| shown.note().text() != checkpoint.note().text();
        if shown.is_none_or(|shown| is_new(shown.checkpoint())) {
            self.public.replace(LATEST_PATH, &latest.encode())?;
        }
        let path = [PREFIX, "checkpoint"].concat();
        let shown = self.public.read(&path)?;
        let shown = shown.and_then(|bytes| Checkpoint::parse(&bytes).ok());
        if shown.is_none_or(|shown| is_new(&shown)) {
            self.public.replace(&path, &checkpoint.encode())?;
        }
        Ok(())
    }

    fn sign(&self, head: TreeHead) -> Result<Checkpoint, LogError> {
        self.index.sign(head).map_err(|error| LogError::Setting {
            path: self.layout.key("index"),
            problem: error.to_string(),
        })
    }
}

/// The index log with one more manifest, and the proof of that one.
fn extend(
    edge: &Edge,
    entry: &[u8],
    full: impl FnMut(PublicFile),
) -> Result<(Edge, (Manifest, InclusionProof)), LogError> {
    let wrong = |problem: String| LogError::Index { problem };
    let manifest = Manifest::parse(entry).map_err(|error| wrong(error.to_string()))?;
    // All siblings of the last leaf stand to its left: the parts of the tree before it.
    let siblings: Vec<Hash> = edge.frontier().parts().iter().rev().copied().collect();
    let proof = InclusionProof::from_hashes(siblings).map_err(|error| wrong(error.to_string()))?;
    let mut edge = edge.clone();
    edge.append(entry, full)
        .map_err(|error| wrong(error.to_string()))?;
    let position = edge.size().saturating_sub(1);
    proof
        .verify(&leaf_hash(entry), position, &edge.head())
        .map_err(|error| wrong(error.to_string()))?;
    Ok((edge, (manifest, proof)))
}
