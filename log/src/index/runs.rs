//! Planning of runs: those that a manifest needs, and those that are missing or can be joined.
//!
//! A range that is completely new is built and joined at once. If parts of it are in the newest manifest, they stay
//! parts until a thread has joined them: any partition is valid, so publishing waits for no join.

use super::Indexer;
use super::entries::LogAt;
use super::inventory::parts;
use super::parallel::parallel;
use super::run_builder::RunBuilder;
use crate::error::LogError;
use glasslog_core::index::build::{UNIT, partition};
use glasslog_core::index::format::RunHead;
use glasslog_core::text::limits::MAX_RUNS;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries of the widest run that is built in memory, unless it has too many keys: narrower ranges need no join.
const DIRECT: u64 = 65_536;

/// The missing runs of an index.
#[derive(Debug, Default)]
struct Missing {
    /// Ranges to be built from entries, in any order.
    builds: Vec<Range<u64>>,
    /// Ranges to be joined afterwards, in this order.
    joins: Vec<Range<u64>>,
}

/// Receives the finished and the total amount of work.
pub type Progress<'a> = dyn Fn(u64, u64) + Sync + 'a;

struct Tracker<'a> {
    done: AtomicU64,
    total: u64,
    show: &'a Progress<'a>,
}

impl Tracker<'_> {
    fn add(&self, more: u64) {
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        (self.show)(done.min(self.total), self.total);
    }
}

impl Indexer {
    /// Publishes the runs of a log and returns them. With `joined`, all runs that can be joined are joined.
    pub(super) fn make_runs(
        &self,
        log: LogAt<'_>,
        joined: bool,
        now: u64,
        progress: &Progress<'_>,
    ) -> Result<Vec<RunHead>, LogError> {
        let mut missing = Missing::default();
        for range in partition(log.size()) {
            self.plan(range, joined, &mut missing);
        }
        let width = |range: &Range<u64>| range.end - range.start;
        let all = missing.builds.iter().chain(&missing.joins);
        let tracker = Tracker {
            done: AtomicU64::new(0),
            total: all.map(width).sum(),
            show: progress,
        };
        parallel(missing.builds.into_iter(), |range| {
            let entries = width(&range);
            self.builder.build(log, range, now)?;
            tracker.add(entries);
            Ok::<(), LogError>(())
        })?;
        for range in missing.joins {
            let step = width(&range) / RunBuilder::STEPS;
            self.builder.join(&range, now, &|| tracker.add(step))?;
        }
        loop {
            let runs = self.cover(log.size())?;
            // More runs than a manifest can name, for example during a long join.
            if runs.len() <= MAX_RUNS {
                return Ok(runs);
            }
            let next = self.due_joins(log.size()).into_iter().next();
            let range = next.ok_or_else(|| {
                LogError::not_buildable(format!(
                    "it takes {} runs, more than {MAX_RUNS}",
                    runs.len()
                ))
            })?;
            self.builder.join(&range, now, &|| {})?;
        }
    }

    fn plan(&self, range: Range<u64>, joined: bool, missing: &mut Missing) {
        let (is_covered, is_one, is_new) = {
            let inventory = self.builder.inventory();
            let is_one = inventory.find(&range).is_some();
            let is_covered = is_one || inventory.cover(&range).is_some();
            (is_covered, is_one, !inventory.has_within(&range))
        };
        let width = range.end - range.start;
        if is_one || (is_covered && (!joined || width <= UNIT)) {
            return;
        }
        if width <= UNIT || (width <= DIRECT && is_new) {
            missing.builds.push(range);
            return;
        }
        for part in parts(&range) {
            self.plan(part, joined, missing);
        }
        if (is_new || joined) && !self.builder.inventory().stays_apart(&range) {
            missing.joins.push(range);
        }
    }

    /// Returns the widest finished runs for a log of `size` entries.
    pub(super) fn cover(&self, size: u64) -> Result<Vec<RunHead>, LogError> {
        let inventory = self.builder.inventory();
        let mut runs = Vec::new();
        for range in partition(size) {
            let found = inventory.cover(&range).ok_or_else(|| {
                LogError::not_buildable(format!(
                    "no run of entries {} to {}",
                    range.start, range.end
                ))
            })?;
            runs.extend(found);
        }
        Ok(runs)
    }

    /// Returns the ranges that can be joined in the index of a log of `size` entries, the narrowest first.
    pub(super) fn due_joins(&self, size: u64) -> Vec<Range<u64>> {
        let inventory = self.builder.inventory();
        let mut due = Vec::new();
        let mut open = partition(size);
        while let Some(range) = open.pop() {
            if range.end - range.start <= UNIT || inventory.find(&range).is_some() {
                continue;
            }
            let parts = parts(&range);
            let is_there = |part: &Range<u64>| inventory.find(part).is_some();
            if parts.iter().all(is_there) && !inventory.stays_apart(&range) {
                due.push(range);
            } else {
                open.extend(parts);
            }
        }
        due.sort_unstable_by_key(|range| (range.end - range.start, range.start));
        due
    }
}
