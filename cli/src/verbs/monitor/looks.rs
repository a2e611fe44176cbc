//! Looks at several logs side by side, so that a slow one delays no other. One thread has the outputs and the state; the others
//! ask it.

use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_client::Error;
use glasslog_client::monitor::{
    Alert, Held, Kind, LogState, Monitor, Ongoing, Rules, Sink, compare_views,
};
use glasslog_client::source::Source;

use super::delivery::Delivery;
use super::exit_of;
use super::state_file::CHANGED;
use super::undelivered::{CLOSED, closed, failed};
use crate::exit::Exit;
use crate::failure::Failure;

/// Logs that are looked at at a time. Each takes two times 16 bundles of memory.
const AT_ONCE: usize = 8;

/// Time after which a monitor notices that the reader of its output went away.
const PAUSE: Duration = Duration::from_secs(1);

/// The logs, and the rules of a look that begins now.
pub(super) struct Looks<'a> {
    pub(super) logs: &'a [String],
    pub(super) sources: &'a [Box<dyn Source>],
    /// Pause between two looks at a log; `None` looks once.
    pub(super) every: Option<Duration>,
    pub(super) rules: &'a (dyn Fn() -> Rules<'a> + Sync),
}

/// A message to the thread that has the outputs.
enum Message {
    Task(Box<dyn FnOnce(&mut Delivery<'_>) + Send>),
    /// A look at this log ended, with the alarms that hold.
    Looked(usize, Result<Vec<Held>, Error>),
}

/// The way to the thread that has the outputs.
struct Outputs(Sender<Message>);

impl Looks<'_> {
    /// Looks at all logs, and returns the exit code of the alarms that hold; with a pause, looks until that fails.
    ///
    /// # Errors
    /// An alert was not delivered, or the state not saved.
    pub(super) fn run(&self, delivery: &mut Delivery<'_>) -> Result<Exit, Failure> {
        for log in self.logs {
            let split = delivery.state_of(log).since(Kind::SplitView);
            if let (None, Some(since)) = (self.every, split) {
                let kind = Kind::SplitView;
                let message = "two views of the log contradicted each other";
                delivery.tell_ongoing(log, &Ongoing { kind, since }, message);
            }
        }
        let (messages, inbox) = channel();
        let schedule = Schedule::of(self.logs.len(), self.every);
        thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(self.logs.len()) {
                let (outputs, schedule) = (Outputs(messages.clone()), &schedule);
                scope.spawn(move || self.work(schedule, &outputs));
            }
            // Without this sender, the messages end when the threads end. Without the inbox, the threads end.
            drop(messages);
            let outcome = self.serve(inbox, delivery);
            schedule.stop();
            outcome
        })
    }

    fn serve(
        &self,
        inbox: Receiver<Message>,
        delivery: &mut Delivery<'_>,
    ) -> Result<Exit, Failure> {
        let (mut exit, mut failed) = (Exit::Done, None);
        loop {
            match inbox.recv_timeout(PAUSE) {
                Ok(Message::Task(task)) => {
                    task(delivery);
                    continue;
                }
                Ok(Message::Looked(at, Ok(alarms))) => {
                    for held in alarms {
                        exit = exit.and_of_logs(exit_of(held.alarm.kind));
                        // A monitor that follows has told of it in this process.
                        if self.every.is_none() && !held.is_new {
                            delivery.tell_ongoing(&self.logs[at], &held.alarm, &held.message);
                        }
                    }
                }
                Ok(Message::Looked(_, Err(error))) => {
                    let failure = Failure::from(error);
                    // A later look cannot mend these.
                    if [CHANGED, CLOSED].contains(&failure.code) {
                        return Err(failure);
                    }
                    if self.every.is_some() {
                        delivery.console.warn_of(&failure);
                    }
                    failed.get_or_insert(failure);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.every.is_some() && !delivery.console.has_reader() {
                return Err(closed("the reader of standard output went away").into());
            }
        }
        let mut states = self.logs.iter().map(|log| delivery.state_of(log).clone());
        let is_split = states.any(|state| state.since(Kind::SplitView).is_some());
        match (failed, is_split) {
            (Some(failure), _) => Err(failure),
            (None, true) => Ok(exit.and_of_logs(Exit::Inconsistent)),
            (None, false) => Ok(exit),
        }
    }

    fn work(&self, schedule: &Schedule, outputs: &Outputs) {
        while let Some(at) = schedule.next() {
            let looked = self.look(at, outputs);
            if outputs.0.send(Message::Looked(at, looked)).is_err() {
                return;
            }
            schedule.again(at);
        }
    }

    /// Looks at a log, and compares its head with those of the others.
    fn look(&self, at: usize, outputs: &Outputs) -> Result<Vec<Held>, Error> {
        let rules = (self.rules)();
        let (source, now) = (&*self.sources[at], rules.now);
        let mut state = outputs.state_of(&self.logs[at])?;
        let monitor = Monitor {
            source,
            rules: &rules,
            state: &mut state,
        };
        let held = monitor.look(&mut &*outputs)?;
        for (other, log) in self
            .logs
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
        {
            let seen = outputs.state_of(log)?;
            if seen.checkpoint.is_none() || seen.origin() != state.origin() {
                continue;
            }
            for (one, two) in [(&state, &seen), (&seen, &state)] {
                let (log, size) = (one.log.clone(), two.size());
                outputs.ask(move |delivery| delivery.see(&log, size, now))??;
            }
            let own = (&state, source);
            let others = (&seen, &*self.sources[other]);
            let (first, second) = match at < other {
                true => (own, others),
                false => (others, own),
            };
            if let Some(alarm) = compare_views(first, second, rules.now) {
                let log = first.0.log.clone();
                outputs.ask(move |delivery| delivery.split(&log, &alarm))??;
            }
        }
        Ok(held)
    }
}

impl Outputs {
    /// Runs a task on the thread that has the outputs, and waits for its result.
    fn ask<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Delivery<'_>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answers) = channel();
        let task = move |delivery: &mut Delivery<'_>| {
            // The other side waits.
            let _ = answer.send(task(delivery));
        };
        // Without an inbox the monitor ends, and the look with it.
        let _ = self.0.send(Message::Task(Box::new(task)));
        answers.recv().map_err(|_| failed("the monitor ends"))
    }

    fn state_of(&self, log: &str) -> Result<LogState, Error> {
        let log = log.to_owned();
        self.ask(move |delivery| delivery.state_of(&log).clone())
    }
}

