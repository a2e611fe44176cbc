//! Publication of entries: their tiles, then a signed head, then the public checkpoint.

use crate::dedup::Dedup;
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::{Storage, Version};
use crate::writer::error::HistoryError;
use crate::writer::partials::Partials;
use crate::writer::public_checkpoint;
use crate::writer::signer::Signer;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::{Checkpoint, SignerKey};
use glasslog_core::tiles::Edge;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Files that are written together, so that a long backlog is published in bounded memory.
const FILES_AT_ONCE: usize = 64;

/// Publications that may wait for the sync of their files: their entries are in memory, so their number is bounded.
const WAITING: usize = 4;

/// The sizes up to which public files are durable, shared with the thread that syncs.
#[derive(Debug)]
pub(crate) struct Synced {
    /// Sizes up to which files are durable or being synced: their partial files are needed until a larger one is
    /// durable.
    sizes: Mutex<Vec<u64>>,
    changed: Condvar,
    /// The table of known entries, which stores durable entries.
    pub(crate) dedup: Arc<Dedup>,
}

impl Synced {
    /// Returns the state in which everything up to `size` is durable.
    pub(crate) fn new(size: u64, dedup: Arc<Dedup>) -> Self {
        Self {
            sizes: Mutex::new(vec![size]),
            changed: Condvar::new(),
            dedup,
        }
    }
}

/// Time to wait before checking that another thread still syncs.
const PATIENCE: Duration = Duration::from_millis(100);

/// The publishing half of a writer.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) signer: Arc<Signer>,
    /// The edge of the newest signed head.
    pub(crate) edge: Edge,
    /// Version of that head in the storage.
    pub(crate) version: Option<Version>,
    /// True if that head is public.
    pub(crate) is_public: bool,
    /// The public partial files.
    pub(crate) partials: Partials,
    /// Partial files that are to be removed.
    garbage: Vec<String>,
    pub(crate) synced: Arc<Synced>,
    /// True if every write so far succeeded.
    is_sound: bool,
}

