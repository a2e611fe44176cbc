//! Which runs a manifest needs, and how each is come by: kept, joined from stored ones, or built from entries.

use super::Indexer;
use crate::error::LogError;
use crate::open::read_bundle;
use glasslog_core::edge::PublicFile;
use glasslog_core::index::file::IndexFile;
use glasslog_core::index::layout::{FAN_IN, UNIT, partition_up_to};
use glasslog_core::index::merge::merge;
use glasslog_core::index::run::{Run, RunError, RunHead, build_from_entries};
use glasslog_core::index::stored::{StoredError, read_run};
use glasslog_core::tile::{EntryBundle, parse_entries};
use std::ops::Range;

/// Entries of the widest run that is joined in memory, which then takes a few hundred megabytes; 64 runs of it are the
/// index of a log of 50 million entries.
pub(super) const WIDEST: u64 = UNIT * FAN_IN.pow(4);

/// Files that are written before more are made.
const FILES_AT_ONCE: usize = 256;

impl Indexer {
    /// Makes the runs of a log of `size` entries public, and says what they are.
    pub(super) fn make_runs(&mut self, size: u64) -> Result<Vec<RunHead>, LogError> {
        let mut heads = Vec::new();
        for range in partition_up_to(size, WIDEST) {
            let head = match self.kept(&range) {
                Some(head) => head,
                None => {
                    let run = self.make(range, size)?;
                    self.store(&run)?;
                    run.head().clone()
                }
            };
            heads.push(head);
        }
        Ok(heads)
    }

    /// The run of exactly this range, if the newest manifest has it.
    fn kept(&self, range: &Range<u64>) -> Option<RunHead> {
        let (manifest, _) = self.newest.as_ref()?;
        let mut runs = manifest.runs().iter();
        runs.find(|run| run.start == range.start && run.end == range.end)
            .cloned()
    }

    fn make(&self, range: Range<u64>, size: u64) -> Result<Run, LogError> {
        let width = range.end - range.start;
        if width <= UNIT {
            return self.build(range, size);
        }
        let part = width / FAN_IN;
        let parts = (0..FAN_IN).map(|number| {
            let start = range.start + number * part;
            let range = start..start + part;
            match self.kept(&range) {
                Some(head) => self.load(&head),
                None => self.make(range, size),
            }
        });
        let parts = parts.collect::<Result<Vec<Run>, LogError>>()?;
        merge(&parts).map_err(|error| unbuildable(&error))
    }

    fn build(&self, range: Range<u64>, size: u64) -> Result<Run, LogError> {
        let mut entries: Vec<Vec<u8>> = Vec::new();
        let mut at = range.start;
        while at < range.end
            && let Some(bundle) = EntryBundle::containing(at, size)
        {
            let bytes = read_bundle(&self.public, &self.layout, "", &bundle)?;
            let found =
                parse_entries(&bytes, bundle.width()).map_err(|error| LogError::Malformed {
                    path: self.layout.public_file(&bundle.path()),
                    problem: error.to_string(),
                })?;
            let first = bundle.start().unwrap_or(at);
            let wanted = (first..)
                .zip(found)
                .filter(|(index, _)| range.contains(index))
                .map(|(_, entry)| entry.to_vec());
            entries.extend(wanted);
            at = first + u64::from(bundle.width());
        }
        let entries = entries.iter().map(Vec::as_slice);
        build_from_entries(self.map, range.start, entries).map_err(|error| unbuildable(&error))
    }

    fn load(&self, head: &RunHead) -> Result<Run, LogError> {
        // A file that cannot be read counts as missing, and is named.
        let read = |file: &IndexFile| self.public.read(&file.path()).ok().flatten();
        read_run(self.map, head, read).map_err(|error| match error {
            StoredError::Missing { path } => LogError::Missing {
                path: self.layout.public_file(&path),
            },
            error => LogError::Index {
                problem: error.to_string(),
            },
        })
    }

    fn store(&mut self, run: &Run) -> Result<(), LogError> {
        let mut files = Vec::new();
        for (file, bytes) in run.files() {
            let path = file.path();
            files.push(PublicFile { path, bytes });
            if files.len() >= FILES_AT_ONCE {
                self.public.create(&files)?;
                files.clear();
            }
        }
        self.public.create(&files)
    }
}

fn unbuildable(error: &RunError) -> LogError {
    LogError::Index {
        problem: error.to_string(),
    }
}
