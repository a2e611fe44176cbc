//! Reads every entry bundle with all cores: files are read ahead and compared in threads, judged in log order, and the
//! signatures and the runs that this yields go back to the threads.

use super::random::seed;
use super::run_check::{RunTask, Secret, Sums, Windows};
use super::state_keeper::Keeper;
use crate::drive::Observer;
use crate::error::Error;
use crate::source::{Source, read_bundle, read_tile};
use glasslog_core::fetch::Query;
use glasslog_core::index::build::RunHead;
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

/// Bundles that are read ahead of the one that is judged next, for each thread.
const AHEAD: u64 = 8;

/// Work for a thread.
enum Job {
    Bundle(u64),
    Signatures(u64, SignatureBatch),
    Run(RunTask),
}

/// What came of it.
enum Done {
    Bundle(u64, Result<(CheckedBundle, Vec<u128>), Error>),
    Signatures(u64, Vec<bool>),
    Run(Vec<RunClaim>, Option<RunHead>),
}

/// Reads all bundles; the audit may end on the way.
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
        // Without this one the results end with the threads.
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
        };
        judge.run(&results, threads.max(1) as u64, observer)
    })
}

/// Bundles of the log, a partial one among them.
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
            Job::Bundle(number) => Done::Bundle(number, check(source, reader, secret, number)),
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
) -> Result<(CheckedBundle, Vec<u128>), Error> {
    // Only bundles that are there are asked for.
    let (bundle, tile) = reader.files(number).expect("a bundle of the log");
    let bytes = read_bundle(source, "", &bundle)?;
    let tile = match tile {
        Some(tile) => read_tile(source, "", &tile)?,
        None => None,
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
    Ok((checked, sums))
}

/// The judging side, which takes everything in log order.
struct Judging<'a, 'k, E> {
    query: &'a mut AuditQuery,
    windows: Windows,
    keeper: Option<&'a mut Keeper<'k, E>>,
    /// Nothing more is absorbed until all that was is settled, and the state saved.
    is_saving: bool,
    jobs: Sender<Job>,
    /// Compared, and not yet their turn.
    bundles: BTreeMap<u64, (CheckedBundle, Vec<u128>)>,
    answers: BTreeMap<u64, Vec<bool>>,
    /// How many bundles there are; asked for; absorbed.
    last: u64,
    asked: u64,
    absorbed: u64,
    /// Batches sent out; answered in order.
    batches: u64,
    answered: u64,
    /// Runs that are being computed.
    runs: u64,
    /// The audit has come to its end early.
    has_ended: bool,
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
                && self.asked < self.last
                && self.asked < self.absorbed + AHEAD * threads
            {
                self.send(Job::Bundle(self.asked));
                self.asked += 1;
            }
            let is_settled = self.answered == self.batches && self.runs == 0;
            if is_settled && self.is_saving {
                self.save()?;
                continue;
            }
            if is_settled && self.absorbed == self.last || self.has_ended {
                break;
            }
            let Ok(done) = results.recv() else { break };
            match done {
                Done::Bundle(number, checked) => {
                    self.bundles.insert(number, checked?);
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
                    self.settle_run(&claims, computed.as_ref());
                }
            }
        }
        Ok(self.windows.finish())
    }

    fn send(&self, job: Job) {
        // The threads end after this side.
        let _ = self.jobs.send(job);
    }

    /// Saves the state, now that all that was absorbed is settled, and goes on.
    fn save(&mut self) -> Result<(), E> {
        self.is_saving = false;
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(self.query, self.windows.sums(), Vec::new())?;
        }
        self.absorb();
        Ok(())
    }

    /// Settles what was absorbed, if it is time to save the state and this is a place where it can be.
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
            && let Some((checked, sums)) = self.bundles.remove(&self.absorbed)
        {
            let is_last = self.absorbed + 1 == self.last;
            if checked.is_right() {
                let due = self.windows.add(&checked, &sums, is_last);
                self.send_runs(due);
            }
            if !self.query.absorb(checked) {
                self.has_ended = true;
                return;
            }
            self.absorbed += 1;
            self.is_saving = self.is_time_to_save();
            if self.is_saving {
                let due = self.windows.close();
                self.send_runs(due);
            }
            while let Some(batch) = self.query.batch(is_last || self.is_saving) {
                self.send(Job::Signatures(self.batches, batch));
                self.batches += 1;
            }
        }
    }

    fn send_runs(&mut self, due: Vec<RunTask>) {
        for task in due {
            self.send(Job::Run(task));
            self.runs += 1;
        }
    }

    fn settle_run(&mut self, claims: &[RunClaim], computed: Option<&RunHead>) {
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
