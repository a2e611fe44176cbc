//! The queue of submissions, the amounts in work, and the first failure.

use super::status::Counters;
use super::{Acknowledgement, Answer, Busy, Keep, Limits, Status};
use crate::error::LogError;
use crate::leaf::Leaf;
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
    pub(super) kept: Kept,
}

impl Submission {
    /// Returns true if it is answered before it is published.
    fn is_hurried(&self) -> bool {
        self.acknowledgement == Acknowledgement::Durable
    }
}

/// Values that are dropped when the entries of a submission leave memory.
pub(super) type Kept = (Room, Box<dyn Keep>);

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

/// Entries that form a group of their own, whatever is in work: a little more than an exact batch of signatures needs
/// to gain, so that of 512 submitters two such groups are in work and a third gathers.
const ENOUGH: usize = 208;

#[derive(Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    /// Number of their entries.
    entries: usize,
    /// Number of submissions that are to be answered as soon as they are durable.
    hurried: usize,
    /// Number of entries that were taken and are not durable yet.
    not_durable: usize,
    /// Number of entries that were taken and whose submitters have no answer yet.
    not_answered: usize,
    /// True if the taking thread sleeps and was not woken.
    is_awaited: bool,
    is_closed: bool,
}

impl Waiting {
    /// Returns true if the waiting entries form a group: they are as many as those in work before them, which they
    /// cannot overtake anyway.
    ///
    /// Many submitters therefore form two large groups, one in work while the other gathers, instead of many small ones
    /// that each cost a sync and a checkpoint; when nothing is in work, a single entry is a group.
    fn is_group(&self) -> bool {
        let before = match self.hurried {
            0 => self.not_answered,
            _ => self.not_durable,
        };
        !self.submissions.is_empty() && self.entries >= before.min(ENOUGH)
    }
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

/// A panic in another thread leaves these values valid: each change is complete before anything can panic.
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

    /// Reserves memory for a submission.
    pub(super) fn reserve(&self, bytes: usize) -> Result<Room, Busy> {
        let reserved = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                // A single submission is always accepted; otherwise a limit below its size would refuse it for ever.
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
        waiting.entries += submission.leaves.len();
        waiting.hurried += usize::from(submission.is_hurried());
        waiting.submissions.push_back(submission);
        self.wake(waiting);
        Ok(())
    }

    /// Wakes the taking thread if there is a group for it.
    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>) {
        if waiting.is_awaited && waiting.is_group() {
            waiting.is_awaited = false;
            drop(waiting);
            self.arrived.notify_one();
        }
    }

    /// Waits for submissions and takes a group of them; `None` once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Submission>> {
        let mut waiting = locked(&self.waiting);
        while !waiting.is_group() {
            if waiting.is_closed {
                if waiting.submissions.is_empty() {
                    return None;
                }
                break;
            }
            waiting.is_awaited = true;
            waiting = self
                .arrived
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut bytes = 0;
        let fits = waiting.submissions.iter().take_while(|submission| {
            let before = bytes;
            bytes += submission.kept.0.bytes;
            before < self.limits.group
        });
        let count = fits.count();
        let rest = waiting.submissions.split_off(count);
        let group: Vec<Submission> = mem::replace(&mut waiting.submissions, rest).into();
        let entries: usize = group.iter().map(|taken| taken.leaves.len()).sum();
        waiting.entries -= entries;
        waiting.hurried -= group.iter().filter(|taken| taken.is_hurried()).count();
        waiting.not_durable += entries;
        waiting.not_answered += entries;
        Some(group)
    }

    /// Records that `durable` entries became durable, and that the submitters of `answered` entries, possibly others,
    /// were answered.
    pub(super) fn done(&self, durable: usize, answered: usize) {
        let mut waiting = locked(&self.waiting);
        // After a failure the counts are reset.
        waiting.not_durable = waiting.not_durable.saturating_sub(durable);
        waiting.not_answered = waiting.not_answered.saturating_sub(answered);
        self.wake(waiting);
    }

    /// Refuses further submissions.
    pub(super) fn close(&self) {
        locked(&self.waiting).is_closed = true;
        self.arrived.notify_all();
    }

    /// Runs a stage; its failure ends all stages, and waiting submitters see that no answer will come.
    pub(super) fn run(&self, stage: impl FnOnce() -> Result<(), LogError>) {
        // A panic is a bug; the log is opened again as after any other failure.
        let outcome = catch_unwind(AssertUnwindSafe(stage)).unwrap_or(Err(LogError::STOPPED));
        if let Err(error) = outcome {
            if error != LogError::STOPPED {
                locked(&self.status).last_error = Some(error.to_string());
            }
            let mut failure = locked(&self.failure);
            // The cause is the first failure other than that a neighbouring stage stopped.
            if failure
                .as_ref()
                .is_none_or(|known| *known == LogError::STOPPED)
            {
                *failure = Some(error);
            }
            drop(failure);
            let mut waiting = locked(&self.waiting);
            let left = mem::take(&mut waiting.submissions);
            *waiting = Waiting {
                is_closed: true,
                ..Waiting::default()
            };
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

    pub(super) fn held_up_at(&self) -> Option<u64> {
        let status = locked(&self.status);
        (!status.missing.is_empty()).then_some(status.published)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn submission(queue: &Queue, entries: usize) -> Submission {
        Submission {
            leaves: (0..entries).map(|_| Leaf::new(vec![0])).collect(),
            acknowledgement: Acknowledgement::Published,
            answer: oneshot::channel().0,
            kept: (queue.reserve(entries).unwrap(), Box::new(())),
        }
    }

    fn queue() -> Queue {
        Queue::new(Limits::default(), 0, 0, &[])
    }

    #[test]
    fn a_group_is_as_large_as_what_it_cannot_overtake() {
        let waiting = |entries, hurried, not_durable, not_answered| Waiting {
            submissions: VecDeque::from([submission(&queue(), 1)]),
            entries,
            hurried,
            not_durable,
            not_answered,
            ..Waiting::default()
        };
        for (waiting, is_group) in [
            (waiting(1, 0, 0, 0), true),
            (waiting(9, 0, 0, 10), false),
            (waiting(10, 0, 10, 10), true),
            // A submission that waits for durability only does not wait for a publication.
            (waiting(2, 1, 2, 500), true),
            (waiting(2, 1, 3, 500), false),
            (waiting(ENOUGH - 1, 0, 0, 5_000), false),
            (waiting(ENOUGH, 0, 0, 5_000), true),
            (Waiting::default(), false),
        ] {
            assert_eq!(waiting.is_group(), is_group);
        }
    }

    /// Covers both orders of taking a group and answering the one before.
    #[test]
    fn a_small_group_goes_when_nothing_is_in_work() {
        let queue = queue();
        queue.push(submission(&queue, 3)).unwrap();
        assert_eq!(queue.take().unwrap().len(), 1);
        queue.push(submission(&queue, 1)).unwrap();
        thread::scope(|scope| {
            let taken = scope.spawn(|| queue.take().unwrap().len());
            queue.done(3, 0);
            queue.done(0, 3);
            assert_eq!(taken.join().unwrap(), 1);
        });
    }

    #[test]
    fn nobody_waits_for_what_failed() {
        let queue = queue();
        queue.push(submission(&queue, 3)).unwrap();
        queue.take().unwrap();
        queue.push(submission(&queue, 1)).unwrap();
        queue.run(|| Err(LogError::STOPPED));
        assert!(queue.take().is_none());
        queue.done(3, 3);
    }
}
