//! Permanent closing of a log: the last checkpoint is the final one, and the genesis of a successor commits to it.

use crate::error::LogError;
use crate::storage::Storage;
use crate::writer::error::{HistoryError, WriterError};
use crate::writer::log::Log;
use glasslog_core::event::Predecessor;
use glasslog_core::merkle::{TreeHead, sha256};
use glasslog_core::note::Checkpoint;

/// Private file with the final checkpoint; it exists if the log is closed.
pub(crate) const CLOSED: &str = "closed";

/// Returns true if the log is closed; its final head must then be `head`.
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
    /// Publishes the staged entries and closes the log: from now on it accepts no new entries, also after it is opened
    /// again.
    ///
    /// # Errors
    /// The storage fails; the log is then closed or not, and can be closed again.
    pub fn close_for_good(&mut self, now: u64) -> Result<TreeHead, LogError> {
        let head = self.publish(now)?;
        let checkpoint = self.publisher.sign()?;
        let storage = &self.publisher.storage;
        let closed = storage.replace_private(CLOSED, &checkpoint.encode());
        self.stop_on_error(closed)?;
        self.admitter.is_closed = true;
        Ok(head)
    }

    /// Returns true if the log is closed.
    pub fn is_closed(&self) -> bool {
        self.admitter.is_closed
    }

    /// Returns the description of this log for the genesis of a successor.
    ///
    /// # Errors
    /// The log is not closed.
    pub fn as_predecessor(&self) -> Result<Predecessor, LogError> {
        let log = self.origin().to_owned();
        if !self.is_closed() {
            return Err(WriterError::NotClosed { origin: log }.into());
        }
        let keyring = self.admitter.keyring();
        Ok(Predecessor {
            log,
            head: self.head(),
            // A raw log has no keys: the digest is that of no lines.
            keys: keyring.map_or_else(|| sha256(b""), |keyring| keyring.digest()),
        })
    }
}
