//! The one thread that decides and remembers: all requests that wait are decided in order and become durable in one commit,
//! before any of them is answered.
//!
//! Requests for one log follow each other through this thread, so that of two that extend the same head one is refused.

use super::evidence::Evidence;
use super::state::{Batch, Restored, State};
use super::state_error::StateError;
use glasslog_core::note::VerifierKey;
use glasslog_core::witness::{Cosignatures, Memory, Refusal, VerifiedRequest, WitnessKey};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for a commit; more are refused as busy.
const MAX_WAITING: usize = 4_096;

/// Requests in one commit: their decisions take some 100 ms.
const MAX_GROUP: usize = 1_024;

/// The keys of a witness, and its clock.
pub struct Signers {
    /// The keys; each cosigns.
    pub keys: Vec<WitnessKey>,
    /// Returns the time in seconds since the epoch.
    pub clock: Box<dyn Fn() -> u64 + Send>,
}

/// The facts that a committer tells as they happen.
pub trait Outcomes: Send {
    /// A commit made this many cosignatures durable.
    fn committed(&self, cosigned: usize);
    /// A log signed two versions; the file shows it, if another one was kept.
    fn forked(&self, origin: &str, kept: Result<Option<PathBuf>, String>);
    /// The witness is suspended.
    fn suspended(&self, reason: &str);
}

impl fmt::Debug for Signers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signers")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// The allowance of a log: taken from only for a checkpoint that is about to be cosigned and is larger than the remembered one.
/// An error is the time until the log may ask again.
pub type Allowance = Box<dyn Fn() -> Result<(), Duration> + Send>;

/// A request that waits.
struct Job {
    request: VerifiedRequest,
    allowance: Allowance,
    answer: oneshot::Sender<Result<Cosignatures, NotCosigned>>,
}

/// The queue of the thread.
#[derive(Clone, Debug)]
pub struct Committer(mpsc::Sender<Job>);

/// The reason why a request gets no cosignature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotCosigned {
    /// The witness refuses the checkpoint.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The log asks more often than it declared.
    #[error("this log asks more often than it declared")]
    TooOften {
        /// The time until it may ask again.
        wait: Duration,
    },
    /// Too many requests wait.
    #[error("too many requests are waiting")]
    Busy,
    /// The witness signs nothing until its operator has decided.
    #[error("the witness is suspended: {reason}")]
    Suspended {
        /// The refusal that showed the state to be older than it was.
        reason: String,
    },
    /// The state cannot be written any more.
    #[error("the witness has stopped: its state cannot be written")]
    Stopped,
}

impl NotCosigned {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::TooOften { .. } => "witness-log-too-often",
            Self::Busy => "witness-busy",
            Self::Suspended { .. } => "witness-is-suspended",
            Self::Stopped => "witness-stopped",
        }
    }
}

impl Committer {
    /// Starts the thread. It ends, and returns the state's error, when the last committer is dropped or the state cannot be
    /// written any more.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(
        state: State,
        signers: Signers,
        evidence: Evidence,
        restored: Restored,
        outcomes: Box<dyn Outcomes>,
    ) -> io::Result<(Self, JoinHandle<Result<(), StateError>>)> {
        let (sender, jobs) = mpsc::channel(MAX_WAITING);
        let thread = Thread {
            state,
            signers,
            evidence,
            restored,
            outcomes,
        };
        let running = Builder::new()
            .name("witness".into())
            .spawn(move || thread.run(jobs))?;
        Ok((Self(sender), running))
    }

    /// Asks for a cosignature; the answer comes when it is durable.
    ///
    /// # Errors
    /// [`NotCosigned`].
    pub async fn cosign(
        &self,
        request: VerifiedRequest,
        allowance: Allowance,
    ) -> Result<Cosignatures, NotCosigned> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            request,
            allowance,
            answer,
        };
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => NotCosigned::Busy,
            TrySendError::Closed(_) => NotCosigned::Stopped,
        })?;
        answered.await.unwrap_or(Err(NotCosigned::Stopped))
    }

    /// Returns the number of requests that wait.
    pub fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }

    /// Waits until the thread has ended.
    pub async fn ended(&self) {
        self.0.closed().await;
    }

    /// Tells whether the thread has ended.
    pub fn is_stopped(&self) -> bool {
        self.0.is_closed()
    }
}

struct Thread {
    state: State,
    signers: Signers,
    evidence: Evidence,
    restored: Restored,
    outcomes: Box<dyn Outcomes>,
}

/// The decisions of one group, to be answered after its commit.
type Decided = Vec<Result<Cosignatures, NotCosigned>>;

/// A fork that a group showed: the remembered head and the position of the request.
type Forks = Vec<(Memory, usize)>;

