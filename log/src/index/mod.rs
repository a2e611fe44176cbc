//! Builds the index of a log and publishes it beside the log (`docs/formats/index.md`).
//!
//! An [`Indexer`] reads what is public and writes below `public/index/`; it holds a lock of its own and no state of the
//! log's, so that publishing entries never waits for it. How it survives crashes is that of the log: a manifest is
//! durable in `state/` before any file of it is public, and so is a signed head of the index log.
//!
//! Whoever has a key of his own can index the log of somebody else, into a directory of his own: see [`Indexer::of`].

mod background;
mod entries;
mod garbage;
mod inventory;
mod pace;
mod parallel;
mod place;
mod runs;
mod workshop;

pub use background::{Background, Status};
pub use entries::LogFiles;
pub use pace::{Pace, extend_if_due, extend_in_if_due, extend_now};
pub use runs::Progress;

use crate::config::Config;
use crate::disk::Disk;
use crate::error::LogError;
use crate::keys::read_signer;
use crate::layout::{Layout, PRIVATE_DIRECTORY, PRIVATE_FILE, PUBLIC_DIRECTORY};
use crate::lock::{CheckpointLock, WriterLock};
use crate::log::Log;
use crate::object_store::Bucket;
use crate::open::{bundle_from, clear_temporary};
use crate::shown::CHECKPOINT;
use crate::signer::Signer;
use entries::LogAt;
use garbage::Collecting;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::edge::{Edge, PublicFile};
use glasslog_core::hash::{Hash, leaf_hash};
use glasslog_core::index::file::LATEST_PATH;
use glasslog_core::index::manifest::Manifest;
use glasslog_core::index::map::MapFunction;
use glasslog_core::note::SignerKey;
use glasslog_core::proof::InclusionProof;
use glasslog_core::tile::{EntryBundle, bundles_between, parse_entries};
use glasslog_core::tlog_proof::TlogProof;
use glasslog_core::tree::TreeHead;
use inventory::Inventory;
use place::Place;
use std::path::Path;
use workshop::Workshop;

/// Where the index log lies in the public tree.
const PREFIX: &str = "index/";
/// Its newest checkpoint.
const INDEX_CHECKPOINT: &str = "index/checkpoint";

/// A manifest, and the proof of it in the index log that it is the last of.
type Newest = (Manifest, InclusionProof);

/// The index of one log, which this process alone may write, until dropped.
#[derive(Debug)]
pub struct Indexer {
    _lock: WriterLock,
    disk: Disk,
    layout: Layout,
    place: Place,
    index: Signer,
    pace: Pace,
    workshop: Workshop,
    edge: Edge,
    /// The newest manifest, and the proof of it in the tree of `edge`.
    newest: Option<(Manifest, InclusionProof)>,
    collecting: Option<Collecting>,
    /// Whether what is there is made again.
    remakes: bool,
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

