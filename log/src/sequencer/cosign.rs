//! Stage of a log with witnesses, after the third: signed heads become public once the quorum cosigned them, and the submitters
//! who wait for that are answered.
//!
//! The stages before never wait for it: entries become durable, and their tiles public, at the same pace whether witnesses
//! answer or not.

use super::Answer;
use super::clock::now;
use super::queue::Queue;
use crate::cosigning::{Change, Cosigning, Heard, Missing, NotCosigned, prover, state};
use crate::error::LogError;
use crate::storage::Storage;
use crate::writer::public_checkpoint;
use crate::writer::refusal::Outcome;
use crate::writer::signer::Signer;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

/// Longest time for which a submitter waits for a quorum: proxies in between give up after a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Hears of the events of witnesses.
pub type Tell = Box<dyn FnMut(&Change) + Send>;

/// A signed head whose files are public, and the submitters who wait until it is public itself.
pub(super) struct Head {
    pub(super) checkpoint: Checkpoint,
    pub(super) waiters: Vec<(Vec<Outcome>, oneshot::Sender<Answer>)>,
    /// Bytes of its new entries.
    pub(super) bytes: u64,
    /// Moment at which the oldest of them began to wait.
    pub(super) begun: Instant,
}

/// The way of the heads to this stage. It is unbounded: the entries of a head are not in it.
pub(super) struct Heads {
    sender: mpsc::UnboundedSender<Head>,
    /// True if a round could begin at once.
    is_idle: Arc<AtomicBool>,
}

impl Heads {
    /// Hands a head over.
    pub(super) fn send(&self, head: Head) -> Result<(), LogError> {
        self.sender.send(head).map_err(|_| LogError::STOPPED)
    }

    /// Tells whether a head would be shown to witnesses at once.
    pub(super) fn are_awaited(&self) -> bool {
        self.is_idle.load(Ordering::Relaxed)
    }
}

/// The end of that way.
pub(super) struct Arriving {
    receiver: mpsc::UnboundedReceiver<Head>,
    is_idle: Arc<AtomicBool>,
}

pub(super) fn heads() -> (Heads, Arriving) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let is_idle: Arc<AtomicBool> = Arc::default();
    let heads = Heads {
        sender,
        is_idle: Arc::clone(&is_idle),
    };
    (heads, Arriving { receiver, is_idle })
}

/// The stage.
pub(super) struct Stage {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) signer: Arc<Signer>,
    pub(super) cosigning: Cosigning,
    pub(super) tell: Option<Tell>,
}

/// A submitter who waits for a public checkpoint.
struct Waiter {
    /// Size that the checkpoint must have.
    size: u64,
    deadline: Instant,
    outcomes: Vec<Outcome>,
    answer: oneshot::Sender<Answer>,
}

/// The state of the stage while it runs.
struct Work<'a> {
    queue: &'a Queue,
    stage: Stage,
    is_idle: Arc<AtomicBool>,
    waiters: Vec<Waiter>,
    /// The newest signed head.
    newest: Option<Checkpoint>,
    /// Heads that are not public: size, bytes of the entries, and moment since when they wait.
    backlog: VecDeque<(u64, u64, Instant)>,
    /// The last public checkpoint, with the log's signature only.
    public: Option<Arc<Checkpoint>>,
    /// Moment at which the cosignatures of the public checkpoint are renewed, if nothing new comes before.
    renewal: Option<Instant>,
    /// The last round ended without a quorum.
    is_lost: bool,
    /// Moment after which no round begins, once no head can come any more.
    end: Option<Instant>,
}

impl Stage {
    pub(super) fn run(self, queue: &Queue, arriving: Arriving) -> Result<(), LogError> {
        let caller = self.cosigning.caller();
        let Arriving {
            mut receiver,
            is_idle,
        } = arriving;
        let mut work = Work {
            queue,
            is_idle,
            stage: self,
            waiters: Vec::new(),
            newest: None,
            backlog: VecDeque::new(),
            public: None,
            renewal: None,
            is_lost: false,
            end: None,
        };
        work.show();
        caller.block_on(work.serve(&mut receiver))
    }
}

