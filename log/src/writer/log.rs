//! The open log: entries are appended durably, then published.

use crate::cosigning::{Cosigning, prover, state};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::object_store::Bucket;
use crate::storage::Storage;
use crate::writer::admitter::Admitter;
use crate::writer::publisher::Publisher;
use crate::writer::refusal::{Receipt, Refusal};
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::Checkpoint;
use std::path::PathBuf;
use std::sync::Arc;

/// A log that only this process may write, until dropped.
#[derive(Debug)]
pub struct Log {
    pub(crate) admitter: Admitter,
    pub(crate) publisher: Publisher,
    /// Acknowledged entries after the newest signed head.
    pub(crate) staged: Vec<Leaf>,
    /// Number of acknowledged entries.
    pub(crate) size: u64,
    pub(crate) is_stopped: bool,
    /// Reason for which the table of known entries was rebuilt; `None` if it was not.
    pub(crate) rebuilt: Option<String>,
    /// The witnesses; `None` for a log that publishes without them.
    pub(crate) cosigning: Option<Cosigning>,
    /// Size of the public checkpoint at opening.
    pub(crate) public_size: u64,
    /// The bucket that the log is in; `None` for a log in a directory.
    pub(crate) bucket: Option<Bucket>,
}

/// Published entries whose files may not be durable, all of them in memory: from this number on, their files are
/// synced.
const UNSYNCED: u64 = 1 << 18;

impl Log {
    /// Appends entries: when this returns, the admitted ones are durable and have their indices.
    ///
    /// An entry that is in the log keeps its index.
    ///
    /// # Errors
    /// The storage fails; the log must then be opened again. A refused entry is a result, not an error.
    pub fn append(
        &mut self,
        entries: Vec<Vec<u8>>,
    ) -> Result<Vec<Result<Receipt, Refusal>>, LogError> {
        self.check_running()?;
        let leaves = entries.into_iter().map(Leaf::new).collect();
        let admitted = self.admitter.admit(leaves);
        let (outcomes, mut fresh) = self.stop_on_error(admitted)?;
        let kept = self.publisher.storage.stage(self.size, &fresh);
        self.stop_on_error(kept)?;
        self.size += fresh.len() as u64;
        self.staged.append(&mut fresh);
        Ok(outcomes)
    }

    /// Publishes the appended entries: tiles, then a signed head in the private state, then the public checkpoint.
    ///
    /// A log with witnesses waits until a round may begin, and until its quorum cosigned.
    ///
    /// `now` is in seconds since the epoch and decides only which checkpoints are archived.
    ///
    /// # Errors
    /// [`LogError::NotCosigned`] if too few witnesses cosigned: the entries stay durable, and the next call tries again.
    /// After any other error the log must be opened again: the storage fails or has unexpected content.
    pub fn publish(&mut self, now: u64) -> Result<TreeHead, LogError> {
        self.check_running()?;
        if self.cosigning.is_some() {
            self.sequence()?;
            self.publish_cosigned(now)?;
            return Ok(self.head());
        }
        let published = self.publisher.publish(&self.staged, now);
        self.stop_on_error(published)?;
        self.staged.clear();
        self.clean_up()?;
        Ok(self.head())
    }

    /// Makes the files of the appended entries public and signs a head, which stays private; a log without witnesses has no use
    /// for it.
    ///
    /// # Errors
    /// The storage fails or has unexpected content; the log must then be opened again.
    pub fn sequence(&mut self) -> Result<(), LogError> {
        self.check_running()?;
        let sequenced = self.publisher.sequence(&self.staged);
        self.stop_on_error(sequenced)?;
        self.staged.clear();
        self.clean_up()
    }

    /// Removes superseded files, and makes the others durable from time to time.
    fn clean_up(&mut self) -> Result<(), LogError> {
        let swept = self.publisher.sweep();
        self.stop_on_error(swept)?;
        if self.publisher.unsynced() >= UNSYNCED {
            let synced = self.publisher.sync();
            self.stop_on_error(synced)?;
        }
        Ok(())
    }

    /// Has the newest signed head cosigned and publishes it, unless it is public with a quorum.
    fn publish_cosigned(&mut self, now: u64) -> Result<(), LogError> {
        let signed = self.publisher.sign();
        let checkpoint = self.stop_on_error(signed)?;
        let storage = self.storage();
        let public = storage.read(CHECKPOINT_PATH);
        let public = self.stop_on_error(public)?;
        let Some(cosigning) = &mut self.cosigning else {
            return Ok(());
        };
        let public = public.and_then(|bytes| Checkpoint::parse(&bytes).ok());
        let is_public = public.is_some_and(|public| {
            public.note().text() == checkpoint.note().text() && cosigning.is_cosigned(&public, now)
        });
        if is_public {
            return Ok(());
        }
        let tiles = Arc::clone(&storage);
        let prove = prover(checkpoint.head(), move |path| tiles.read(path));
        let cosigned = cosigning.cosign(checkpoint, prove);
        let kept = storage.replace_private(state::OF_LOG, &cosigning.encode());
        self.stop_on_error(kept)?;
        let published = self.publisher.publish_checkpoint(&cosigned?, now);
        self.stop_on_error(published)?;
        self.clean_up()
    }

    /// Returns the newest signed head.
    pub fn head(&self) -> TreeHead {
        self.publisher.head()
    }

    /// Returns the number of durable entries: the published and the staged ones.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the origin of the log.
    pub fn origin(&self) -> &str {
        self.publisher.signer.origin()
    }

    /// Tells whether witnesses cosign before a checkpoint is public.
    pub fn has_witnesses(&self) -> bool {
        self.cosigning.is_some()
    }

    /// Returns the state of admission.
    pub fn admitter(&self) -> &Admitter {
        &self.admitter
    }

    /// Returns the reason for which the table of known entries was rebuilt from the log at opening, if it was.
    pub fn rebuilt(&self) -> Option<&str> {
        self.rebuilt.as_deref()
    }

    /// Returns the size up to which the table of known entries is on disk, and the memory of its filter in bytes.
    pub fn table(&self) -> (u64, usize) {
        self.publisher.synced.dedup.extent()
    }

    /// Returns the directory to serve.
    pub fn public_directory(&self) -> PathBuf {
        self.publisher.storage.locate("")
    }

    /// Returns the storage of the log.
    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.publisher.storage)
    }

    /// Returns the bucket of the log; `None` for a log in a directory. The lease is held until the bucket and the log
    /// are dropped.
    pub fn bucket(&self) -> Option<Bucket> {
        self.bucket.clone()
    }

    /// Announces to other processes the URL where this one accepts entries.
    ///
    /// # Errors
    /// The storage cannot be written.
    pub fn announce(&mut self, url: &str) -> Result<(), LogError> {
        self.publisher.storage.announce(url)
    }

    /// Makes everything that is public durable, and releases the log.
    ///
    /// Dropping a log does the same without reporting failures; the next writer then completes it.
    ///
    /// # Errors
    /// The storage fails.
    pub fn close(mut self) -> Result<(), LogError> {
        self.check_running()?;
        self.publisher.sync()
    }

    fn check_running(&self) -> Result<(), LogError> {
        match self.is_stopped {
            true => Err(LogError::STOPPED),
            false => Ok(()),
        }
    }

    /// After a failed write the content of the storage is unknown until the log is opened again.
    pub(crate) fn stop_on_error<T>(&mut self, result: Result<T, LogError>) -> Result<T, LogError> {
        self.is_stopped |= result.is_err();
        result.map_err(|error| self.publisher.storage.explain(error))
    }
}
