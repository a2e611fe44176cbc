//! Builds runs: from entries in memory, or by joining stored ones in bounded memory.
//!
//! The inventory records a run before its first file is written and after its last one is durable. A crash between them
//! leaves files that the next build finds.

use super::entries::LogAt;
use super::files::Files;
use super::inventory::{Inventory, parts};
use super::parallel::parallel;
use crate::error::LogError;
use glasslog_core::index::build::{Join, JoinError, Run, RunError, StoredError, UNIT, build};
use glasslog_core::index::format::{IndexFile, MapFunction, RunHead};
use glasslog_core::merkle::Hash;
use glasslog_core::tiles::PublicFile;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most pairs of key and offset of a run that is built in memory, unless a [`UNIT`] has more: 150 MB while sorted.
const MOST_PAIRS: usize = 1 << 22;

/// Files that are written together.
const FILES_AT_ONCE: usize = 256;

/// Most pairs of the tail in memory: 5 MB, some 30 keys an entry.
const MOST_REMEMBERED: usize = 1 << 17;

/// The pairs of the entries after the last unit. A run of them is built with each manifest, from a log that was shown
/// to extend the one before: the entries are the same, and need not be read again.
#[derive(Debug)]
struct Tail {
    start: u64,
    end: u64,
    pairs: Vec<(Hash, u32)>,
}

/// The builder of runs; each thread can have a clone.
#[derive(Clone, Debug)]
pub(super) struct RunBuilder {
    files: Files,
    map: MapFunction,
    inventory: Arc<Mutex<Inventory>>,
    tail: Arc<Mutex<Option<Tail>>>,
    /// True if a long join is to end early.
    is_cancelled: Arc<AtomicBool>,
}

impl RunBuilder {
    pub(super) fn new(files: &Files, map: MapFunction, inventory: Inventory) -> Self {
        Self {
            files: files.clone(),
            map,
            inventory: Arc::new(Mutex::new(inventory)),
            tail: Arc::default(),
            is_cancelled: Arc::default(),
        }
    }

    /// Ends joins in other threads; they begin again when the index is opened again.
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    fn check_running(&self) -> Result<(), LogError> {
        match self.is_cancelled.load(Ordering::Relaxed) {
            true => Err(LogError::STOPPED),
            false => Ok(()),
        }
    }

    pub(super) fn map(&self) -> MapFunction {
        self.map
    }

    pub(super) fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.inventory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds the run of a range from its entries. A range with too many keys, or too many in one bucket, is divided
    /// into several runs.
    pub(super) fn build(
        &self,
        log: LogAt<'_>,
        range: Range<u64>,
        now: u64,
    ) -> Result<(), LogError> {
        let width = range.end - range.start;
        let is_begun = |tail: &mut Tail| tail.start == range.start && tail.end <= range.end;
        let (from, mut pairs) = match self.tail().take_if(is_begun) {
            Some(tail) => (tail.end, tail.pairs),
            None => (range.start, Vec::new()),
        };
        let mut is_too_much = false;
        log.each(from..range.end, |index, entry| {
            // At most 2^28.
            let offset = u32::try_from(index - range.start).unwrap_or(u32::MAX);
            is_too_much |= width > UNIT && pairs.len() > MOST_PAIRS;
            if !is_too_much {
                pairs.extend(self.map.keys(entry).into_iter().map(|key| (key, offset)));
            }
            Ok(())
        })?;
        self.remember(&range, &pairs);
        if !is_too_much {
            match build(self.map, range.clone(), pairs) {
                Ok(run) => return self.store(&run, now),
                Err(RunError::BucketTooLarge { .. }) if width > 1 => {}
                Err(error) => return Err(unbuildable(&error)),
            }
        }
        for part in parts(&range) {
            self.build(log, part, now)?;
        }
        match width > UNIT {
            true => self.join(&range, now, &|| {}),
            false => Ok(()),
        }
    }

    /// Keeps the pairs of a range that the next manifest probably begins with, if they are few.
    fn remember(&self, range: &Range<u64>, pairs: &[(Hash, u32)]) {
        if range.end - range.start < UNIT && pairs.len() <= MOST_REMEMBERED {
            *self.tail() = Some(Tail {
                start: range.start,
                end: range.end,
                pairs: pairs.to_vec(),
            });
        }
    }

    /// Treats no run as finished any more, so that all are rebuilt from the log.
    pub(super) fn doubt_all(&self) {
        self.tail().take();
        self.inventory().doubt_all();
    }

