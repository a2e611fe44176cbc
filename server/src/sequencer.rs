//! One thread owns the log: it groups what waits, makes it durable, publishes and answers.

use crate::limits::{MAX_GROUP, MAX_WAITING, MAX_WAITING_BYTES};
use glasslog_log::{Log, LogError, Receipt, Refusal};
use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// When a submission is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledgement {
    /// When its entries survive a power loss.
    Durable,
    /// When its entries are in a published checkpoint.
    Published,
}

/// What became of each entry, in order.
pub(crate) type Outcome = Vec<Result<Receipt, Refusal>>;

struct Submission {
    entries: Vec<Vec<u8>>,
    acknowledgement: Acknowledgement,
    answer: oneshot::Sender<Outcome>,
    _room: Room,
}

/// A share of the memory that submissions may take.
#[derive(Debug)]
pub(crate) struct Room {
    _permit: OwnedSemaphorePermit,
}

/// Too much is waiting already, or the log stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// The handle that requests use.
#[derive(Clone, Debug)]
pub(crate) struct Sequencer {
    sender: mpsc::Sender<Submission>,
    room: Arc<Semaphore>,
}

/// The thread behind the handle.
#[derive(Debug)]
pub(crate) struct SequencerThread {
    handle: JoinHandle<Result<(), LogError>>,
    ended: oneshot::Receiver<()>,
}

impl Sequencer {
    /// Starts the thread; it ends when the last handle is gone or the log fails.
    pub(crate) fn start(log: Log) -> (Self, SequencerThread) {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let (alive, ended) = oneshot::channel();
        let handle = thread::spawn(move || {
            let result = sequence(log, receiver);
            drop(alive);
            result
        });
        let room = Arc::new(Semaphore::new(MAX_WAITING_BYTES));
        (Self { sender, room }, SequencerThread { handle, ended })
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
    ) -> Result<Outcome, Busy> {
        let (answer, outcome) = oneshot::channel();
        let submission = Submission {
            entries,
            acknowledgement,
            answer,
            _room: room,
        };
        self.sender.try_send(submission).map_err(|_| Busy)?;
        outcome.await.map_err(|_| Busy)
    }
}

impl SequencerThread {
    /// Waits until the thread has ended.
    pub(crate) async fn ended(&mut self) {
        // The sender never sends: its end is the message.
        let _ = (&mut self.ended).await;
    }

    /// Waits for the thread and returns why it ended.
    ///
    /// # Errors
    /// The failure of the log.
    pub(crate) async fn join(self) -> Result<(), LogError> {
        tokio::task::spawn_blocking(move || self.handle.join())
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or(Err(LogError::Stopped))
    }
}

fn sequence(mut log: Log, mut receiver: mpsc::Receiver<Submission>) -> Result<(), LogError> {
    // What an earlier run acknowledged as durable is published before anything else.
    log.publish(now())?;
    while let Some(first) = receiver.blocking_recv() {
        let mut group = vec![first];
        let mut bytes = size(&group[0]);
        while bytes < MAX_GROUP
            && let Ok(next) = receiver.try_recv()
        {
            bytes += size(&next);
            group.push(next);
        }
        commit(&mut log, group)?;
    }
    Ok(())
}

fn size(submission: &Submission) -> usize {
    submission.entries.iter().map(Vec::len).sum()
}

/// Appends the entries of all submissions, answers those that wait for that only, publishes, answers the rest.
fn commit(log: &mut Log, mut group: Vec<Submission>) -> Result<(), LogError> {
    let counts: Vec<usize> = group
        .iter()
        .map(|submission| submission.entries.len())
        .collect();
    let entries = group
        .iter_mut()
        .flat_map(|submission| mem::take(&mut submission.entries))
        .collect();
    let mut outcomes = log.append(entries)?.into_iter();
    let mut waiting = Vec::new();
    for (submission, count) in group.into_iter().zip(counts) {
        let outcome: Outcome = outcomes.by_ref().take(count).collect();
        match submission.acknowledgement {
            Acknowledgement::Durable => answer(submission, outcome),
            Acknowledgement::Published => waiting.push((submission, outcome)),
        }
    }
    log.publish(now())?;
    for (submission, outcome) in waiting {
        answer(submission, outcome);
    }
    Ok(())
}

fn answer(submission: Submission, outcome: Outcome) {
    // Who does not wait any more can ask again: the same entry has the same index.
    let _ = submission.answer.send(outcome);
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
