//! Extends the index of a log in the background, while another thread or process writes the log.
//!
//! The thread reads only the public files of the log, and polls the public checkpoint. Sequencing and publishing
//! therefore never wait for it, and continue if it fails. Manifests do not wait for joins, which another thread runs.

use super::schedule::Made;
use super::{Indexer, Joining};
use crate::directory::disk::Disk;
use crate::directory::error::LockError;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::object_store::Bucket;
use core::time::Duration;
use glasslog_core::text::limits::MAX_READING;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time between two polls: a manifest need not come sooner, and a poll reads two small files.
const LOOK: Duration = Duration::from_millis(250);

/// Pause after a poll, as a multiple of its duration: under full load, a manifest for every few entries would take the
/// cores from submitters, and one for many entries costs far less per entry.
const REST: u32 = 3;

/// Missing entries after which the thread does not rest: readers scan what the index lacks, and a manifest for so many is
/// cheap already.
const URGENT: u64 = MAX_READING / 8;

/// First and longest pause after a failure; each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Status of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The indexed size, by this or another process of this machine; `None` before the first manifest.
    pub indexed: Option<u64>,
    /// Time of that manifest, in seconds since the epoch.
    pub indexed_at: Option<u64>,
    /// Number of failures.
    pub failures: u64,
    /// The last failure, unless a later attempt succeeded.
    pub error: Option<LogError>,
}

/// A view of the index of one log, for other threads.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    status: Arc<Mutex<Status>>,
    is_hurried: Arc<AtomicBool>,
}

impl Watch {
    /// Returns the status of the index.
    #[must_use]
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// Returns the indexed size; 0 before the first manifest.
    #[must_use]
    pub fn indexed(&self) -> u64 {
        lock(&self.status).indexed.unwrap_or(0)
    }

    /// Asks for the index to be extended at the next look, whether it is due or not.
    pub fn hurry(&self) {
        self.is_hurried.store(true, Ordering::Relaxed);
    }

    /// Returns true if the index was asked for and not looked at since.
    #[must_use]
    pub fn is_hurried(&self) -> bool {
        self.is_hurried.load(Ordering::Relaxed)
    }

    /// Tells that the index covers this many entries, as the thread of a [`Background`] does.
    pub fn reached(&self, size: u64) {
        lock(&self.status).indexed = Some(size);
    }
}

/// A thread that extends the index of one log.
#[derive(Debug)]
pub struct Background {
    stop: Sender<()>,
    thread: JoinHandle<()>,
    watch: Watch,
}

impl Background {
    /// Starts the thread for the log at `path`. Each failure is passed to `report`; the thread then tries again.
    pub fn start(path: impl Into<PathBuf>, report: impl FnMut(&LogError) + Send + 'static) -> Self {
        Self::keep(path.into(), None, report)
    }

    /// As [`start`](Self::start), for a log in a bucket that this process writes; it must be stopped before the process
    /// loses the lease.
    pub fn start_in(
        bucket: Bucket,
        path: impl Into<PathBuf>,
        report: impl FnMut(&LogError) + Send + 'static,
    ) -> Self {
        Self::keep(path.into(), Some(bucket), report)
    }

    fn keep(
        path: PathBuf,
        bucket: Option<Bucket>,
        mut report: impl FnMut(&LogError) + Send + 'static,
    ) -> Self {
        let (stop, stopped) = mpsc::channel();
        let watch = Watch::default();
        let shared = watch.clone();
        let thread = thread::spawn(move || {
            let layout = Layout::new(&path).for_index();
            let mut keeper = Keeper::new(path, bucket);
            let mut pause = FIRST_PAUSE;
            let mut wait = LOOK;
            // A message tells the thread to abandon its work, a dropped sender to finish it.
            let is_abandoned = loop {
                match stopped.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => {}
                    ended => break ended.is_ok(),
                }
                let now = now();
                let begun = Instant::now();
                let is_hurried = shared.is_hurried.swap(false, Ordering::Relaxed);
                let looked = keeper.look(now, is_hurried);
                let rest = match looked {
                    Ok(missing) if missing >= URGENT || is_hurried => Duration::ZERO,
                    _ => LOOK.max(begun.elapsed() * REST).min(LONGEST_PAUSE),
                };
                note(&shared.status, &looked, &layout);
                (wait, pause) = match looked {
                    // Another process is already extending the index.
                    Ok(_) | Err(LogError::Lock(LockError::Index { .. })) => (rest, FIRST_PAUSE),
                    Err(error) => {
                        report(&error);
                        (pause, (pause * 2).min(LONGEST_PAUSE))
                    }
                };
            };
            if is_abandoned {
                // Another process has the log, and finishes the interrupted work.
                let _ = keeper.end_joining();
                return;
            }
            let now = now();
            let finished = keeper.finish(now);
            note(&shared.status, &finished, &layout);
            if let Err(error) = finished {
                report(&error);
            }
        });
        Self {
            stop,
            thread,
            watch,
        }
    }

    /// Status of the index.
    pub fn status(&self) -> Status {
        self.watch.status()
    }

    /// Returns a view of the index for other threads.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Tells the thread to end as soon as the store allows it, because another process takes over.
    pub fn abandon(self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
    }

    /// Extends the index once more and ends the thread.
    pub fn stop(self) {
        drop(self.stop);
        // A thread that panicked has printed a message already.
        let _ = self.thread.join();
    }
}

