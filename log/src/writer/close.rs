//! Closing a log for good: its last checkpoint is its final one, and a successor's genesis commits to it.

use crate::error::LogError;
use crate::storage::Storage;
use crate::writer::error::{HistoryError, WriterError};
use crate::writer::log::Log;
use glasslog_core::event::Predecessor;
use glasslog_core::merkle::{TreeHead, sha256};
use glasslog_core::note::Checkpoint;

/// Private file with the final checkpoint; it is there if the log is closed.
pub(crate) const CLOSED: &str = "closed";

/// Tells whether the log is closed, and if so, with the head that it has.
pub(crate) fn is_closed(storage: &dyn Storage, head: &TreeHead) -> Result<bool, LogError> {
    let Some(bytes) = storage.read_private(CLOSED)? else {
        return Ok(false);
    };
    let checkpoint = Checkpoint::parse(&bytes)
        .map_err(|error| LogError::malformed(storage.locate_private(CLOSED), error))?;
    match checkpoint.head() == *head {
        true => Ok(true),
        false => Err(HistoryError::ClosedElsewhere {
            closed: checkpoint.head().size,
            head: head.size,
        }
        .into()),
    }
}

impl Log {
    /// Publishes what is staged and closes the log: from here on it takes no new entries, whoever opens it.
    ///
    /// # Errors
    /// When the storage fails; the log is then closed or not, and can be closed again.
    pub fn close_for_good(&mut self, now: u64) -> Result<TreeHead, LogError> {
        let head = self.publish(now)?;
        let checkpoint = self.publisher.sign()?;
        let storage = &self.publisher.storage;
        let closed = storage.replace_private(CLOSED, &checkpoint.encode());
        self.stop_on_error(closed)?;
        self.admitter.is_closed = true;
        Ok(head)
    }

    /// Whether the log is closed.
    pub fn is_closed(&self) -> bool {
        self.admitter.is_closed
    }

    /// What a successor's genesis says of this log.
    ///
    /// # Errors
    /// When it is not closed.
    pub fn as_predecessor(&self) -> Result<Predecessor, LogError> {
        let log = self.origin().to_owned();
        if !self.is_closed() {
            return Err(WriterError::NotClosed { origin: log }.into());
        }
        let keyring = self.admitter.keyring();
        Ok(Predecessor {
            log,
            head: self.head(),
            // A raw log knows no keys: the digest of no lines.
            keys: keyring.map_or_else(|| sha256(b""), |keyring| keyring.digest()),
        })
    }
}
