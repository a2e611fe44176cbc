//! Submissions on their way to the log's one writer; memory for them is reserved before they are read.
//!
//! A stand-in has no writer: a submission that gets this far is refused as busy.

use crate::limits::{ENTRY_COST, MAX_BATCH_BYTES, MAX_GROUP, MAX_SINGLE_BYTES};
use glasslog_log::Outcome;
use glasslog_log::sequencer::{Acknowledgement, Busy, Limits, Sequencer, Status};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds on the log's queue, so that a submission with room here has room there.
pub(crate) const LIMITS: Limits = Limits {
    submissions: (MAX_SINGLE_BYTES + MAX_BATCH_BYTES) / ENTRY_COST,
    bytes: MAX_SINGLE_BYTES + MAX_BATCH_BYTES,
    group: MAX_GROUP,
};

/// Access to the log's sequencer, and the memory that submissions may take.
#[derive(Debug)]
pub(crate) struct Intake {
    /// The sequencer; `None` while another server sequences.
    sequencer: RwLock<Option<Sequencer>>,
    singles: Arc<Semaphore>,
    batches: Arc<Semaphore>,
}

/// Share of the memory that submissions may take, released when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    _permit: OwnedSemaphorePermit,
}

impl Intake {
    /// Begins with all memory free.
    pub(crate) fn new(sequencer: Option<Sequencer>) -> Self {
        Self {
            sequencer: RwLock::new(sequencer),
            singles: Arc::new(Semaphore::new(MAX_SINGLE_BYTES)),
            batches: Arc::new(Semaphore::new(MAX_BATCH_BYTES)),
        }
    }

    /// Reserves memory for an entry that is about to be read.
    ///
    /// # Errors
    /// [`Busy`] if too many bytes are in work.
    pub(crate) fn room_for_entry(&self, bytes: usize) -> Result<Room, Busy> {
        let permits = permits(bytes, 1, MAX_SINGLE_BYTES);
        let permit = Arc::clone(&self.singles)
            .try_acquire_many_owned(permits)
            .map_err(|_| Busy)?;
        Ok(Room { _permit: permit })
    }

    /// Waits until there is memory for a part of a batch.
    ///
    /// # Errors
    /// [`Busy`] if the log has stopped.
    pub(crate) async fn room_for_chunk(&self, bytes: usize, entries: usize) -> Result<Room, Busy> {
        let permits = permits(bytes, entries, MAX_BATCH_BYTES);
        let permit = Arc::clone(&self.batches)
            .acquire_many_owned(permits)
            .await
            .map_err(|_| Busy)?;
        Ok(Room { _permit: permit })
    }

    /// Submits entries and waits for the acknowledgement.
    ///
    /// # Errors
    /// [`Busy`] if the queue is full, or if the log failed before it acknowledged the entries.
    pub(crate) async fn submit(
        &self,
        entries: Vec<Vec<u8>>,
        acknowledgement: Acknowledgement,
        room: Room,
    ) -> Result<Vec<Outcome>, Busy> {
        let answer =
            self.sequencer()
                .as_ref()
                .ok_or(Busy)?
                .submit(entries, acknowledgement, room)?;
        Ok(answer.await.map_err(|_| Busy)?.outcomes)
    }

    /// Sends submissions to this sequencer from now on.
    pub(crate) fn lead(&self, sequencer: Sequencer) {
        *self.change() = Some(sequencer);
    }

    /// Stops sequencing; the log ends when the entries that it took are done.
    pub(crate) fn stand_down(&self) {
        *self.change() = None;
    }

    /// Returns the log's status, if it is sequenced here.
    pub(crate) fn status(&self) -> Option<Status> {
        self.sequencer().as_ref().map(Sequencer::status)
    }

    fn sequencer(&self) -> RwLockReadGuard<'_, Option<Sequencer>> {
        // A panic of another thread leaves the value whole.
        self.sequencer
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Option<Sequencer>> {
        self.sequencer
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the bytes of submissions that are being read, queued or in work.
    pub(crate) fn waiting_bytes(&self) -> usize {
        let singles = MAX_SINGLE_BYTES - self.singles.available_permits();
        singles + MAX_BATCH_BYTES - self.batches.available_permits()
    }
}

/// Returns the permits for some entries: one for each byte, and at most all of them.
fn permits(bytes: usize, entries: usize, room: usize) -> u32 {
    let cost = bytes + entries * ENTRY_COST;
    u32::try_from(cost.min(room)).unwrap_or(u32::MAX)
}
