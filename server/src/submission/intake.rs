//! Submissions on their way to the log's one writer; memory for them is reserved as their bytes arrive.
//!
//! A stand-in has no writer: a submission that gets this far is refused as busy.

use super::unindexed::{Kept, Unindexed};
use crate::http::client::Client;
use crate::http::slots::{Full, Slot, Slots};
use crate::limits::{
    BATCH_SHARE, ENTRY_COST, MAX_BATCH_BYTES, MAX_GROUP, MAX_SINGLE_BYTES, SINGLE_SHARE,
};
use glasslog_log::cosigning::{Change, Missing};
use glasslog_log::index::Background;
use glasslog_log::sequencer::{Acknowledgement, Busy, Limits, Running, Sequencer, Status, Tell};
use glasslog_log::{Log, LogError, Outcome};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Bounds on the log's queue, so that a submission with room here has room there.
const LIMITS: Limits = Limits {
    submissions: (MAX_SINGLE_BYTES + MAX_BATCH_BYTES) / ENTRY_COST,
    bytes: MAX_SINGLE_BYTES + MAX_BATCH_BYTES,
    group: MAX_GROUP,
};

/// Writes the events of witnesses to the server's own log.
fn tell(change: &Change) {
    match change {
        Change::Fails {
            name,
            message,
            is_alarm: true,
        } => tracing::error!(name, message, "a witness knows another history of this log"),
        Change::Fails { name, message, .. } => {
            tracing::warn!(name, message, "a witness does not cosign");
        }
        Change::Recovered { name } => tracing::info!(name, "a witness cosigns again"),
        Change::NotCosigned(error) => {
            tracing::error!(%error, "entries are durable, but not published");
        }
        Change::Published { size } => tracing::info!(size, "entries are published again"),
    }
}

/// The answer of the log to a submission.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) outcomes: Vec<Outcome>,
    /// The witnesses that are missing, if a publication was asked for and the quorum was not met in time: the entries are
    /// then durable, and not public.
    pub(crate) unpublished: Option<Arc<[Missing]>>,
}

/// A log that this server sequences.
#[derive(Debug)]
pub(crate) struct Sequenced {
    pub(crate) sequencer: Sequencer,
    pub(crate) unindexed: Arc<Unindexed>,
}

impl Sequenced {
    /// Starts the sequencer of a log. `index` starts the extension of its index, in a thread of its own, so that its
    /// failures do not stop the log; it is given the function that tells of them.
    pub(crate) fn start(
        log: Log,
        index: impl FnOnce(fn(&LogError)) -> Background,
    ) -> (Self, Running, Background) {
        let is_raw = log.admitter().keyring().is_none();
        let tell: Tell = Box::new(tell);
        let (sequencer, running) = Sequencer::start_telling(log, LIMITS, Some(tell));
        let index = index(|error| {
            tracing::warn!(%error, hint = error.hint(), "the index was not extended");
        });
        let unindexed = Unindexed::new(index.watch(), Some(sequencer.view()), is_raw);
        let sequenced = Self {
            sequencer,
            unindexed,
        };
        (sequenced, running, index)
    }
}

/// Access to the log's sequencer, and the memory that submissions may take.
#[derive(Debug)]
pub(crate) struct Intake {
    /// The log; `None` while another server sequences it.
    log: RwLock<Option<Sequenced>>,
    singles: Arc<Slots>,
    batches: Arc<Slots>,
}

impl Intake {
    /// Begins with all memory free.
    pub(crate) fn new(log: Option<Sequenced>) -> Self {
        Self {
            log: RwLock::new(log),
            singles: Slots::shared(MAX_SINGLE_BYTES, SINGLE_SHARE),
            batches: Slots::shared(MAX_BATCH_BYTES, BATCH_SHARE),
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

    /// Returns the entries that the index lacks, if the log is sequenced here.
    pub(crate) fn unindexed(&self) -> Option<Arc<Unindexed>> {
        self.log().as_ref().map(|log| Arc::clone(&log.unindexed))
    }

    /// Submits entries and waits for the acknowledgement.
    ///
    /// # Errors
    /// [`Busy`] if the queue is full, or if the log failed before it acknowledged the entries.
    pub(crate) async fn submit(
        &self,
        entries: Vec<Vec<u8>>,
        acknowledgement: Acknowledgement,
        kept: Kept,
    ) -> Result<Answered, Busy> {
        let submit = |log: &Sequenced| log.sequencer.submit(entries, acknowledgement, kept);
        let answer = self.log().as_ref().map(submit);
        let answer = answer.ok_or(Busy)??;
        let answer = answer.await.map_err(|_| Busy)?;
        let is_public = answer.checkpoint.is_some() || acknowledgement == Acknowledgement::Durable;
        Ok(Answered {
            outcomes: answer.outcomes,
            unpublished: (!is_public).then_some(answer.missing),
        })
    }

    /// Sends submissions to this log from now on.
    pub(crate) fn lead(&self, log: Sequenced) {
        *self.change() = Some(log);
    }

    /// Stops sequencing; the log ends when the entries that it took are done.
    pub(crate) fn stand_down(&self) {
        *self.change() = None;
    }

    /// Returns the log's status, if it is sequenced here.
    pub(crate) fn status(&self) -> Option<Status> {
        self.log().as_ref().map(|log| log.sequencer.status())
    }

    fn log(&self) -> RwLockReadGuard<'_, Option<Sequenced>> {
        // A panic of another thread leaves the value whole.
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Option<Sequenced>> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the bytes of submissions that are being read, queued or in work.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.singles.taken() + self.batches.taken()
    }
}