    /// As [`open`](Self::open), for a log in a bucket that this process writes: the files are there, and the keys, the
    /// configuration and the builder's notes in the directory `path`.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when another process has taken over.
    pub fn open_in(bucket: Bucket, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()).for_index());
        disk.make_directory(&layout.state(), PRIVATE_DIRECTORY)?;
        Self::open_at(Place::Bucket(bucket), disk, layout)
    }

    /// Opens the index of a log that this process writes, at `path`, wherever the log lives.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_log(log: &Log, path: impl AsRef<Path>) -> Result<Self, LogError> {
        match log.bucket() {
            Some(bucket) => Self::open_in(bucket, path),
            None => Self::open(path),
        }
    }

    /// As [`open`](Self::open), on a disk that a test controls.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(disk: Disk, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref()).for_index();
        let place = Place::directory(&disk, &layout);
        Self::open_at(place, disk, layout)
    }

    fn open_at(place: Place, disk: Disk, layout: Layout) -> Result<Self, LogError> {
        let config = Config::read(&disk, &layout)?;
        let key = read_signer(&disk, &layout.key("index"))?;
        let map = match config.raw {
            true => MapFunction::LeafV1,
            false => MapFunction::AccessV1,
        };
        Self::resume(place, disk, layout, key, map, config.index)
    }

    /// Opens an index in the directory `path`, which is made if it is absent, of a log that is elsewhere: it is signed by
    /// `key`, whose name is the index's origin, and says under which keys `map` puts entries.
    ///
    /// # Errors
    /// When another process writes to it, or its files do not add up.
    pub fn of(
        path: impl AsRef<Path>,
        key: SignerKey,
        map: MapFunction,
        pace: Pace,
    ) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref()).for_index();
        let disk = Disk::new();
        for (directory, mode) in [
            (layout.root().to_owned(), PUBLIC_DIRECTORY),
            (layout.state(), PRIVATE_DIRECTORY),
            (layout.public(), PUBLIC_DIRECTORY),
        ] {
            disk.make_directory(&directory, mode)?;
        }
        let place = Place::directory(&disk, &layout);
        Self::resume(place, disk, layout, key, map, pace)
    }

    fn resume(
        place: Place,
        disk: Disk,
        layout: Layout,
        key: SignerKey,
        map: MapFunction,
        pace: Pace,
    ) -> Result<Self, LogError> {
        let lock = WriterLock::take(&layout.index_lock()).map_err(|error| match error {
            LogError::Locked { holder } => LogError::IndexLocked { holder },
            error => error,
        })?;
        disk.make_directory(&layout.temporary(), PRIVATE_DIRECTORY)?;
        clear_temporary(&disk, &layout)?;
        let name = key.verifier().name().to_string();
        let index = Signer::new(&name, key).map_err(|error| LogError::Setting {
            path: layout.key("index"),
            problem: error.to_string(),
        })?;
        let mut inventory = Inventory::open(&disk, &layout)?;
        if place.bucket().is_some() {
            // Others may have built meanwhile: what they did is read from the bucket.
            inventory.keep_useless();
        }
        let mut indexer = Self {
            _lock: lock,
            workshop: Workshop::new(&place, map, inventory),
            place,
            disk,
            layout,
            index,
            pace,
            edge: Edge::new(),
            newest: None,
            collecting: None,
            remakes: false,
            is_stopped: false,
        };
        indexer.finish_interrupted()?;
        let known = indexer.newest.as_ref().map(|(manifest, _)| manifest.map());
        match known {
            Some(Ok(known)) if known != map => Err(LogError::Index {
                problem: format!(
                    "it is an index by `{}`, not by `{}`",
                    known.name(),
                    map.name()
                ),
            }),
            _ => Ok(indexer),
        }
    }

    /// Indexes the log of this directory up to its public checkpoint and publishes the manifest; returns the size that is
    /// indexed. Runs that could be joined are named apart: [`join`](Self::join) is for later.
    ///
    /// `now` is in seconds since the epoch and decides only when the index is due again, and what is kept until when.
    ///
    /// # Errors
    /// When a file of the log or of the index is missing or wrong, or the disk fails; the index must then be opened again.
    pub fn publish(&mut self, now: u64) -> Result<u64, LogError> {
        let checkpoint = self.own_checkpoint()?;
        let files = self.place.tree();
        self.extend(&files, &checkpoint, false, now, &|_, _| {})
    }

    /// As [`publish`](Self::publish), with everything joined that can be.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn publish_joined(&mut self, now: u64, progress: &Progress<'_>) -> Result<u64, LogError> {
        let checkpoint = self.own_checkpoint()?;
        let files = self.place.tree();
        self.extend(&files, &checkpoint, true, now, progress)
    }

    /// The newest checkpoint of the log of this directory, signed by its key.
    fn own_checkpoint(&self) -> Result<Checkpoint, LogError> {
        let path = self.place.tree().locate(CHECKPOINT);
        let missing = || LogError::Missing { path: path.clone() };
        let checkpoint = self.public_checkpoint()?.ok_or_else(missing)?;
        let origin = Config::read(&self.disk, &self.layout)?.origin;
        Signer::read(&self.disk, &self.layout, &origin)?.verify(&checkpoint, &path)?;
        Ok(checkpoint)
    }

    /// The newest checkpoint of the log, unverified.
    fn public_checkpoint(&self) -> Result<Option<Checkpoint>, LogError> {
        let tree = self.place.tree();
        let Some(bytes) = tree.read(CHECKPOINT)? else {
            return Ok(None);
        };
        let parsed = Checkpoint::parse(&bytes).map_err(|error| LogError::Malformed {
            path: tree.locate(CHECKPOINT),
            problem: error.to_string(),
        });
        parsed.map(Some)
    }

    /// Indexes a log up to a checkpoint whose signatures the caller has judged, and publishes the manifest; returns the
    /// size that is indexed. With `joined`, whatever can be joined is joined first.
    ///
    /// # Errors
    /// When a file of the log or of the index is missing or wrong, the log is not the one that was indexed before, or the
    /// disk fails; the index must then be opened again.
    pub fn extend(
        &mut self,
        files: &dyn LogFiles,
        checkpoint: &Checkpoint,
        joined: bool,
        now: u64,
        progress: &Progress<'_>,
    ) -> Result<u64, LogError> {
        if self.is_stopped {
            return Err(LogError::Stopped);
        }
        let extended = self.try_extend(files, checkpoint, joined, now, progress);
        self.is_stopped = extended.is_err();
        extended
    }

    fn try_extend(
        &mut self,
        files: &dyn LogFiles,
        checkpoint: &Checkpoint,
        joined: bool,
        now: u64,
        progress: &Progress<'_>,
    ) -> Result<u64, LogError> {
        let log = LogAt::new(files, checkpoint.head());
        let before = self.newest.as_ref().map(|(manifest, _)| manifest.clone());
        if let Some(before) = &before {
            check_same_log(before, checkpoint)?;
            log.check_extends(&before.head())?;
            // What a crash kept from being noted.
            self.workshop
                .inventory()
                .supersede(before.runs(), None, now)?;
        }
        let is_remade = core::mem::take(&mut self.remakes);
        if is_remade {
            self.workshop.doubt_all();
        }
        let is_same = before
            .as_ref()
            .is_some_and(|before| before.head() == checkpoint.head());
        if is_same && !is_remade && !(joined && self.is_apart(log.size())) {
            return Ok(log.size());
        }
        let runs = self.make_runs(log, joined, now, progress)?;
        let before = before.map(|before| before.runs().to_vec());
        if is_same && before.as_ref() == Some(&runs) {
            return Ok(log.size());
        }
        let manifest = Manifest::new(self.workshop.map(), runs, checkpoint);
        let manifest = manifest.map_err(|error| LogError::Index {
            problem: error.to_string(),
        })?;
        let bytes = manifest.encode();
        if self.place.bucket().is_none() {
            let (temporary, next) = (self.layout.temporary(), self.layout.index_next());
            self.disk.replace(&temporary, &next, &bytes, PRIVATE_FILE)?;
        }
        self.commit(&bytes)?;
        let before = before.unwrap_or_default();
        self.workshop
            .inventory()
            .supersede(manifest.runs(), Some(&before), now)?;
        pace::Made {
            size: log.size(),
            time: now,
        }
        .write(&self.disk, &self.layout)?;
        Ok(log.size())
    }

    /// Whether the newest manifest names runs that could be one.
    fn is_apart(&self, size: u64) -> bool {
        let named = self.newest.as_ref().map(|(manifest, _)| manifest.runs());
        !self.due_joins(size).is_empty()
            || named.is_some_and(|named| self.cover(size).as_deref() != Ok(named))
    }

    /// Joins runs that can be joined, for the next manifest to name; returns whether there were any.
    ///
    /// # Errors
    /// When a file of the index is missing or wrong, or the disk fails.
    pub fn join(&mut self, now: u64) -> Result<bool, LogError> {
        match self.next_join() {
            Some(join) => join.run(now).map(|()| true),
            None => Ok(false),
        }
    }

    /// The next joining to be done, by whatever thread: what is published meanwhile does not wait for it.
    fn next_join(&self) -> Option<Joining> {
        let (manifest, _) = self.newest.as_ref()?;
        let range = self.due_joins(manifest.head().size).into_iter().next()?;
        Some(Joining {
            workshop: self.workshop.clone(),
            range,
        })
    }

    /// Whether the log of this directory has grown so that its index is due, by [`Pace`].
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn is_due(&self, now: u64) -> Result<bool, LogError> {
        let checkpoint = self.public_checkpoint()?;
        let size = checkpoint.map_or(0, |checkpoint| checkpoint.head().size);
        pace::is_due(&self.disk, &self.layout, &self.pace, size, now)
    }

    /// The index's origin: the name of its key.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.index.origin()
    }

    /// The key function.
    #[must_use]
    pub fn map(&self) -> MapFunction {
        self.workshop.map()
    }

    /// Makes every run anew when the index is extended next: what is there must then be the same, and what is missing is
    /// put back.
    pub fn remake(&mut self) {
        self.remakes = true;
    }

    /// Joins and collects whatever can be.
    ///
    /// # Errors
    /// As [`join`](Self::join) and [`collect`](Self::collect).
    pub fn tidy(&mut self, now: u64) -> Result<(), LogError> {
        while self.join(now)? {}
        while self.collect(now)? {}
        Ok(())
    }

    /// The newest manifest.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.newest.as_ref().map(|(manifest, _)| manifest)
    }

    /// Reads the index log up to the head that was signed last, and finishes what a crash interrupted.
    fn finish_interrupted(&mut self) -> Result<(), LogError> {
        let shown = self.shown()?;
        if let Some(bucket) = self.place.bucket().cloned() {
            return self.finish_decided(&bucket, shown);
        }
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

    /// The same in a bucket, where the lock says which manifests there are. Its newest may have no tiles yet.
    fn finish_decided(&mut self, bucket: &Bucket, shown: Option<TreeHead>) -> Result<(), LogError> {
        let decided = bucket.manifest()?;
        let state = decided.as_ref().map_or(0, |(head, _)| head.size);
        if let Some(shown) = shown.filter(|shown| shown.size > state) {
            return Err(LogError::RolledBack {
                state,
                public: shown.size,
            });
        }
        let Some((head, manifest)) = decided else {
            return Ok(());
        };
        self.replay_entries(head.size.saturating_sub(1))?;
        let (edge, newest, files) = self.with(&manifest)?;
        let computed = edge.head().root;
        if computed != head.root {
            return Err(LogError::WrongRoot {
                size: head.size,
                signed: head.root,
                computed,
            });
        }
        self.place.tree().create(&files)?;
        (self.edge, self.newest) = (edge, Some(newest));
        self.show()
    }

    fn shown(&self) -> Result<Option<TreeHead>, LogError> {
        let tree = self.place.tree();
        let path = tree.locate(INDEX_CHECKPOINT);
        let Some(bytes) = tree.read(INDEX_CHECKPOINT)? else {
            return Ok(None);
        };
        let checkpoint = Checkpoint::parse(&bytes).map_err(|error| LogError::Malformed {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        self.index.verify(&checkpoint, &path).map(Some)
    }

    fn replay(&mut self, head: &TreeHead) -> Result<(), LogError> {
        self.replay_entries(head.size)?;
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

    fn replay_entries(&mut self, size: u64) -> Result<(), LogError> {
        let tree = self.place.tree();
        for bundle in bundles_between(0, size) {
            let path_of = |bundle: &EntryBundle| [PREFIX, &bundle.path()].concat();
            let path = || tree.locate(&path_of(&bundle));
            let bytes = bundle_from(&bundle, |bundle| tree.read(&path_of(bundle)))?;
            let bytes = bytes.ok_or_else(|| LogError::Missing { path: path() })?;
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
        Ok(())
    }

    /// The index log with one more manifest, and the files that it has then and had not before.
    fn with(&self, manifest: &[u8]) -> Result<(Edge, Newest, Vec<PublicFile>), LogError> {
        let mut files = Vec::new();
        let (edge, newest) = extend(&self.edge, manifest, |file| files.push(file))?;
        files.extend(edge.partials(self.edge.size()));
        for file in &mut files {
            file.path.insert_str(0, PREFIX);
        }
        Ok((edge, newest, files))
    }

    /// Appends a manifest to the index log: tiles, then the signed head in the private state, then what readers see.
    fn commit(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let (edge, newest, files) = self.with(bytes)?;
        if let Some(bucket) = self.place.bucket() {
            // Names of tiles follow from their positions: nobody else may have decided on another manifest.
            bucket.decide_manifest(&self.edge.head(), &edge.head(), bytes)?;
        }
        self.place.tree().create(&files)?;
        if self.place.bucket().is_none() {
            let checkpoint = self.sign(edge.head())?;
            let (temporary, path) = (self.layout.temporary(), self.layout.index_head());
            let signed = checkpoint.encode();
            self.disk
                .replace(&temporary, &path, &signed, PRIVATE_FILE)?;
        }
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
        // What was shown by a builder that has taken over since stays.
        let size = checkpoint.head().size;
        let is_new = |shown: &Checkpoint| {
            shown.note().text() != checkpoint.note().text() && shown.head().size <= size
        };
        let _lock = match self.place.bucket() {
            Some(_) => None,
            None => Some(CheckpointLock::wait(&self.layout.index_checkpoint_lock())?),
        };
        let tree = self.place.tree();
        // The proof comes first: whoever follows the checkpoint finds its manifest among the entries anyway.
        tree.replace_if(LATEST_PATH, &latest.encode(), |shown| {
            TlogProof::parse(shown).map_or(true, |shown| is_new(shown.checkpoint()))
        })?;
        tree.replace_if(INDEX_CHECKPOINT, &checkpoint.encode(), |shown| {
            Checkpoint::parse(shown).map_or(true, |shown| is_new(&shown))
        })
    }

    fn sign(&self, head: TreeHead) -> Result<Checkpoint, LogError> {
        self.index.sign(head).map_err(|error| LogError::Setting {
            path: self.layout.key("index"),
            problem: error.to_string(),
        })
    }
}

/// Four runs that are to become one.
#[derive(Clone, Debug)]
struct Joining {
    workshop: Workshop,
    range: core::ops::Range<u64>,
}

impl Joining {
    fn run(&self, now: u64) -> Result<(), LogError> {
        self.workshop.join(&self.range, now, &|| {})
    }

    /// Lets [`run`](Self::run), in another thread, end early.
    fn cancel(&self) {
        self.workshop.cancel();
    }
}

fn check_same_log(before: &Manifest, checkpoint: &Checkpoint) -> Result<(), LogError> {
    let (was, is) = (before.checkpoint(), checkpoint);
    if was.origin() != is.origin() {
        return Err(LogError::Index {
            problem: format!(
                "it is the index of `{}`, not of `{}`",
                was.origin().as_str(),
                is.origin().as_str()
            ),
        });
    }
    if was.head().size > is.head().size {
        return Err(LogError::RolledBack {
            state: is.head().size,
            public: was.head().size,
        });
    }
    Ok(())
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