impl Work<'_> {
    async fn serve(
        &mut self,
        arriving: &mut mpsc::UnboundedReceiver<Head>,
    ) -> Result<(), LogError> {
        loop {
            let wake = self.advance()?;
            if self.is_over() {
                self.dismiss(|_| true);
                return Ok(());
            }
            let timer = async {
                match wake {
                    Some(wake) => sleep_until(wake.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                head = arriving.recv(), if self.end.is_none() => match head {
                    Some(head) => self.take(head)?,
                    None => self.end = Some(Instant::now() + self.stage.cosigning.pace().timeout),
                },
                done = self.stage.cosigning.next() => {
                    let heard = self.stage.cosigning.hear(done);
                    self.heed(heard)?;
                }
                () = timer => {}
            }
        }
    }

    /// Begins what is due, and returns the moment of the next thing to do.
    fn advance(&mut self) -> Result<Option<Instant>, LogError> {
        let now = Instant::now();
        let due = self.stage.cosigning.due(now);
        if self.newest.is_none() && self.renewal.take_if(|renewal| *renewal <= now).is_some() {
            self.newest = self.public.as_deref().cloned();
        }
        let is_wanted = self.newest.is_some();
        if is_wanted && due.is_some_and(|due| due <= now) {
            self.begin();
        } else if !is_wanted {
            self.stage.cosigning.remind(now);
        }
        let cosigning = &self.stage.cosigning;
        let is_asking = cosigning.is_asking();
        let due = cosigning.due(now);
        self.is_idle.store(
            !is_asking && due.is_some_and(|due| due <= now),
            Ordering::Relaxed,
        );
        // After a round without a quorum nobody waits for witnesses that rest for long.
        let soon = now + cosigning.pace().every;
        let is_hopeless = self.is_lost && !is_asking && due.is_none_or(|due| due > soon);
        self.dismiss(|waiter| is_hopeless || waiter.deadline <= now);
        let deadline = self.waiters.iter().map(|waiter| waiter.deadline).min();
        let round = match self.newest {
            Some(_) => due,
            None => {
                let reminder = self.stage.cosigning.reminder(now);
                reminder.into_iter().chain(self.renewal).min()
            }
        };
        Ok([deadline, round, self.end].into_iter().flatten().min())
    }

    /// Tells whether the stage has nothing to do any more, or no more time for it.
    fn is_over(&self) -> bool {
        let Some(end) = self.end else {
            return false;
        };
        let cosigning = &self.stage.cosigning;
        let now = Instant::now();
        let is_asking = cosigning.is_asking();
        let may_begin = self.newest.is_some() && cosigning.due(now).is_some_and(|due| due <= end);
        let is_done = !is_asking && (now >= end || !may_begin);
        is_done || self.queue.failure().is_some()
    }

    fn begin(&mut self) {
        let Some(checkpoint) = self.newest.take() else {
            return;
        };
        let storage = Arc::clone(&self.stage.storage);
        let prove = prover(checkpoint.head(), move |path| storage.read(path));
        self.stage.cosigning.begin(checkpoint, prove);
    }

    fn take(&mut self, head: Head) -> Result<(), LogError> {
        let Head {
            checkpoint,
            waiters,
            bytes,
            begun,
        } = head;
        let size = checkpoint.head().size;
        match self.public.as_ref().map(|public| public.head().size) {
            // The first head may be public and cosigned already.
            None if self.backlog.is_empty()
                && let Some(public) = self.read_public(&checkpoint)? =>
            {
                self.renewal = Some(self.renewal_of(&public));
                self.public = Some(Arc::new(checkpoint))
            }
            Some(public) if public >= size => {}
            _ => {
                self.backlog.push_back((size, bytes, begun));
                self.newest = Some(checkpoint);
            }
        }
        for (outcomes, answer) in waiters {
            let last = outcomes.iter().flatten().map(|receipt| receipt.index).max();
            self.waiters.push(Waiter {
                size: last.map_or(0, |last| last + 1),
                deadline: Instant::now() + LONGEST_WAIT,
                outcomes,
                answer,
            });
        }
        self.answer();
        Ok(())
    }

    /// Reads a checkpoint with its cosignatures if it is public with a quorum of them.
    fn read_public(&self, checkpoint: &Checkpoint) -> Result<Option<Checkpoint>, LogError> {
        let storage = &*self.stage.storage;
        let Some(bytes) = storage.read(CHECKPOINT_PATH)? else {
            return Ok(None);
        };
        let public = public_checkpoint::parse(storage, &bytes)?;
        let is_same = public.note().text() == checkpoint.note().text();
        Ok(
            Some(public)
                .filter(|public| is_same && self.stage.cosigning.is_cosigned(public, now())),
        )
    }

    /// Returns the moment at which cosignatures of an earlier run are renewed. Without a time that the quorum vouches for, or
    /// with one ahead of the clock, they count as new.
    fn renewal_of(&self, public: &Checkpoint) -> Instant {
        let clock = now();
        let cosigned = self.stage.cosigning.vouched(public, clock);
        let age = cosigned.map_or(0, |time| clock.saturating_sub(time));
        let renew = self.stage.cosigning.pace().renew;
        Instant::now() + renew.saturating_sub(Duration::from_secs(age))
    }

    fn heed(&mut self, heard: Heard) -> Result<(), LogError> {
        match heard {
            Heard::Nothing => {}
            Heard::Quorum(checkpoint) => self.publish(&checkpoint)?,
            Heard::Later(checkpoint) => self.replace(&checkpoint)?,
            Heard::Failed(error) => self.fail(&error),
        }
        for change in self.stage.cosigning.take_changes() {
            if let Some(tell) = &mut self.stage.tell {
                tell(&change);
            }
        }
        self.show();
        if !self.stage.cosigning.is_asking() {
            let kept = self.stage.cosigning.encode();
            self.stage.storage.replace_private(state::OF_LOG, &kept)?;
        }
        Ok(())
    }

    fn replace(&self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let (storage, signer) = (&*self.stage.storage, &self.stage.signer);
        let replaced = public_checkpoint::replace(storage, signer, checkpoint, now());
        replaced.map_err(|error| storage.explain(error))
    }

    fn publish(&mut self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let begun = Instant::now();
        self.replace(checkpoint)?;
        let size = checkpoint.head().size;
        self.is_lost = false;
        // By the clock of this machine: those of witnesses may be behind by more than the time to the next renewal.
        self.renewal = Some(begun + self.stage.cosigning.pace().renew);
        let shown = self.public.as_ref().map(|public| public.head().size);
        if shown == Some(size) {
            // A renewal: readers see the same tree, vouched for as of now.
            self.newest.take_if(|newest| newest.head().size <= size);
            self.show();
            return Ok(());
        }
        if self
            .newest
            .as_ref()
            .is_some_and(|newest| newest.head().size <= size)
        {
            self.newest = None;
        }
        let own = self.stage.signer.own(checkpoint);
        self.public = own.map(|own| Arc::new(own.checkpoint().clone()));
        let mut bytes = 0;
        while let Some((_, more, _)) = self.backlog.pop_front_if(|(head, ..)| *head <= size) {
            bytes += more;
        }
        let since = self.backlog.front().map(|(_, _, since)| *since);
        self.queue.change_status(|status| {
            status.published = size;
            status.backlog_bytes = status.backlog_bytes.saturating_sub(bytes);
            // Entries that became durable meanwhile are at most as old as this publication.
            status.backlog_since = (status.size > size).then_some(since.unwrap_or(begun));
            status.last_publish = Some(now());
            status.counters.publishes += 1;
            status.counters.publish_time += begun.elapsed();
        });
        self.show();
        self.answer();
        Ok(())
    }

    /// After a round without a quorum its head, or a newer one, waits for the next round.
    fn fail(&mut self, error: &NotCosigned) {
        self.is_lost = true;
        let shown = self.stage.cosigning.shown();
        let size = shown.as_ref().map_or(0, |shown| shown.head().size);
        if self.newest.is_none() {
            self.newest = shown;
        }
        // The submitter finds the reason in the status.
        self.show();
        let missing = Arc::clone(&error.missing);
        let left = self.waiters.extract_if(.., |waiter| waiter.size <= size);
        for waiter in left.collect::<Vec<_>>() {
            waiter.leave(Arc::clone(&missing));
        }
    }

    /// Answers the submitters whose entries are public.
    fn answer(&mut self) {
        let Some(public) = &self.public else {
            return;
        };
        let size = public.head().size;
        for waiter in self.waiters.extract_if(.., |waiter| waiter.size <= size) {
            // A submitter that does not wait any more can submit again: the same entry has the same index.
            let _ = waiter.answer.send(Answer {
                outcomes: waiter.outcomes,
                checkpoint: Some(Arc::clone(public)),
                missing: Arc::default(),
            });
        }
    }

    /// Answers submitters that their entries are durable and not public.
    fn dismiss(&mut self, is_dismissed: impl Fn(&Waiter) -> bool) {
        if !self.waiters.iter().any(&is_dismissed) {
            return;
        }
        let missing = self.stage.cosigning.not_cosigned().missing;
        let left = self.waiters.extract_if(.., |waiter| is_dismissed(waiter));
        for waiter in left {
            waiter.leave(Arc::clone(&missing));
        }
    }

    /// Shows the standings of the witnesses in the status.
    fn show(&self) {
        let witnesses = self.stage.cosigning.standings();
        let missing = match self.is_lost {
            true => self.stage.cosigning.not_cosigned().missing,
            false => Arc::default(),
        };
        self.queue.change_status(|status| {
            status.witnesses = witnesses;
            status.missing = missing;
        });
    }
}

impl Waiter {
    fn leave(self, missing: Arc<[Missing]>) {
        // As above.
        let _ = self.answer.send(Answer {
            outcomes: self.outcomes,
            checkpoint: None,
            missing,
        });
    }
}
