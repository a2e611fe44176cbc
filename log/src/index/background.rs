//! Extends the index of a log in the background, while another thread or process writes the log.
//!
//! The thread reads only the public files of the log, and polls the public checkpoint. Sequencing and publishing
//! therefore never wait for it, and continue if it fails. Manifests do not wait for joins, which another thread runs.

use super::{Indexer, Joining};
use crate::directory::error::LockError;
use crate::error::LogError;
use crate::object_store::Bucket;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time between two polls: a manifest need not come sooner, and a poll reads two small files.
const LOOK: Duration = Duration::from_millis(250);

/// Pause after a poll, as a multiple of its duration: under full load, a manifest for every few entries would take the
/// cores from submitters, and one for many entries costs far less per entry.
const REST: u32 = 3;

/// First and longest pause after a failure; each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Status of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The indexed size; `None` before the first manifest.
    pub indexed: Option<u64>,
    /// Time of that manifest, in seconds since the epoch.
    pub indexed_at: Option<u64>,
    /// Number of failures.
    pub failures: u64,
    /// The last failure, unless a later attempt succeeded.
    pub error: Option<LogError>,
}

/// A thread that extends the index of one log.
#[derive(Debug)]
pub struct Background {
    stop: Sender<()>,
    thread: JoinHandle<()>,
    status: Arc<Mutex<Status>>,
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
        let status = Arc::new(Mutex::new(Status::default()));
        let shared = Arc::clone(&status);
        let thread = thread::spawn(move || {
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
                let looked = keeper.look(now);
                let rest = LOOK.max(begun.elapsed() * REST).min(LONGEST_PAUSE);
                note(&shared, &looked, now);
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
            note(&shared, &finished, now);
            if let Err(error) = finished {
                report(&error);
            }
        });
        Self {
            stop,
            thread,
            status,
        }
    }

    /// Status of the index.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// Returns a function that reads the [`status`](Self::status), for other threads.
    pub fn watch(&self) -> impl Fn() -> Status + Clone + Send + Sync + 'static {
        let status = Arc::clone(&self.status);
        move || lock(&status).clone()
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

    /// Does the due work; returns the indexed size if a manifest was published.
    fn look(&mut self, now: u64) -> Result<Option<u64>, LogError> {
        let looked = self.try_look(now);
        if looked.is_err() {
            // After any failure the index is opened again, and no thread may still be working on it.
            let _ = self.end_joining();
            self.indexer = None;
        }
        looked
    }

    fn try_look(&mut self, now: u64) -> Result<Option<u64>, LogError> {
        let indexer = match &mut self.indexer {
            Some(indexer) => indexer,
            closed => closed.insert(open(&self.path, self.bucket.as_ref())?),
        };
        let indexed = match indexer.is_due(now)? {
            true => Some(indexer.publish(now)?),
            false => None,
        };
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
        Ok(indexed)
    }

    /// Indexes everything published before the log is released.
    fn finish(&mut self, now: u64) -> Result<Option<u64>, LogError> {
        self.end_joining()?;
        self.indexer = None;
        open(&self.path, self.bucket.as_ref())?
            .publish(now)
            .map(Some)
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

fn note(status: &Mutex<Status>, extended: &Result<Option<u64>, LogError>, now: u64) {
    let mut status = lock(status);
    match extended {
        Ok(None) | Err(LogError::Lock(LockError::Index { .. })) => {}
        Ok(Some(size)) => {
            status.indexed = Some(*size);
            status.indexed_at = Some(now);
            status.error = None;
        }
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