impl Sink for &Outputs {
    fn deliver(&mut self, alert: &Alert) -> Result<(), Error> {
        let alert = alert.clone();
        self.ask(move |delivery| delivery.deliver(&alert))?
    }

    fn save(&mut self, state: &LogState) -> Result<(), Error> {
        let state = state.clone();
        self.ask(move |delivery| delivery.save(state))?
    }
}

/// The logs to look at, by the time at which each is due.
struct Schedule {
    every: Option<Duration>,
    due: Mutex<Due>,
    changed: Condvar,
}

struct Due {
    logs: BinaryHeap<Reverse<(Instant, usize)>>,
    is_over: bool,
}

impl Schedule {
    fn of(logs: usize, every: Option<Duration>) -> Self {
        let now = Instant::now();
        Self {
            every,
            due: Mutex::new(Due {
                logs: (0..logs).map(|at| Reverse((now, at))).collect(),
                is_over: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next log that is due; `None` at the end.
    fn next(&self) -> Option<usize> {
        let mut due = self.lock();
        loop {
            let now = Instant::now();
            let wait = match due.logs.peek() {
                _ if due.is_over => return None,
                None if self.every.is_none() => return None,
                None => PAUSE,
                Some(Reverse((time, _))) if *time > now => *time - now,
                Some(_) => return due.logs.pop().map(|Reverse((_, at))| at),
            };
            let waited = self.changed.wait_timeout(due, wait);
            due = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Plans the next look at a log.
    fn again(&self, at: usize) {
        if let Some(every) = self.every {
            self.lock().logs.push(Reverse((Instant::now() + every, at)));
            self.changed.notify_one();
        }
    }

    fn stop(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }
}
