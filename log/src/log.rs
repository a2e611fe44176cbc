//! The open log: entries are appended durably, then published.

use crate::checkpoint_file::CheckpointFile;
use crate::disk::Disk;
use crate::error::LogError;
use crate::journal::Journal;
use crate::layout::{Layout, PRIVATE_FILE};
use crate::ledger::{Ledger, Receipt, Refusal};
use crate::lock::WriterLock;
use crate::public::PublicTree;
use crate::signer::Signer;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::edge::Edge;
use glasslog_core::tree::TreeHead;
use std::path::PathBuf;

/// Files that are written before more are made, so that a long backlog is published in bounded memory.
const FILES_AT_ONCE: usize = 64;

/// A log directory that this process alone may write, until dropped.
#[derive(Debug)]
pub struct Log {
    pub(crate) lock: WriterLock,
    pub(crate) disk: Disk,
    pub(crate) layout: Layout,
    pub(crate) signer: Signer,
    pub(crate) public: PublicTree,
    pub(crate) journal: Journal,
    pub(crate) ledger: Ledger,
    /// The edge of the newest signed head.
    pub(crate) edge: Edge,
    /// Acknowledged entries after that head.
    pub(crate) staged: Vec<Vec<u8>>,
    /// Whether that head is the public one.
    pub(crate) is_shown: bool,
    pub(crate) is_stopped: bool,
}

impl Log {
    /// Appends entries: when this returns, the admitted ones are durable and have their indices.
    ///
    /// An entry that is in the log already keeps its index.
    ///
    /// # Errors
    /// When the disk fails; the log must then be opened again. A refused entry is an answer, not an error.
    pub fn append(
        &mut self,
        entries: Vec<Vec<u8>>,
    ) -> Result<Vec<Result<Receipt, Refusal>>, LogError> {
        self.check_running()?;
        let mut fresh = Vec::new();
        let outcomes = entries
            .into_iter()
            .map(|entry| {
                let (receipt, is_new) = self.ledger.admit(&entry)?;
                if is_new {
                    fresh.push(entry);
                }
                Ok(receipt)
            })
            .collect();
        let written = self.journal.append(&fresh);
        self.stop_on_error(written)?;
        self.staged.append(&mut fresh);
        Ok(outcomes)
    }

    /// Publishes what was appended: tiles, then a signed head in the private state, then the public checkpoint.
    ///
    /// `now` is in seconds since the epoch and decides only which checkpoints are archived.
    ///
    /// # Errors
    /// When the disk fails or holds something else than this log wrote; the log must then be opened again.
    pub fn publish(&mut self, now: u64) -> Result<TreeHead, LogError> {
        self.check_running()?;
        let published = self.publish_staged(now);
        self.stop_on_error(published)
    }

    fn publish_staged(&mut self, now: u64) -> Result<TreeHead, LogError> {
        if self.staged.is_empty() && self.is_shown {
            return Ok(self.edge.head());
        }
        let (edge, checkpoint) = self.prepare()?;
        self.show(edge, &checkpoint, now)?;
        Ok(self.edge.head())
    }

    /// Makes the files of the staged entries public, signs their head and remembers that: all but the last step.
    pub(crate) fn prepare(&mut self) -> Result<(Edge, Checkpoint), LogError> {
        let mut edge = self.edge.clone();
        let mut files = Vec::new();
        for entry in &self.staged {
            // The ledger admits no entry that is too long.
            edge.append(entry, |file| files.push(file))
                .map_err(|error| LogError::NotAdmissible {
                    index: edge.size(),
                    problem: error.to_string(),
                })?;
            if files.len() >= FILES_AT_ONCE {
                self.public.create(&files)?;
                files.clear();
            }
        }
        files.extend(edge.partials(self.edge.size()));
        self.public.create(&files)?;
        let checkpoint = self
            .signer
            .sign(edge.head())
            .map_err(|error| LogError::Setting {
                path: self.layout.key("log"),
                problem: error.to_string(),
            })?;
        let (temporary, path) = (self.layout.temporary(), self.layout.head());
        self.disk
            .replace(&temporary, &path, &checkpoint.encode(), PRIVATE_FILE)?;
        Ok((edge, checkpoint))
    }

    /// The last step: anyone can see the new head.
    pub(crate) fn show(
        &mut self,
        edge: Edge,
        checkpoint: &Checkpoint,
        now: u64,
    ) -> Result<(), LogError> {
        CheckpointFile::new(&self.disk, &self.layout).show(&mut self.public, checkpoint, now)?;
        self.edge = edge;
        self.staged.clear();
        self.is_shown = true;
        if self.journal.is_long() {
            self.journal.rotate()?;
        }
        Ok(())
    }

    /// The newest signed head.
    pub fn head(&self) -> TreeHead {
        self.edge.head()
    }

    /// How many entries are durable: the published ones and the staged ones.
    pub fn size(&self) -> u64 {
        self.journal.end()
    }

    /// The log's identity.
    pub fn origin(&self) -> &str {
        self.signer.origin()
    }

    /// What has been admitted so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The directory to serve.
    pub fn public_directory(&self) -> PathBuf {
        self.layout.public()
    }

    /// Lets other processes know where this one takes entries.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub fn announce(&mut self, url: &str) -> Result<(), LogError> {
        self.lock.announce(url)
    }

    fn check_running(&self) -> Result<(), LogError> {
        match self.is_stopped {
            true => Err(LogError::Stopped),
            false => Ok(()),
        }
    }

    /// After a failed write nobody knows what is on the disk: only opening the log again tells.
    fn stop_on_error<T>(&mut self, result: Result<T, LogError>) -> Result<T, LogError> {
        self.is_stopped |= result.is_err();
        result
    }
}
