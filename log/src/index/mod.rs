//! Builds the index of a log and publishes it beside the log (`docs/formats/index.md`).
//!
//! An [`Indexer`] reads public files and writes below `public/index/`. It holds its own lock and none of the log's
//! state, so publishing entries never waits for it. It survives crashes as the log does: a manifest is durable in
//! `state/` before any of its files is public, and so is a signed head of the index log.
//!
//! Anyone with a key can index another operator's log into a directory: see [`Indexer::of`].

mod audited;
mod background;
mod entries;
pub(crate) mod error;
mod files;
mod garbage;
mod index_log;
mod inventory;
mod opening;
mod parallel;
mod public_index;
mod run_builder;
mod runs;
mod schedule;

pub use audited::{AuditedProof, CosignError, Published};
pub use background::{Background, Status, Watch};
pub use entries::LogFiles;
pub use error::IndexError;
pub use public_index::PublicIndex;
pub use runs::Progress;
pub use schedule::{extend_if_due, extend_in_if_due, extend_now};

use crate::config::{Config, Schedule};
use crate::cosigning::Cosigning;
use crate::directory::disk::Disk;
use crate::directory::layout::{Layout, PRIVATE_FILE};
use crate::directory::lock::WriterLock;
use crate::error::LogError;
use crate::writer::error::HistoryError;
use crate::writer::signer::Signer;
use entries::LogAt;
use files::Files;
use garbage::Collecting;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::index::format::{Manifest, MapFunction};
use glasslog_core::merkle::InclusionProof;
use glasslog_core::note::{Checkpoint, SignedCheckpoint};
use glasslog_core::tiles::Edge;
use run_builder::RunBuilder;
use std::time::Instant;

/// A manifest, and the proof that it is the last entry of the index log.
type Newest = (Manifest, InclusionProof);

/// The index of one log, which only this process may write, until dropped.
#[derive(Debug)]
pub struct Indexer {
    _lock: WriterLock,
    disk: Disk,
    layout: Layout,
    files: Files,
    index: Signer,
    schedule: Schedule,
    builder: RunBuilder,
    edge: Edge,
    /// The newest manifest, and its proof in the tree of `edge`.
    newest: Option<Newest>,
    collecting: Option<Collecting>,
    /// Number of full tiles of the index log that certainly have no partial ones beside them.
    swept: Option<u64>,
    /// The witnesses of the index log, if it has any.
    cosigning: Option<Cosigning>,
    /// True if existing runs are rebuilt.
    remakes: bool,
    is_stopped: bool,
}

impl Indexer {
    /// Indexes the log of this directory up to its public checkpoint and publishes the manifest; returns the indexed
    /// size. Runs that can be joined stay separate until [`join`](Self::join).
    ///
    /// `now` is in seconds since the epoch and decides only when the index is due again, and how long old runs are
    /// kept.
    ///
    /// # Errors
    /// A file of the log or of the index is missing or wrong, or the disk fails; the index must then be opened again.
    pub fn publish(&mut self, now: u64) -> Result<u64, LogError> {
        let checkpoint = self.own_checkpoint()?;
        let files = self.files.clone();
        self.extend(&files, &checkpoint, false, now, &|_, _| {})
    }

