//! The log's sequencer as requests use it: memory is set aside before a body is read, and travels with its entries.

use crate::limits::{MAX_GROUP, MAX_WAITING, MAX_WAITING_BYTES};
use glasslog_log::sequencer::{Limits, Running, Sequencer as Inner};
use glasslog_log::{Log, LogError, Outcome};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use glasslog_log::sequencer::{Acknowledgement, Busy};

/// A share of the memory that submissions may take.
#[derive(Debug)]
pub(crate) struct Room {
    _permit: OwnedSemaphorePermit,
}

/// The handle that requests use.
#[derive(Clone, Debug)]
pub(crate) struct Sequencer {
    inner: Inner,
    room: Arc<Semaphore>,
}

/// The threads behind the handle.
#[derive(Debug)]
pub(crate) struct SequencerThread(Running);

impl Sequencer {
    /// Starts the threads; they end when the last handle is gone or the log fails.
    pub(crate) fn start(log: Log) -> (Self, SequencerThread) {
        let limits = Limits {
            submissions: MAX_WAITING,
            bytes: MAX_WAITING_BYTES,
            group: MAX_GROUP,
        };
        let (inner, running) = Inner::start(log, limits);
        let room = Arc::new(Semaphore::new(MAX_WAITING_BYTES));
        (Self { inner, room }, SequencerThread(running))
    }

    /// Sets memory aside for a submission before it is read.
    ///
    /// # Errors
    /// [`Busy`] when too much is in work.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<Room, Busy> {
        let bytes = u32::try_from(bytes).map_err(|_| Busy)?;
        let permit = Arc::clone(&self.room)
            .try_acquire_many_owned(bytes)
            .map_err(|_| Busy)?;
        Ok(Room { _permit: permit })
    }

    /// Submits entries and waits for the acknowledgement.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full, or when the log failed before it could tell.
    pub(crate) async fn submit(
        &self,
        entries: Vec<Vec<u8>>,
        acknowledgement: Acknowledgement,
        room: Room,
    ) -> Result<Vec<Outcome>, Busy> {
        let answer = self.inner.submit(entries, acknowledgement, room)?;
        Ok(answer.await.map_err(|_| Busy)?.outcomes)
    }
}

impl SequencerThread {
    /// Waits until the log has ended.
    pub(crate) async fn ended(&mut self) {
        self.0.ended().await;
    }

    /// Waits for the threads and returns why they ended.
    ///
    /// # Errors
    /// The failure of the log.
    pub(crate) async fn join(self) -> Result<(), LogError> {
        tokio::task::spawn_blocking(move || self.0.join())
            .await
            .unwrap_or(Err(LogError::Stopped))
    }
}