    fn tail(&self) -> MutexGuard<'_, Option<Tail>> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, run: &Run, now: u64) -> Result<(), LogError> {
        let lists = run.files().filter_map(|(file, _)| match file {
            IndexFile::Postings(hash) => Some(hash),
            _ => None,
        });
        let lists: Vec<Hash> = lists.collect();
        self.inventory().making(run.head(), &lists, now)?;
        let mut writer = Writer::new(self.files.clone());
        for (file, bytes) in run.files() {
            writer.add(&file, bytes);
        }
        writer.finish()?;
        self.made(run.head(), now)
    }

    /// Records a run whose files are all durable.
    fn made(&self, run: &RunHead, now: u64) -> Result<(), LogError> {
        self.files.forget_run(&run.root);
        self.inventory().made_now(run, now)
    }

    /// Joins the parts of a range, all of which exist; `step` is called [`STEPS`](Self::STEPS) times. Parts that would
    /// form too large a bucket stay separate.
    pub(super) fn join(
        &self,
        range: &Range<u64>,
        now: u64,
        step: &(dyn Fn() + Sync),
    ) -> Result<(), LogError> {
        match self.try_join(range, now, step) {
            Ok(()) => Ok(()),
            Err(Failed::Join(JoinError::Run(RunError::BucketTooLarge { .. }))) => {
                self.inventory().leave_apart(range);
                Ok(())
            }
            Err(Failed::Join(JoinError::Stored(StoredError::Missing { path }))) => {
                Err(LogError::missing(self.files.clone().locate(&path)))
            }
            Err(Failed::Join(error)) => Err(LogError::not_buildable(error)),
            Err(Failed::Log(error)) => Err(error),
        }
    }

    fn try_join(
        &self,
        range: &Range<u64>,
        now: u64,
        step: &(dyn Fn() + Sync),
    ) -> Result<(), Failed> {
        let heads: Vec<RunHead> = {
            let inventory = self.inventory();
            let found = parts(range).into_iter();
            found
                .filter_map(|part| inventory.find(&part).cloned())
                .collect()
        };
        let tree = &self.files;
        // An unreadable file counts as missing, and is reported.
        let read = |file: &IndexFile| tree.read(&file.path()).ok().flatten();
        let join = Join::new(self.map, heads).map_err(JoinError::from)?;
        let counted = parallel(join.spans(), |span| {
            self.check_running()?;
            Ok::<_, Failed>(join.count(span, read).map_err(JoinError::from)?)
        })?;
        let bytes = counted.iter().sum();
        step();

        let joining = join.counted(bytes);
        let hashed = parallel(joining.spans(), |span| {
            self.check_running()?;
            let mut lists = Vec::new();
            let root = joining.hash(span, read, |list| lists.push(list))?;
            Ok::<_, Failed>((root, lists))
        })?;
        let (roots, lists): (Vec<Hash>, Vec<Vec<Hash>>) = hashed.into_iter().unzip();
        let mut lists = lists.concat();
        let joined = joining.hashed(&roots, read, |list| lists.push(list))?;
        step();

        self.inventory().making(joined.head(), &lists, now)?;
        parallel(joined.spans(), |span| {
            self.check_running()?;
            let mut writer = Writer::new(self.files.clone());
            joined.write(span, read, |file, bytes| writer.add(&file, bytes))?;
            Ok::<_, Failed>(writer.finish()?)
        })?;
        let mut writer = Writer::new(self.files.clone());
        joined.write_reserved(read, |file, bytes| writer.add(&file, bytes))?;
        writer.finish()?;
        self.made(joined.head(), now)?;
        step();
        Ok(())
    }

    /// Number of steps of a join.
    pub(super) const STEPS: u64 = 3;
}

/// A failure of a join.
enum Failed {
    Join(JoinError),
    Log(LogError),
}

impl From<JoinError> for Failed {
    fn from(error: JoinError) -> Self {
        Self::Join(error)
    }
}

impl From<LogError> for Failed {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

fn unbuildable(error: &RunError) -> LogError {
    LogError::not_buildable(error)
}

/// Writes files in groups, and keeps the first failure for the end.
struct Writer {
    tree: Files,
    files: Vec<PublicFile>,
    failure: Option<LogError>,
}

impl Writer {
    fn new(tree: Files) -> Self {
        Self {
            tree,
            files: Vec::new(),
            failure: None,
        }
    }

    fn add(&mut self, file: &IndexFile, bytes: Vec<u8>) {
        let path = file.path();
        self.files.push(PublicFile { path, bytes });
        if self.files.len() >= FILES_AT_ONCE {
            self.write();
        }
    }

    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.tree.create(&self.files).err();
        }
        self.files.clear();
    }

    fn finish(mut self) -> Result<(), LogError> {
        self.write();
        self.failure.map_or(Ok(()), Err)
    }
}
