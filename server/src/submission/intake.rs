//! Submissions on their way to the log's one writer; memory for them is reserved as their bytes arrive.
//!
//! A stand-in has no writer: a submission that gets this far is refused as busy.

use crate::http::client::Client;
use crate::http::slots::{Full, Slot, Slots};
use crate::limits::{
    BATCH_PART, ENTRY_COST, MAX_BATCH_BYTES, MAX_GROUP, MAX_SINGLE_BYTES, SINGLE_PART,
};
use glasslog_log::Outcome;
use glasslog_log::sequencer::{Acknowledgement, Busy, Limits, Sequencer, Status};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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
    singles: Arc<Slots>,
    batches: Arc<Slots>,
}

impl Intake {
    /// Begins with all memory free.
    pub(crate) fn new(sequencer: Option<Sequencer>) -> Self {
        Self {
            sequencer: RwLock::new(sequencer),
            singles: Slots::shared(MAX_SINGLE_BYTES, SINGLE_PART),
            batches: Slots::shared(MAX_BATCH_BYTES, BATCH_PART),
        }
    }

    /// Reserves memory for an entry without its bytes, for which it grows as they arrive.
    ///
    /// # Errors
    /// [`Full`] if too many bytes are in work.
    pub(crate) fn room_for_entry(&self, client: Client) -> Result<Slot, Full> {
        self.singles.take(Some(client), ENTRY_COST)
    }

    /// Waits until there is memory for a part of a batch.
    pub(crate) async fn room_for_chunk(
        &self,
        client: Client,
        bytes: usize,
        entries: usize,
    ) -> Slot {
        let cost = bytes + entries * ENTRY_COST;
        self.batches.wait(client, cost).await
    }

    /// Submits entries and waits for the acknowledgement.
    ///
    /// # Errors
    /// [`Busy`] if the queue is full, or if the log failed before it acknowledged the entries.
    pub(crate) async fn submit(
        &self,
        entries: Vec<Vec<u8>>,
        acknowledgement: Acknowledgement,
        room: Slot,
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
        self.singles.taken() + self.batches.taken()
    }
}