impl Thread {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) -> Result<(), StateError> {
        let mut group = Vec::new();
        while jobs.blocking_recv_many(&mut group, MAX_GROUP) > 0 {
            // Without an answer, each of the group is told that the witness has stopped.
            let (decided, forks) = self.commit(&group)?;
            let cosigned = decided.iter().filter(|answer| answer.is_ok()).count();
            self.outcomes.committed(cosigned);
            for (memory, at) in forks {
                if let Some(job) = group.get(at) {
                    self.keep(&memory, &job.request);
                }
            }
            for (job, decided) in group.drain(..).zip(decided) {
                // A client that has gone reads no answer.
                let _ = job.answer.send(decided);
            }
        }
        self.state.close()
    }

    fn commit(&mut self, group: &[Job]) -> Result<(Decided, Forks), StateError> {
        if let Some(reason) = self.state.suspended() {
            let reason = reason.to_owned();
            let refused = Err(NotCosigned::Suspended { reason });
            return Ok((
                group.iter().map(|_| refused.clone()).collect(),
                Forks::new(),
            ));
        }
        let now = (self.signers.clock)();
        let mut decided = Decided::with_capacity(group.len());
        let mut forks = Forks::new();
        let keys = &self.signers.keys;
        let restored = self.restored;
        self.state.commit(|batch| {
            let mut reason: Option<String> = None;
            for (at, job) in group.iter().enumerate() {
                if let Some(reason) = &reason {
                    let reason = reason.clone();
                    decided.push(Err(NotCosigned::Suspended { reason }));
                    continue;
                }
                let outcome = decide(batch, job, keys, restored, now)?;
                if let Err((refusal, memory)) = &outcome {
                    let memory = memory.as_ref();
                    let fork = memory.filter(|memory| job.request.fork(memory).is_some());
                    forks.extend(fork.map(|memory| (memory.clone(), at)));
                    if let NotCosigned::Refused(Refusal::RolledBack { .. }) = refusal {
                        batch.suspend(refusal.to_string());
                        reason = Some(refusal.to_string());
                    }
                }
                decided.push(outcome.map_err(|(refusal, _)| refusal));
            }
            Ok(())
        })?;
        if let Some(reason) = self.state.suspended() {
            self.outcomes.suspended(reason);
        }
        Ok((decided, forks))
    }

    fn keep(&self, memory: &Memory, request: &VerifiedRequest) {
        let new = request.checkpoint();
        if let Some(fork) = request.fork(memory) {
            let kept = self.evidence.keep(&memory.checkpoint, new, fork);
            let kept = kept.map_err(|error| error.to_string());
            self.outcomes.forked(new.origin().as_str(), kept);
        }
    }
}

/// A cosignature, or a refusal with the memory that it rests on.
type Decision = Result<Cosignatures, (NotCosigned, Option<Memory>)>;

/// Decides about one request, and remembers what is cosigned.
fn decide(
    batch: &mut Batch<'_>,
    job: &Job,
    keys: &[WitnessKey],
    restored: Restored,
    now: u64,
) -> Result<Decision, StateError> {
    let request = &job.request;
    // A key that does not count now changes nothing, and proves nothing.
    if let Err(refusal) = request.check_time(now) {
        return Ok(Err((refusal.into(), None)));
    }
    let mut memory = batch.memory(request.checkpoint().origin())?;
    if restored == Restored::Accepted {
        let own: Vec<&VerifierKey> = keys.iter().map(WitnessKey::verifier).collect();
        if let Some(recovered) = request.recovered(memory.as_ref(), &own) {
            batch.remember(&recovered)?;
            memory = Some(recovered);
        }
    }
    let decided = match restored {
        Restored::Accepted => request.decide_restored(memory.as_ref(), now),
        Restored::Refused => request.decide(memory.as_ref(), now),
    };
    let (answer, new) = match decided.and_then(|agreed| agreed.cosign(keys)) {
        Ok(agreed) => agreed,
        Err(refusal) => return Ok(Err((refusal.into(), memory))),
    };
    // Only what moves the witness on costs the log: all else can be sent by anyone, as often as they like.
    let remembered = memory.as_ref().map_or(0, |memory| memory.head().size);
    if new.head().size > remembered
        && let Err(wait) = (job.allowance)()
    {
        return Ok(Err((NotCosigned::TooOften { wait }, memory)));
    }
    batch.remember(&new)?;
    Ok(Ok(answer))
}

/// Shares one set of outcomes with the thread.
impl<T: Outcomes + Sync> Outcomes for Arc<T> {
    fn committed(&self, cosigned: usize) {
        (**self).committed(cosigned);
    }

    fn forked(&self, origin: &str, kept: Result<Option<PathBuf>, String>) {
        (**self).forked(origin, kept);
    }

    fn suspended(&self, reason: &str) {
        (**self).suspended(reason);
    }
}
