//! Decides when the index is extended: one manifest for each entry would take gigabytes, so readers scan the last few
//! entries.

use super::Indexer;
use crate::config::{Config, Schedule};
use crate::directory::checkpoint::CheckpointFile;
use crate::directory::disk::Disk;
use crate::directory::layout::{Layout, PRIVATE_FILE};
use crate::error::LogError;
use crate::object_store::Bucket;
use glasslog_core::text::wire::parse_decimal;
use std::path::Path;

/// Tells whether an index made so is due for a log of `size` entries.
fn is_due_after(schedule: &Schedule, made: Option<Made>, size: u64, now: u64) -> bool {
    made.is_none_or(|made| {
        let missing = size.saturating_sub(made.size);
        // A clock that went back does not tell the age of the index.
        let age = now.checked_sub(made.time);
        missing >= schedule.entries.get()
            || (missing > 0 && age.is_none_or(|age| age >= schedule.seconds))
    })
}

/// Extends the index of the log at `path` if it is due; returns the indexed size in that case.
///
/// # Errors
/// As [`Indexer::open`] and [`Indexer::publish`].
pub fn extend_if_due(path: impl AsRef<Path>, now: u64) -> Result<Option<u64>, LogError> {
    let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()).for_index());
    let config = Config::read(&disk, &layout)?;
    let schedule = config.index;
    let checkpoint = CheckpointFile::new(&disk, &layout).read()?;
    let size = checkpoint.map_or(0, |checkpoint| checkpoint.head().size);
    match is_due(&disk, &layout, &schedule, size, now)? {
        true => extend_now(Indexer::open(path)?, now).map(Some),
        false => Ok(None),
    }
}

pub(super) fn is_due(
    disk: &Disk,
    layout: &Layout,
    schedule: &Schedule,
    size: u64,
    now: u64,
) -> Result<bool, LogError> {
    Ok(is_due_after(schedule, Made::read(disk, layout)?, size, now))
}

/// Does the same for a log in a bucket that this process writes, with its keys at `path`.
///
/// # Errors
/// As [`Indexer::open_in`] and [`Indexer::publish`].
pub fn extend_in_if_due(
    bucket: Bucket,
    path: impl AsRef<Path>,
    now: u64,
) -> Result<Option<u64>, LogError> {
    let indexer = Indexer::open_in(bucket, path)?;
    match indexer.missing(now)? {
        (_, true) => extend_now(indexer, now).map(Some),
        (_, false) => Ok(None),
    }
}

/// Extends an index, then joins and removes runs; returns the indexed size.
///
/// # Errors
/// As [`Indexer::publish`] and [`Indexer::tidy`].
pub fn extend_now(mut indexer: Indexer, now: u64) -> Result<u64, LogError> {
    let size = indexer.publish(now)?;
    indexer.tidy(now)?;
    Ok(size)
}

/// The indexed size, and the time of the newest manifest in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) size: u64,
    pub(super) time: u64,
}

impl Made {
    /// Reads the file leniently: without it the index is due.
    pub(super) fn read(disk: &Disk, layout: &Layout) -> Result<Option<Self>, LogError> {
        let bytes = disk.read(&layout.index_made())?.unwrap_or_default();
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    fn parse(text: &str) -> Option<Self> {
        let (size, time) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Self {
            size: parse_decimal(size)?,
            time: parse_decimal(time)?,
        })
    }

    pub(super) fn write(&self, disk: &Disk, layout: &Layout) -> Result<(), LogError> {
        let text = format!("{} {}\n", self.size, self.time);
        let (temporary, path) = (layout.temporary(), layout.index_made());
        Ok(disk.replace(&temporary, &path, text.as_bytes(), PRIVATE_FILE)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_by_entries_or_by_time() {
        let schedule = Schedule::default();
        let made = Made::parse("100 5000\n");
        for (size, now, due) in [
            (100, 9_000, false),
            (101, 5_059, false),
            (101, 5_060, true),
            (355, 5_001, false),
            (356, 5_001, true),
            (101, 4_999, true),
            (99, 4_999, false),
        ] {
            assert_eq!(
                is_due_after(&schedule, made, size, now),
                due,
                "{size} at {now}"
            );
        }
        for text in ["", "100 5000", "100\n", "100 05\n"] {
            assert_eq!(Made::parse(text), None, "{text:?}");
        }
        assert!(is_due_after(&schedule, None, 0, 0));
    }
}
