//! The open log: entries are appended durably, then published.

use crate::error::LogError;
use crate::leaf::Leaf;
use crate::object_store::Bucket;
use crate::storage::Storage;
use crate::writer::admitter::{Admitter, Receipt, Refusal};
use crate::writer::publisher::Publisher;
use glasslog_core::merkle::TreeHead;
use std::path::PathBuf;
use std::sync::Arc;

/// A log that this process alone may write, until dropped.
#[derive(Debug)]
pub struct Log {
    pub(crate) admitter: Admitter,
    pub(crate) publisher: Publisher,
    /// Acknowledged entries after the newest signed head.
    pub(crate) staged: Vec<Leaf>,
    /// How many entries were acknowledged.
    pub(crate) size: u64,
    pub(crate) is_stopped: bool,
    /// Why the table of known entries was made again, if it was.
    pub(crate) rebuilt: Option<String>,
    /// The bucket that the log is in; `None` for a log in a directory.
    pub(crate) bucket: Option<Bucket>,
}

/// Entries whose public files are not durable yet are in memory: when so many are published, they are made durable.
const UNSYNCED: u64 = 1 << 18;

impl Log {
    /// Appends entries: when this returns, the admitted ones are durable and have their indices.
    ///
    /// An entry that is in the log already keeps its index.
    ///
    /// # Errors
    /// When the storage fails; the log must then be opened again. A refused entry is an answer, not an error.
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

    /// Publishes what was appended: tiles, then a signed head in the private state, then the public checkpoint.
    ///
    /// `now` is in seconds since the epoch and decides only which checkpoints are archived.
    ///
    /// # Errors
    /// When the storage fails or holds something else than this log wrote; the log must then be opened again.
    pub fn publish(&mut self, now: u64) -> Result<TreeHead, LogError> {
        self.check_running()?;
        let published = self.publisher.publish(&self.staged, now);
        self.stop_on_error(published)?;
        self.staged.clear();
        let swept = self.publisher.sweep();
        self.stop_on_error(swept)?;
        if self.publisher.unsynced() >= UNSYNCED {
            let synced = self.publisher.sync();
            self.stop_on_error(synced)?;
        }
        Ok(self.head())
    }

    /// The newest signed head.
    pub fn head(&self) -> TreeHead {
        self.publisher.head()
    }

    /// How many entries are durable: the published ones and the staged ones.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The log's identity.
    pub fn origin(&self) -> &str {
        self.publisher.signer.origin()
    }

    /// What has been admitted so far.
    pub fn admitter(&self) -> &Admitter {
        &self.admitter
    }

    /// Why the table of known entries could not be used and was made again from the log, if that was so at opening.
    pub fn rebuilt(&self) -> Option<&str> {
        self.rebuilt.as_deref()
    }

    /// Up to which size the table of known entries is on disk, and how many bytes of memory its filter takes.
    pub fn table(&self) -> (u64, usize) {
        self.publisher.synced.dedup.extent()
    }

    /// The directory to serve.
    pub fn public_directory(&self) -> PathBuf {
        self.publisher.storage.locate("")
    }

    /// Where the log lives.
    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.publisher.storage)
    }

    /// The bucket that the log lives in, if not in a directory; the lease is held while it or the log is.
    pub fn bucket(&self) -> Option<Bucket> {
        self.bucket.clone()
    }

    /// Lets other processes know where this one takes entries.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn announce(&mut self, url: &str) -> Result<(), LogError> {
        self.publisher.storage.announce(url)
    }

    /// Makes everything that is public durable and lets go of the log.
    ///
    /// Dropping a log does the same and cannot say so when it fails; the next writer then completes it.
    ///
    /// # Errors
    /// When the storage fails.
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

    /// After a failed write nobody knows what is in storage: only opening the log again tells.
    pub(crate) fn stop_on_error<T>(&mut self, result: Result<T, LogError>) -> Result<T, LogError> {
        self.is_stopped |= result.is_err();
        result.map_err(|error| self.publisher.storage.explain(error))
    }
}