impl Publisher {
    /// Continues after the head of `edge`, which the storage has as `version`.
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        signer: Signer,
        edge: Edge,
        version: Option<Version>,
        is_public: bool,
        synced: Synced,
    ) -> Self {
        Self {
            storage,
            signer: Arc::new(signer),
            edge,
            version,
            is_public,
            partials: Partials::default(),
            garbage: Vec::new(),
            synced: Arc::new(synced),
            is_sound: true,
        }
    }

    /// Publishes the entries after the newest head; returns the checkpoint if it is new.
    pub(crate) fn publish(
        &mut self,
        leaves: &[Leaf],
        now: u64,
    ) -> Result<Option<Checkpoint>, LogError> {
        if leaves.is_empty() && self.is_public {
            return Ok(None);
        }
        self.is_sound = false;
        let checkpoint = self.prepare(leaves)?;
        self.publish_checkpoint(&checkpoint, now)?;
        self.is_sound = true;
        Ok(Some(checkpoint))
    }

    /// Signs a head over the entries after the newest one, and makes their files public, but not the checkpoint.
    pub(crate) fn sequence(&mut self, leaves: &[Leaf]) -> Result<Checkpoint, LogError> {
        if leaves.is_empty() {
            return self.sign();
        }
        self.is_sound = false;
        let checkpoint = self.prepare(leaves)?;
        self.is_sound = true;
        self.collect();
        Ok(checkpoint)
    }

    /// Performs all steps of a publication but the last.
    pub(crate) fn prepare(&mut self, leaves: &[Leaf]) -> Result<Checkpoint, LogError> {
        let mut edge = self.edge.clone();
        add(&*self.storage, &mut edge, leaves)?;
        let partials = edge.partials(self.edge.size());
        self.storage.create(&partials)?;
        for partial in &partials {
            self.partials.note(&partial.path);
        }
        let checkpoint = self.sign_head(edge.head())?;
        let head = checkpoint.encode();
        self.version = Some(self.storage.swap_head(self.version.as_ref(), &head)?);
        self.is_public = false;
        self.edge = edge;
        Ok(checkpoint)
    }

    /// Adds the signature of a further key to the newest signed head; returns the checkpoint with both.
    pub(crate) fn add_signature(&mut self, key: &SignerKey) -> Result<Checkpoint, LogError> {
        let head = self.edge.head();
        let setting =
            |error: &dyn std::fmt::Display| LogError::setting(self.signer.origin(), error);
        let own = self.sign_head(head)?;
        let further = Checkpoint::sign(own.origin(), head, key).map_err(|error| setting(&error))?;
        let lines = further.note().signatures().iter();
        let both = lines
            .cloned()
            .try_fold(own, |both, line| both.with_signature(line))
            .map_err(|error| setting(&error))?;
        let encoded = both.encode();
        self.version = Some(self.storage.swap_head(self.version.as_ref(), &encoded)?);
        Ok(both)
    }

    fn sign_head(&self, head: TreeHead) -> Result<Checkpoint, LogError> {
        let signed = self.signer.sign(head);
        signed.map_err(|error| LogError::setting(self.signer.origin(), error))
    }

    /// Signs the newest head again, with the same bytes as result.
    pub(crate) fn sign(&self) -> Result<Checkpoint, LogError> {
        self.sign_head(self.head())
    }

    /// Performs the last step of a publication: readers see the new head.
    pub(crate) fn publish_checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        now: u64,
    ) -> Result<(), LogError> {
        public_checkpoint::replace(&*self.storage, &self.signer, checkpoint, now)?;
        self.is_public = true;
        self.collect();
        Ok(())
    }

    /// Collects the partial files that are superseded.
    pub(crate) fn collect(&mut self) {
        let sizes = &self.synced.sizes;
        let sizes = sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut superseded = self.partials.take(self.edge.size(), &sizes);
        self.garbage.append(&mut superseded);
    }

    /// Takes the partial files superseded since the last call; the caller removes them.
    pub(crate) fn take_garbage(&mut self) -> Vec<String> {
        mem::take(&mut self.garbage)
    }

    /// Removes superseded partial files.
    pub(crate) fn sweep(&mut self) -> Result<(), LogError> {
        let garbage = self.take_garbage();
        garbage
            .iter()
            .try_for_each(|path| self.storage.remove(path))
    }

    /// The newest signed head.
    pub(crate) fn head(&self) -> TreeHead {
        self.edge.head()
    }

    /// Makes everything that is public durable.
    pub(crate) fn sync(&mut self) -> Result<(), LogError> {
        self.sweep()?;
        let size = self.begin_sync();
        sync(&*self.storage, &self.synced, size)?;
        self.collect();
        self.sweep()
    }

    /// Keeps the partial files of the present size until [`sync`] is called with it, and from then until a later call.
    ///
    /// Blocks while many earlier sizes wait for their sync.
    pub(crate) fn begin_sync(&self) -> u64 {
        let size = self.edge.size();
        let synced = &self.synced;
        let mut sizes = synced.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        // A thread that syncs has the other reference; after it failed, no thread syncs.
        while sizes.len() > WAITING && Arc::strong_count(synced) > 1 {
            let waited = synced.changed.wait_timeout(sizes, PATIENCE);
            sizes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        sizes.push(size);
        size
    }

    /// Returns the number of published entries whose files are neither durable nor being synced.
    pub(crate) fn unsynced(&self) -> u64 {
        let sizes = &self.synced.sizes;
        let sizes = sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let last = sizes.iter().max().copied().unwrap_or(0);
        self.edge.size().saturating_sub(last)
    }
}

/// Makes the public files up to a size durable; partial files of smaller sizes are then not needed.
pub(crate) fn sync(storage: &dyn Storage, synced: &Synced, size: u64) -> Result<(), LogError> {
    storage.unstage(size)?;
    // The partial files of this size exist until `size` is the smallest that is kept.
    synced.dedup.store_before(size, size)?;
    let mut sizes = synced.sizes.lock().unwrap_or_else(PoisonError::into_inner);
    sizes.retain(|other| *other >= size);
    drop(sizes);
    synced.changed.notify_all();
    Ok(())
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Files that cannot be synced now are created again from the staged entries at the next opening.
        if self.is_sound && self.version.is_some() {
            let _ = self.sync();
        }
    }
}

/// Adds entries to the edge, and the tiles and bundles that they fill to the public tree.
pub(crate) fn add(storage: &dyn Storage, edge: &mut Edge, leaves: &[Leaf]) -> Result<(), LogError> {
    let mut files = Vec::new();
    for leaf in leaves {
        // The admitter admits no entry that is too long.
        edge.append_hashed(leaf.entry(), *leaf.hash(), |file| files.push(file))
            .map_err(|error| {
                LogError::History(HistoryError::NotAdmissible {
                    index: edge.size(),
                    problem: error.to_string(),
                })
            })?;
        if files.len() >= FILES_AT_ONCE {
            storage.create(&files)?;
            files.clear();
        }
    }
    storage.create(&files)
}