fn open(path: &Path, bucket: Option<&Bucket>) -> Result<Indexer, LogError> {
    match bucket {
        Some(bucket) => Indexer::open_in(bucket.clone(), path),
        None => Indexer::open(path),
    }
}

/// The work of the thread: it publishes; another thread joins runs, so that publishing need not wait.
struct Keeper {
    path: PathBuf,
    /// The bucket of the log, if it is in one.
    bucket: Option<Bucket>,
    indexer: Option<Indexer>,
    joining: Option<(Joining, JoinHandle<Result<(), LogError>>)>,
}

impl Keeper {
    fn new(path: PathBuf, bucket: Option<Bucket>) -> Self {
        Self {
            path,
            bucket,
            indexer: None,
            joining: None,
        }
    }

    /// Does the due work; returns the number of entries that were missing before. Missing entries are due if it is hurried.
    fn look(&mut self, now: u64, is_hurried: bool) -> Result<u64, LogError> {
        let looked = self.try_look(now, is_hurried);
        if looked.is_err() {
            // After any failure the index is opened again, and no thread may still be working on it.
            let _ = self.end_joining();
            self.indexer = None;
        }
        looked
    }

    fn try_look(&mut self, now: u64, is_hurried: bool) -> Result<u64, LogError> {
        let indexer = match &mut self.indexer {
            Some(indexer) => indexer,
            closed => closed.insert(open(&self.path, self.bucket.as_ref())?),
        };
        let (missing, is_due) = indexer.missing(now)?;
        if is_due || is_hurried && missing > 0 && indexer.may_publish() {
            indexer.publish(now)?;
        }
        match self.joining.take() {
            Some((joining, thread)) if !thread.is_finished() => {
                self.joining = Some((joining, thread));
            }
            Some((_, thread)) => joined(thread)?,
            None => match indexer.next_join() {
                Some(joining) => {
                    let own = joining.clone();
                    let thread = thread::spawn(move || own.run(now));
                    self.joining = Some((joining, thread));
                }
                None => {
                    indexer.collect(now)?;
                }
            },
        }
        Ok(missing)
    }

    /// Indexes everything published before the log is released.
    fn finish(&mut self, now: u64) -> Result<u64, LogError> {
        self.end_joining()?;
        self.indexer = None;
        open(&self.path, self.bucket.as_ref())?.publish(now)?;
        Ok(0)
    }

    fn end_joining(&mut self) -> Result<(), LogError> {
        match self.joining.take() {
            None => Ok(()),
            Some((joining, thread)) => {
                joining.cancel();
                match joined(thread) {
                    Err(LogError::STOPPED) => Ok(()),
                    ended => ended,
                }
            }
        }
    }
}

fn joined(thread: JoinHandle<Result<(), LogError>>) -> Result<(), LogError> {
    thread.join().unwrap_or(Err(LogError::STOPPED))
}

fn note(status: &Mutex<Status>, looked: &Result<u64, LogError>, layout: &Layout) {
    // The file tells of manifests of other processes too, and of earlier runs of this one.
    let made = Made::read(&Disk::new(), layout).ok().flatten();
    let mut status = lock(status);
    status.indexed = made.map(|made| made.size).or(status.indexed);
    status.indexed_at = made.map(|made| made.time).or(status.indexed_at);
    match looked {
        Err(LogError::Lock(LockError::Index { .. })) => {}
        Ok(_) => status.error = None,
        Err(error) => {
            status.failures += 1;
            status.error = Some(error.clone());
        }
    }
}

fn lock(status: &Mutex<Status>) -> std::sync::MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
