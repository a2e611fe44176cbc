//! Reads every entry bundle with all cores: threads read files ahead and compare them, one thread judges them in log order,
//! and the resulting signatures and runs go back to the threads.

use super::run_check::{RunTask, Secret, Sums, Windows};
use super::state_keeper::Keeper;
use crate::drive::Observer;
use crate::error::Error;
use crate::random::seed;
use crate::source::{Source, read_file};
use glasslog_core::fetch::{LogFile, Query};
use glasslog_core::index::format::RunHead;
use glasslog_core::tiles::FULL_WIDTH;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::bundle::{BundleReader, CheckedBundle};
use glasslog_core::verify::audit::index::RunClaim;
use glasslog_core::verify::audit::signatures::SignatureBatch;
use glasslog_core::verify::audit::state::{AuditState, SUM_STEP};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Bundles that each thread may read ahead of the next one to judge.
const AHEAD: u64 = 8;

/// Work for a thread.
enum Job {
    Bundle(u64),
    Signatures(u64, SignatureBatch),
    Run(RunTask),
}

/// A bundle that was checked, the sums of its keys, and the error of the source if it could not be read.
type Checked = ((CheckedBundle, Vec<u128>), Option<Error>);

/// Outcome of a job.
enum Done {
    Bundle(u64, Box<Checked>),
    Signatures(u64, Vec<bool>),
    Run(Vec<RunClaim>, Option<RunHead>),
}

/// Reads all bundles; the audit may end before the last. All that was read by then is judged first.
///
/// # Errors
/// A bundle that cannot be read, and the errors of `keeper`.
pub(super) fn read<E: From<Error>>(
    query: &mut AuditQuery,
    source: &dyn Source,
    threads: usize,
    keeper: Option<&mut Keeper<'_, E>>,
    observer: &dyn Observer,
) -> Result<Sums, E> {
    let windows = Windows::new(query.index(), query.resumed(), keeper.is_some());
    let Some(reader) = query.reader() else {
        return Ok(windows.finish());
    };
    let (jobs, queue) = channel();
    let (done, results) = channel();
    let queue = Mutex::new(queue);
    let secret = windows.secret.clone();
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (done, reader, secret, queue) = (done.clone(), &reader, secret.as_ref(), &queue);
            scope.spawn(move || work(source, reader, secret, queue, &done));
        }
        // Without this sender, the results end when the threads end.
        drop(done);
        let first = query.read() / u64::from(FULL_WIDTH);
        let judge = Judging {
            query,
            windows,
            keeper,
            is_saving: false,
            jobs,
            bundles: BTreeMap::new(),
            answers: BTreeMap::new(),
            last: bundles(&reader),
            asked: first,
            absorbed: first,
            batches: 0,
            answered: 0,
            runs: 0,
            has_ended: false,
            unread: None,
        };
        judge.run(&results, threads.max(1) as u64, observer)
    })
}

/// Returns the number of bundles of the log, including a partial one.
fn bundles(reader: &BundleReader) -> u64 {
    let full = reader.full_bundles();
    full + u64::from(reader.files(full).is_some())
}

fn work(
    source: &dyn Source,
    reader: &BundleReader,
    secret: Option<&Secret>,
    queue: &Mutex<Receiver<Job>>,
    done: &Sender<Done>,
) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let result = match job {
            Job::Bundle(number) => {
                Done::Bundle(number, Box::new(check(source, reader, secret, number)))
            }
            Job::Signatures(number, batch) => Done::Signatures(number, batch.verify(seed)),
            Job::Run(task) => {
                let computed = task.compute();
                Done::Run(task.claims, computed)
            }
        };
        if done.send(result).is_err() {
            return;
        }
    }
}

fn check(
    source: &dyn Source,
    reader: &BundleReader,
    secret: Option<&Secret>,
    number: u64,
) -> Checked {
    // The judging side asks only for bundles of the log.
    let (bundle, tile) = reader.files(number).expect("a bundle of the log");
    let files = || {
        let bytes = read_file(source, &LogFile::Bundle(bundle))?;
        let tile = match tile {
            Some(tile) => read_file(source, &LogFile::Tile(tile))?,
            None => None,
        };
        Ok((bytes, tile))
    };
    // A bundle that cannot be read is like one that is missing, until its turn comes.
    let ((bytes, tile), error) = match files() {
        Ok(files) => (files, None),
        Err(error) => ((None, None), Some(error)),
    };
    let checked = reader.check(bundle, bytes.as_deref(), tile.as_deref());
    let start = bundle.start().unwrap_or_default();
    let sums = secret.map_or_else(Vec::new, |secret| {
        let entries = (start..).zip(checked.keys());
        entries
            .map(|(position, keys)| {
                let numbers = keys.iter().map(|key| secret.number(key, position));
                numbers.fold(0, u128::wrapping_add)
            })
            .collect()
    });
    ((checked, sums), error)
}