    /// As [`publish`](Self::publish), and joins all runs that can be joined.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn publish_joined(&mut self, now: u64, progress: &Progress<'_>) -> Result<u64, LogError> {
        let checkpoint = self.own_checkpoint()?;
        let files = self.files.clone();
        self.extend(&files, &checkpoint, true, now, progress)
    }

    /// Returns the newest checkpoint of the log of this directory, signed by its key.
    fn own_checkpoint(&self) -> Result<SignedCheckpoint, LogError> {
        let path = self.files.locate(CHECKPOINT_PATH);
        let missing = || LogError::missing(path.clone());
        let checkpoint = self.public_checkpoint()?.ok_or_else(missing)?;
        let config = Config::read(&self.disk, &self.layout)?;
        let signer = Signer::read(&self.disk, &self.layout, &config)?;
        signer.verify(&checkpoint, &path)?;
        // The keys of the log before a rotation vouch for the tree at which it took place too.
        let signed = signer.signed(&checkpoint);
        signed
            .and_then(|signed| signed.by_log())
            .ok_or_else(|| Signer::unsigned(&path))
    }

    /// Returns the newest checkpoint of the log without verifying it.
    fn public_checkpoint(&self) -> Result<Option<Checkpoint>, LogError> {
        let tree = &self.files;
        let Some(bytes) = tree.read(CHECKPOINT_PATH)? else {
            return Ok(None);
        };
        let parsed = Checkpoint::parse(&bytes)
            .map_err(|error| LogError::malformed(tree.locate(CHECKPOINT_PATH), error));
        parsed.map(Some)
    }

    /// Indexes a log up to a checkpoint, and publishes the manifest with the log's signatures on it; returns the indexed
    /// size. With `joined`, all runs that can be joined are joined first.
    ///
    /// # Errors
    /// A file of the log or of the index is missing or wrong, the log is not the one that was indexed before, or the
    /// disk fails; the index must then be opened again.
    pub fn extend(
        &mut self,
        files: &dyn LogFiles,
        checkpoint: &SignedCheckpoint,
        joined: bool,
        now: u64,
        progress: &Progress<'_>,
    ) -> Result<u64, LogError> {
        if self.is_stopped {
            return Err(LogError::STOPPED);
        }
        let extended = self.try_extend(files, checkpoint, joined, now, progress);
        self.is_stopped = extended.is_err();
        extended
    }

    fn try_extend(
        &mut self,
        files: &dyn LogFiles,
        checkpoint: &SignedCheckpoint,
        joined: bool,
        now: u64,
        progress: &Progress<'_>,
    ) -> Result<u64, LogError> {
        let head = checkpoint.checkpoint().head();
        let log = LogAt::new(files, head);
        let before = self.newest.as_ref().map(|(manifest, _)| manifest.clone());
        if let Some(before) = &before {
            check_same_log(before, checkpoint.checkpoint())?;
            log.check_extends(&before.head())?;
            // Records the superseded runs again, which a crash may have prevented.
            self.builder
                .inventory()
                .supersede(before.runs(), None, now)?;
        }
        let is_remade = core::mem::take(&mut self.remakes);
        if is_remade {
            self.builder.doubt_all();
        }
        let is_same = before.as_ref().is_some_and(|before| before.head() == head);
        if is_same && !is_remade && !(joined && self.is_apart(log.size())) {
            return self.made(log.size(), now);
        }
        let runs = self.make_runs(log, joined, now, progress)?;
        let before = before.map(|before| before.runs().to_vec());
        if is_same && before.as_ref() == Some(&runs) {
            return self.made(log.size(), now);
        }
        let manifest = Manifest::new(self.builder.map(), runs, checkpoint);
        let manifest = manifest.map_err(LogError::not_buildable)?;
        let bytes = manifest.encode();
        if self.files.bucket().is_none() {
            let (temporary, next) = (self.layout.temporary(), self.layout.index_next());
            self.disk.replace(&temporary, &next, &bytes, PRIVATE_FILE)?;
        }
        self.commit(&bytes)?;
        let before = before.unwrap_or_default();
        self.builder
            .inventory()
            .supersede(manifest.runs(), Some(&before), now)?;
        schedule::Made {
            size: log.size(),
            time: now,
        }
        .write(&self.disk, &self.layout)?;
        Ok(log.size())
    }

    /// Notes that the index covers a size, which an earlier call may have published without noting it.
    fn made(&self, size: u64, now: u64) -> Result<u64, LogError> {
        let noted = schedule::Made::read(&self.disk, &self.layout)?;
        if noted.is_none_or(|noted| noted.size != size) {
            let made = schedule::Made { size, time: now };
            made.write(&self.disk, &self.layout)?;
        }
        Ok(size)
    }

    /// Returns true if the newest manifest names runs that can be joined.
    fn is_apart(&self, size: u64) -> bool {
        let named = self.newest.as_ref().map(|(manifest, _)| manifest.runs());
        !self.due_joins(size).is_empty()
            || named.is_some_and(|named| self.cover(size).as_deref() != Ok(named))
    }

    /// Joins some runs for the next manifest to name; returns true if there were any.
    ///
    /// # Errors
    /// A file of the index is missing or wrong, or the disk fails.
    pub fn join(&mut self, now: u64) -> Result<bool, LogError> {
        match self.next_join() {
            Some(join) => join.run(now).map(|()| true),
            None => Ok(false),
        }
    }

    /// Returns the next join, which any thread may run: publishing does not wait for it.
    fn next_join(&self) -> Option<Joining> {
        let (manifest, _) = self.newest.as_ref()?;
        let range = self.due_joins(manifest.head().size).into_iter().next()?;
        Some(Joining {
            builder: self.builder.clone(),
            range,
        })
    }

    /// Returns the number of entries of the public log that the index does not cover, and whether it is due to be
    /// extended, by [`Schedule`]. It is not while its witnesses must not be asked yet.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn missing(&self, now: u64) -> Result<(u64, bool), LogError> {
        let checkpoint = self.public_checkpoint()?;
        let size = checkpoint.map_or(0, |checkpoint| checkpoint.head().size);
        let covered = self.manifest().map_or(0, |manifest| manifest.head().size);
        let is_due = schedule::is_due(&self.disk, &self.layout, &self.schedule, size, now)?;
        Ok((size.saturating_sub(covered), is_due && self.may_publish()))
    }

    /// Tells whether the witnesses of the index may be asked now; an index without any need not wait.
    fn may_publish(&self) -> bool {
        let now = Instant::now();
        let is_due = |cosigning: &Cosigning| cosigning.due(now).is_some_and(|due| due <= now);
        self.cosigning.as_ref().is_none_or(is_due)
    }

    /// Returns the origin of the index: the name of its key.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.index.origin()
    }

    /// Returns the map function.
    #[must_use]
    pub fn map(&self) -> MapFunction {
        self.builder.map()
    }

    /// Rebuilds every run when the index is extended next: existing files must then be the same, and missing ones are
    /// restored.
    pub fn remake(&mut self) {
        self.remakes = true;
    }

    /// Joins and removes all runs that can be.
    ///
    /// # Errors
    /// As [`join`](Self::join) and [`collect`](Self::collect).
    pub fn tidy(&mut self, now: u64) -> Result<(), LogError> {
        while self.join(now)? {}
        while self.collect(now)? {}
        Ok(())
    }

    /// Returns the newest manifest.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.newest.as_ref().map(|(manifest, _)| manifest)
    }
}

/// Runs that are to be joined.
#[derive(Clone, Debug)]
struct Joining {
    builder: RunBuilder,
    range: core::ops::Range<u64>,
}

impl Joining {
    fn run(&self, now: u64) -> Result<(), LogError> {
        self.builder.join(&self.range, now, &|| {})
    }

    /// Ends [`run`](Self::run) in another thread early.
    fn cancel(&self) {
        self.builder.cancel();
    }
}

fn check_same_log(before: &Manifest, checkpoint: &Checkpoint) -> Result<(), LogError> {
    let (was, is) = (before.checkpoint(), checkpoint);
    if was.origin() != is.origin() {
        return Err(LogError::not_buildable(format!(
            "it is the index of `{}`, not of `{}`",
            was.origin().as_str(),
            is.origin().as_str()
        )));
    }
    if was.head().size > is.head().size {
        return Err(HistoryError::RolledBack {
            state: is.head().size,
            public: was.head().size,
        }
        .into());
    }
    Ok(())
}
