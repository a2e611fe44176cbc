//! Group commit: many submitters share one log. Waiting submissions are judged on all cores, made durable with one
//! sync, and published together.
//!
//! ```text
//! submit ─▶ queue ─▶ admit ─▶ group_commit ─▶ publish ─▶ sync of public files
//!                      │         │                └ answers "published"; with witnesses, the stage after it does
//!                      │         └ one sync of the journal, answers "durable"
//!                      └ indices, in order
//! ```
//! Each stage is a thread and takes everything that waits for it: an idle log answers at once, and a busy one in ever
//! larger groups; no answer waits for a timer. While one group is synced, the next is judged and the last one
//! published. A few entries wait for more while many are in work that they cannot overtake, and a publication without a
//! waiting submitter follows the one before after a short rest. [`Limits`] bound the memory: beyond them the answer is
//! [`Busy`], without waiting.

mod admit;
mod clock;
mod cosign;
mod group_commit;
mod publish;
mod queue;
mod status;

use crate::cosigning::{Cosigning, Missing};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::writer::log::Log;
use crate::writer::refusal::Outcome;
use glasslog_core::note::Checkpoint;
use queue::{Queue, Submission};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

pub use cosign::Tell;
pub use status::{Counters, Status};

/// Private file with the failure that ended the last writer.
pub(crate) const LAST_ERROR: &str = "last-error";

/// The event that answers a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// The entries survive a power loss.
    Durable,
    /// The entries are in a published checkpoint.
    Published,
}

/// The answer to a submission.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The outcome of each entry, in order.
    pub outcomes: Vec<Outcome>,
    /// The checkpoint that covers the entries, with the log's signature only; `None` unless it was requested, or if the
    /// quorum of witnesses was not met in time: the entries are then durable, and are published with a later checkpoint.
    pub checkpoint: Option<Arc<Checkpoint>>,
    /// The witnesses for which the publication waits.
    pub missing: Arc<[Missing]>,
}

/// A value that a submission keeps until its entries leave memory, such as a share of another bound.
pub trait Keep: Send + 'static {
    /// Hears of the entries once they have their indices: the number of those that the log did not have, and the size of
    /// the log after them.
    fn admitted(&mut self, new: usize, size: u64) {
        let _ = (new, size);
    }
}

impl Keep for () {}

impl<T: Send + Sync + 'static> Keep for Arc<T> {}

/// Too much is waiting, or the log has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// Bounds of waiting submissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Submissions that are not admitted yet.
    pub submissions: usize,
    /// Bytes of entries, from their submission until they are public.
    pub bytes: usize,
    /// Bytes of entries that are judged and synced together: bounds the time that the first of them waits for the last.
    pub group: usize,
}

impl Default for Limits {
    /// 64 MiB in work are a tenth of a second of the fastest disk, and much more than a group needs to be efficient.
    fn default() -> Self {
        Self {
            submissions: 4_096,
            bytes: 64 << 20,
            group: 4 << 20,
        }
    }
}

/// A handle to submit entries. The log ends, and is published, when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Sequencer {
    handle: Arc<Handle>,
}