/// The judging side, which takes everything in log order, so that the outcome does not depend on the threads.
struct Judging<'a, 'k, E> {
    query: &'a mut AuditQuery,
    windows: Windows,
    keeper: Option<&'a mut Keeper<'k, E>>,
    /// True while absorbed bundles wait for their signatures and runs, so that the state can be saved.
    is_saving: bool,
    jobs: Sender<Job>,
    /// Bundles that were compared before their turn.
    bundles: BTreeMap<u64, Checked>,
    answers: BTreeMap<u64, Vec<bool>>,
    /// Number of bundles: all, asked for, and absorbed.
    last: u64,
    asked: u64,
    absorbed: u64,
    /// Number of batches: sent, and answered in order.
    batches: u64,
    answered: u64,
    /// Number of runs that threads compute now.
    runs: u64,
    /// True if the audit ended before the last bundle.
    has_ended: bool,
    /// The error of the first bundle that could not be read.
    unread: Option<Error>,
}

impl<E: From<Error>> Judging<'_, '_, E> {
    fn run(
        mut self,
        results: &Receiver<Done>,
        threads: u64,
        observer: &dyn Observer,
    ) -> Result<Sums, E> {
        loop {
            let is_behind = self.batches - self.answered + self.runs > 2 * threads;
            while !is_behind
                && !self.has_ended
                && self.asked < self.last
                && self.asked < self.absorbed + AHEAD * threads
            {
                self.send(Job::Bundle(self.asked));
                self.asked += 1;
            }
            let is_idle = self.answered == self.batches && self.runs == 0;
            if is_idle && self.is_saving {
                self.save()?;
                continue;
            }
            if is_idle && (self.absorbed == self.last || self.has_ended) {
                break;
            }
            let Ok(done) = results.recv() else { break };
            match done {
                Done::Bundle(number, checked) => {
                    self.bundles.insert(number, *checked);
                    self.absorb();
                    let so_far = self.query.progress();
                    observer.progress(so_far.done, so_far.total);
                }
                Done::Signatures(number, verdicts) => {
                    self.answers.insert(number, verdicts);
                    while let Some(verdicts) = self.answers.remove(&self.answered) {
                        self.query.answer(verdicts);
                        self.answered += 1;
                    }
                }
                Done::Run(claims, computed) => {
                    self.runs -= 1;
                    self.record_run(&claims, computed.as_ref());
                }
            }
        }
        match self.unread {
            Some(error) => Err(error.into()),
            None => Ok(self.windows.finish()),
        }
    }

    fn send(&self, job: Job) {
        // The threads outlive this side, so that sending does not fail.
        let _ = self.jobs.send(job);
    }

    /// Saves the state once all absorbed bundles are judged, and continues.
    fn save(&mut self) -> Result<(), E> {
        self.is_saving = false;
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(self.query, self.windows.sums(), Vec::new())?;
        }
        self.absorb();
        Ok(())
    }

    /// Returns true if it is time to save the state and this position allows it.
    fn is_time_to_save(&self) -> bool {
        let position = self.absorbed * u64::from(FULL_WIDTH);
        let earlier = self.query.resumed().map_or(0, AuditState::read);
        position.is_multiple_of(SUM_STEP)
            && position > earlier
            && self.absorbed < self.last
            && self.keeper.as_ref().is_some_and(|keeper| keeper.is_due())
    }

    fn absorb(&mut self) {
        while !self.is_saving
            && !self.has_ended
            && let Some(((checked, sums), error)) = self.bundles.remove(&self.absorbed)
        {
            self.unread = error;
            let is_last = self.absorbed + 1 == self.last;
            if checked.is_right() {
                let due = self.windows.add(&checked, &sums, is_last);
                self.send_runs(due);
            }
            if !self.query.absorb(checked) {
                self.has_ended = true;
                self.send_signatures(true);
                return;
            }
            self.absorbed += 1;
            self.is_saving = self.is_time_to_save();
            if self.is_saving {
                let due = self.windows.close();
                self.send_runs(due);
            }
            self.send_signatures(is_last || self.is_saving);
        }
    }

    fn send_signatures(&mut self, all: bool) {
        while let Some(batch) = self.query.batch(all) {
            self.send(Job::Signatures(self.batches, batch));
            self.batches += 1;
        }
    }

    fn send_runs(&mut self, due: Vec<RunTask>) {
        for task in due {
            self.send(Job::Run(task));
            self.runs += 1;
        }
    }

    fn record_run(&mut self, claims: &[RunClaim], computed: Option<&RunHead>) {
        let Some(index) = self.query.index_mut() else {
            return;
        };
        for claim in claims {
            match computed {
                Some(computed) if *computed == claim.head => index.run_agrees(),
                Some(computed) => index.run_differs(claim, Some(computed)),
                None => index.run_undecided(claim, "it could not be computed"),
            }
        }
    }
}
