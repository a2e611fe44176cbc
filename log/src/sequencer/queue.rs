//! What waits to be admitted, how much of everything is in work, and what went wrong.

use super::status::Counters;
use super::{Acknowledgement, Answer, Busy, Limits, Status};
use crate::error::LogError;
use crate::leaf::Leaf;
use std::any::Any;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// Entries of one submitter.
pub(super) struct Submission {
    pub(super) leaves: Vec<Leaf>,
    pub(super) acknowledgement: Acknowledgement,
    pub(super) answer: oneshot::Sender<Answer>,
    pub(super) room: Keep,
}

/// What is let go when a submission's entries leave memory.
pub(super) type Keep = (Room, Box<dyn Any + Send>);

/// A share of the bytes that may be in work.
#[derive(Debug)]
pub(super) struct Room {
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    is_closed: bool,
}

/// Shared by handles and threads.
pub(super) struct Queue {
    limits: Limits,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    used: Arc<AtomicUsize>,
    status: Mutex<Status>,
    failure: Mutex<Option<LogError>>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("limits", &self.limits)
            .finish()
    }
}

/// A panic elsewhere leaves these values whole: each change is complete before anything can panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    pub(super) fn new(limits: Limits, size: u64, published: u64, staged: &[Leaf]) -> Self {
        let bytes = staged.iter().map(|leaf| leaf.entry().len() as u64).sum();
        let status = Status {
            size,
            published,
            backlog_bytes: bytes,
            backlog_since: (!staged.is_empty()).then(Instant::now),
            ..Status::default()
        };
        Self {
            limits,
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            used: Arc::default(),
            status: Mutex::new(status),
            failure: Mutex::default(),
        }
    }

    /// Sets memory aside.
    pub(super) fn reserve(&self, bytes: usize) -> Result<Room, Busy> {
        let reserved = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                // One submission alone is always let in, or a limit below its size would refuse it for ever.
                let total = used.checked_add(bytes)?;
                (used == 0 || total <= self.limits.bytes).then_some(total)
            });
        if reserved.is_err() {
            self.count(|counters| counters.busy += 1);
            return Err(Busy);
        }
        let used = Arc::clone(&self.used);
        Ok(Room { bytes, used })
    }

    pub(super) fn push(&self, submission: Submission) -> Result<(), Busy> {
        let mut waiting = locked(&self.waiting);
        if waiting.is_closed || waiting.submissions.len() >= self.limits.submissions {
            drop(waiting);
            self.count(|counters| counters.busy += 1);
            return Err(Busy);
        }
        waiting.submissions.push_back(submission);
        if waiting.submissions.len() == 1 {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Waits for submissions and takes as many as make a group; `None` once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Submission>> {
        let mut waiting = locked(&self.waiting);
        while waiting.submissions.is_empty() {
            if waiting.is_closed {
                return None;
            }
            waiting = self
                .arrived
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut bytes = 0;
        let fits = waiting.submissions.iter().take_while(|submission| {
            let before = bytes;
            bytes += submission.room.0.bytes;
            before < self.limits.group
        });
        let count = fits.count();
        let rest = waiting.submissions.split_off(count);
        Some(mem::replace(&mut waiting.submissions, rest).into())
    }

    /// Takes nothing more in.
    pub(super) fn close(&self) {
        locked(&self.waiting).is_closed = true;
        self.arrived.notify_all();
    }

    /// Runs a stage; when it fails, everything ends: whoever waits for an answer sees that none will come.
    pub(super) fn run(&self, stage: impl FnOnce() -> Result<(), LogError>) {
        // A panic is a bug; the log behind it is opened again like after any other failure.
        let outcome = catch_unwind(AssertUnwindSafe(stage)).unwrap_or(Err(LogError::Stopped));
        if let Err(error) = outcome {
            if error != LogError::Stopped {
                locked(&self.status).last_error = Some(error.to_string());
            }
            let mut failure = locked(&self.failure);
            // The cause is the first failure that says more than that a neighbour is gone.
            if failure
                .as_ref()
                .is_none_or(|known| *known == LogError::Stopped)
            {
                *failure = Some(error);
            }
            drop(failure);
            let mut waiting = locked(&self.waiting);
            waiting.is_closed = true;
            let left = mem::take(&mut waiting.submissions);
            drop(waiting);
            self.arrived.notify_all();
            drop(left);
        }
    }

    pub(super) fn failure(&self) -> Option<LogError> {
        locked(&self.failure).clone()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut locked(&self.status).counters);
    }

    pub(super) fn change_status(&self, change: impl FnOnce(&mut Status)) {
        change(&mut locked(&self.status));
    }

    pub(super) fn status(&self) -> Status {
        let mut status = locked(&self.status).clone();
        status.waiting = locked(&self.waiting).submissions.len();
        status.bytes_in_work = self.used.load(Ordering::Relaxed);
        status.lag = status
            .backlog_since
            .map(|since| since.elapsed())
            .unwrap_or_default();
        status
    }
}