/// Closes the queue when the last [`Sequencer`] is dropped.
#[derive(Debug)]
struct Handle(Arc<Queue>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The work of one thread.
type Stage = Box<dyn FnOnce(&Queue) -> Result<(), LogError> + Send>;

/// The threads behind the handles.
#[derive(Debug)]
pub struct Running {
    queue: Arc<Queue>,
    end: JoinHandle<()>,
    ended: oneshot::Receiver<()>,
}

/// A future answer, which a thread can also wait for.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Answer>);

impl Sequencer {
    /// Starts the threads; they end when the last handle is dropped or the log fails.
    pub fn start(log: Log, limits: Limits) -> (Self, Running) {
        Self::start_telling(log, limits, None)
    }

    /// As [`start`](Self::start); `tell` hears of the events of the log's witnesses.
    pub fn start_telling(log: Log, limits: Limits, tell: Option<Tell>) -> (Self, Running) {
        let Log {
            admitter,
            publisher,
            staged,
            size,
            cosigning,
            public_size,
            ..
        } = log;
        let published = match cosigning {
            None => publisher.head().size,
            Some(_) => public_size,
        };
        let queue = Arc::new(Queue::new(limits, size, published, &staged));
        let standings = cosigning.as_ref().map(Cosigning::standings);
        queue.change_status(|status| status.witnesses = standings.unwrap_or_default());
        let (to_journal, admitted) = mpsc::sync_channel(1);
        // Bounded by the limit of bytes in work.
        let (to_publish, durable) = mpsc::channel();
        let (to_sync, syncing) = mpsc::channel();
        let (alive, ended) = oneshot::channel();
        let storage = Arc::clone(&publisher.storage);
        let noted = Arc::clone(&storage);
        let synced = Arc::clone(&publisher.synced);
        let signer = Arc::clone(&publisher.signer);
        let mut stages: Vec<(&str, Stage)> = vec![
            (
                "admit",
                Box::new(move |queue| admit::run(queue, admitter, &to_journal)),
            ),
            ("journal", {
                let storage = Arc::clone(&storage);
                Box::new(move |queue| {
                    group_commit::run(queue, &*storage, size, &admitted, &to_publish)
                })
            }),
        ];
        let heads = cosigning.map(|cosigning| {
            let (heads, arriving) = cosign::heads();
            let stage = cosign::Stage {
                storage: Arc::clone(&storage),
                signer,
                cosigning,
                tell,
            };
            stages.push(("cosign", Box::new(move |queue| stage.run(queue, arriving))));
            heads
        });
        stages.push((
            "publish",
            Box::new(move |queue| {
                publish::run(queue, publisher, staged, &durable, &to_sync, heads.as_ref())
            }),
        ));
        stages.push((
            "sync",
            Box::new(move |queue| publish::sync(queue, &*storage, &synced, &syncing)),
        ));
        let spawn = |(name, stage): (&str, Stage)| {
            let queue = Arc::clone(&queue);
            let spawned = thread::Builder::new()
                .name(name.into())
                .spawn(move || queue.run(|| stage(&queue)));
            spawned.expect("the operating system gives a thread at start")
        };
        let threads: Vec<_> = stages.into_iter().map(spawn).collect();
        let queue_of_end = Arc::clone(&queue);
        let end = thread::spawn(move || {
            for thread in threads {
                let _ = thread.join();
            }
            if let Some(error) = queue_of_end.failure() {
                // The failed storage may fail here too; the caller of `join` receives the error in any case.
                let _ = noted.replace_private(LAST_ERROR, format!("{error}\n").as_bytes());
            }
            drop(alive);
        });
        let running = Running {
            queue: Arc::clone(&queue),
            end,
            ended,
        };
        let handle = Arc::new(Handle(queue));
        (Self { handle }, running)
    }

    /// Submits entries. `keep` is dropped when they leave memory: it can hold the caller's share of another bound.
    ///
    /// The entries are hashed on the caller's thread.
    ///
    /// # Errors
    /// [`Busy`] if too much is waiting, or the log has stopped.
    pub fn submit(
        &self,
        entries: Vec<Vec<u8>>,
        acknowledgement: Acknowledgement,
        keep: impl Keep,
    ) -> Result<Pending, Busy> {
        let bytes = entries.iter().map(Vec::len).sum();
        let room = self.handle.0.reserve(bytes)?;
        let (answer, pending) = oneshot::channel();
        let submission = Submission {
            leaves: entries.into_iter().map(Leaf::new).collect(),
            acknowledgement,
            answer,
            kept: (room, Box::new(keep)),
        };
        self.handle.0.push(submission)?;
        Ok(Pending(pending))
    }

    /// Returns a view that does not keep the log open.
    #[must_use]
    pub fn view(&self) -> View {
        View(Arc::clone(&self.handle.0))
    }

    /// Returns the status of the log; cheap.
    pub fn status(&self) -> Status {
        self.handle.0.status()
    }
}

/// A view of a log that does not keep it open.
#[derive(Clone, Debug)]
pub struct View(Arc<Queue>);

impl View {
    /// Returns the size of the public checkpoint while entries wait because too few witnesses cosign.
    #[must_use]
    pub fn held_up_at(&self) -> Option<u64> {
        self.0.held_up_at()
    }
}

impl Pending {
    /// Blocks the thread until the answer arrives.
    ///
    /// # Errors
    /// [`LogError::STOPPED`] if the log failed before the answer: the entries are in it or not.
    pub fn wait(self) -> Result<Answer, LogError> {
        self.0.blocking_recv().map_err(|_| LogError::STOPPED)
    }
}

impl Future for Pending {
    type Output = Result<Answer, LogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.0).poll(context);
        polled.map(|answer| answer.map_err(|_| LogError::STOPPED))
    }
}

impl Running {
    /// Waits until the log has ended.
    pub async fn ended(&mut self) {
        // The sender never sends: its end is the message.
        let _ = (&mut self.ended).await;
    }

    /// Blocks until the log has ended, and returns its failure.
    ///
    /// # Errors
    /// The failure of the log.
    pub fn join(self) -> Result<(), LogError> {
        let _ = self.end.join();
        match self.queue.failure() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}
