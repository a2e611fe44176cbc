//! The inventory of runs on disk, and of the time from which an unnamed one may be removed.
//!
//! A text file to which lines are only appended, each durable before the action that it allows. After a crash it names
//! the finished runs, so that none is built twice, and the files that no manifest will name.
//!
//! ```text
//! making TIME run START END B ROOT RESERVED      before the first file of the run
//! made   TIME run START END B ROOT RESERVED      after the last
//! useless TIME run START END B ROOT RESERVED     once the newest manifest names another run of these entries
//! gone   TIME run START END B ROOT RESERVED      after the last file of the run was removed
//! ```
//! The file is rewritten without the removed runs when most of its lines are obsolete.

use crate::directory::disk::Disk;
use crate::directory::error::DiskError;
use crate::directory::layout::{Layout, PRIVATE_DIRECTORY, PRIVATE_FILE};
use crate::error::LogError;
use glasslog_core::index::build::{UNIT, fan_in};
use glasslog_core::index::format::{RunHead, encode_run, parse_run};
use glasslog_core::merkle::{HASH_SIZE, Hash};
use glasslog_core::text::wire::parse_decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The state of a run, with the time of its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Making(u64),
    Made,
    Useless(u64),
}

impl State {
    /// Returns true if the grace period of a run that is not finished, or superseded, is over.
    fn is_over(self, now: u64, grace: u64) -> bool {
        match self {
            Self::Made => false,
            Self::Making(since) | Self::Useless(since) => {
                now.checked_sub(since).is_some_and(|age| age >= grace)
            }
        }
    }
}

/// Lines of the file below which it is never rewritten.
const FEW_LINES: usize = 1_024;

/// The runs of one index.
#[derive(Debug)]
pub(super) struct Inventory {
    disk: Disk,
    layout: Layout,
    runs: BTreeMap<(u64, u64), (RunHead, State)>,
    /// Number of lines in the file.
    lines: usize,
    /// Ranges whose parts cannot be joined.
    apart: BTreeSet<(u64, u64)>,
}

impl Inventory {
    /// Reads the file. An incomplete last line allowed no action yet, and is removed.
    pub(super) fn open(disk: &Disk, layout: &Layout) -> Result<Self, LogError> {
        let path = layout.index_runs();
        let bytes = disk.read(&path)?.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = whole.map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(&bytes[..whole]);
        let mut inventory = Self {
            disk: disk.clone(),
            layout: layout.clone(),
            runs: BTreeMap::new(),
            lines: 0,
            apart: BTreeSet::new(),
        };
        for line in text.lines() {
            let (run, state) = parse(line).ok_or_else(|| {
                LogError::malformed(path.clone(), format!("`{line}` is not a valid line"))
            })?;
            match state {
                Some(state) => inventory.note(run, state),
                None => inventory.drop_run(&run),
            }
            inventory.lines += 1;
        }
        if whole != bytes.len() {
            inventory.rewrite()?;
        }
        Ok(inventory)
    }

    /// Returns the finished run of exactly this range.
    pub(super) fn find(&self, range: &Range<u64>) -> Option<&RunHead> {
        match self.runs.get(&(range.start, range.end)) {
            Some((run, State::Made)) => Some(run),
            _ => None,
        }
    }

    /// Returns the widest finished runs that together cover this range exactly.
    pub(super) fn cover(&self, range: &Range<u64>) -> Option<Vec<RunHead>> {
        if let Some(run) = self.find(range) {
            return Some(vec![run.clone()]);
        }
        if range.end - range.start <= 1 {
            return None;
        }
        let mut runs = Vec::new();
        for part in parts(range) {
            runs.extend(self.cover(&part)?);
        }
        Some(runs)
    }

    /// Records, until the index is opened again, that the parts of a range cannot be joined.
    pub(super) fn leave_apart(&mut self, range: &Range<u64>) {
        self.apart.insert((range.start, range.end));
    }

    pub(super) fn stays_apart(&self, range: &Range<u64>) -> bool {
        self.apart.contains(&(range.start, range.end))
    }

    /// Treats no run as finished any more, so that all are rebuilt.
    pub(super) fn doubt_all(&mut self) {
        self.runs.retain(|_, (_, state)| *state != State::Made);
    }

    /// Forgets all but the runs that are to be removed: if several processes build, the newest manifest names the
    /// others.
    pub(super) fn keep_useless(&mut self) {
        self.runs
            .retain(|_, (_, state)| matches!(state, State::Useless(_)));
    }

    /// Returns true if there is a finished run within the range.
    pub(super) fn has_within(&self, range: &Range<u64>) -> bool {
        self.made()
            .any(|run| run.start >= range.start && run.end <= range.end)
    }

    fn made(&self) -> impl Iterator<Item = &RunHead> {
        self.runs
            .values()
            .filter(|(_, state)| *state == State::Made)
            .map(|(run, _)| run)
    }

    /// Records a run, with the hashes of the files of its long lists, before its first file is written.
    pub(super) fn making(
        &mut self,
        run: &RunHead,
        lists: &[Hash],
        now: u64,
    ) -> Result<(), LogError> {
        if !lists.is_empty() {
            let directory = self.layout.index_lists();
            self.disk.make_directory(&directory, PRIVATE_DIRECTORY)?;
            let bytes: Vec<u8> = lists.iter().flat_map(|hash| *hash.as_bytes()).collect();
            let temporary = self.layout.temporary();
            self.disk
                .replace(&temporary, &self.lists_of(run), &bytes, PRIVATE_FILE)?;
        }
        self.add(&[(run.clone(), State::Making(now))], now)
    }

    /// Records that all files of a run are durable.
    pub(super) fn made_now(&mut self, run: &RunHead, now: u64) -> Result<(), LogError> {
        self.add(&[(run.clone(), State::Made)], now)
    }

    /// Records the runs that the newest manifest supersedes. Runs that `before`, the previous manifest, did not name
    /// either were never named, and no reader needs them.
    pub(super) fn supersede(
        &mut self,
        newest: &[RunHead],
        before: Option<&[RunHead]>,
        now: u64,
    ) -> Result<(), LogError> {
        for run in newest {
            self.note(run.clone(), State::Made);
        }
        let state = |run: &RunHead| {
            let was_named = before.is_none_or(|before| before.contains(run));
            State::Useless(if was_named { now } else { 0 })
        };
        let useless: Vec<(RunHead, State)> = self
            .made()
            .filter(|run| {
                let covers = |other: &&RunHead| other.start <= run.start && run.end <= other.end;
                newest
                    .iter()
                    .find(covers)
                    .is_some_and(|other| other != *run)
            })
            .map(|run| (run.clone(), state(run)))
            .collect();
        self.add(&useless, now)
    }

    /// Lets the grace period of superseded runs begin again where it is over and a manifest still names them.
    pub(super) fn keep_named(
        &mut self,
        named: &[RunHead],
        now: u64,
        grace: u64,
    ) -> Result<(), LogError> {
        let runs = self.runs.values();
        let kept = runs.filter(|(run, state)| state.is_over(now, grace) && named.contains(run));
        let kept: Vec<_> = kept
            .map(|(run, _)| (run.clone(), State::Useless(now)))
            .collect();
        self.add(&kept, now)
    }

    /// Returns a run that may be removed: no manifest within the grace period names it, none ever will, and it is not
    /// among those `named` still.
    pub(super) fn expired(&self, now: u64, grace: u64, named: &[RunHead]) -> Option<RunHead> {
        self.runs
            .values()
            .find(|(run, state)| state.is_over(now, grace) && !named.contains(run))
            .map(|(run, _)| run.clone())
    }

    /// Returns the other runs, which may share files with this one.
    pub(super) fn others<'a>(&'a self, run: &'a RunHead) -> impl Iterator<Item = &'a RunHead> {
        self.runs
            .values()
            .map(|(other, _)| other)
            .filter(move |other| (other.start, other.end) != (run.start, run.end))
    }

    /// Returns the files of a run's long lists that no other run has.
    pub(super) fn own_lists(&self, run: &RunHead) -> Result<BTreeSet<Hash>, LogError> {
        let mut own: BTreeSet<Hash> = self.lists(run)?.into_iter().collect();
        if own.is_empty() {
            return Ok(own);
        }
        for other in self.others(run).filter(|other| other.root != run.root) {
            for hash in self.lists(other)? {
                own.remove(&hash);
            }
        }
        Ok(own)
    }

    /// Forgets a run whose files were removed.
    pub(super) fn forget(&mut self, run: &RunHead) -> Result<(), LogError> {
        self.append(&encode(run, None, 0), 1)?;
        self.drop_run(run);
        if self.lines > FEW_LINES.max(2 * self.runs.len()) {
            self.rewrite()?;
        }
        let lists = self.lists_of(run);
        if lists.exists() && self.runs.values().all(|(other, _)| other.root != run.root) {
            self.disk.remove(&lists)?;
        }
        Ok(())
    }

    fn lists(&self, run: &RunHead) -> Result<Vec<Hash>, LogError> {
        let bytes = self.disk.read(&self.lists_of(run))?.unwrap_or_default();
        let (hashes, _) = bytes.as_chunks::<HASH_SIZE>();
        Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
    }

    fn lists_of(&self, run: &RunHead) -> PathBuf {
        self.layout.index_lists().join(run.root.to_hex())
    }

    fn note(&mut self, run: RunHead, state: State) {
        self.runs.insert((run.start, run.end), (run, state));
    }

    fn drop_run(&mut self, run: &RunHead) {
        self.runs.remove(&(run.start, run.end));
    }

    /// Records new states of runs, with one sync for all of them.
    fn add(&mut self, changed: &[(RunHead, State)], now: u64) -> Result<(), LogError> {
        if changed.is_empty() {
            return Ok(());
        }
        let text = changed
            .iter()
            .map(|(run, state)| encode(run, Some(*state), now));
        self.append(&text.collect::<String>(), changed.len())?;
        for (run, state) in changed {
            self.note(run.clone(), *state);
        }
        Ok(())
    }

    fn append(&mut self, text: &str, lines: usize) -> Result<(), LogError> {
        let path = self.layout.index_runs();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(PRIVATE_FILE)
            .open(&path)
            .map_err(|error| DiskError::new("open", &path, &error))?;
        self.disk.append(&mut file, &path, text.as_bytes())?;
        if self.lines == 0 {
            self.disk.sync_directory(&self.layout.state())?;
        }
        self.lines += lines;
        Ok(())
    }

    fn rewrite(&mut self) -> Result<(), LogError> {
        let text: String = self
            .runs
            .values()
            .map(|(run, state)| encode(run, Some(*state), 0))
            .collect();
        let (temporary, path) = (self.layout.temporary(), self.layout.index_runs());
        self.disk
            .replace(&temporary, &path, text.as_bytes(), PRIVATE_FILE)?;
        self.lines = self.runs.len();
        Ok(())
    }
}

/// Returns the parts into which a range is divided for building and joining.
pub(super) fn parts(range: &Range<u64>) -> Vec<Range<u64>> {
    let width = range.end - range.start;
    // Units and narrower ranges are divided only if a bucket would be too large.
    let count = if width > UNIT { fan_in(width) } else { 2 };
    let step = width.div_ceil(count).max(1);
    (range.start..range.end)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .map(|start| start..range.end.min(start + step))
        .collect()
}

/// Encodes a line; without a state the run was removed. The times of `made` and `gone` decide nothing.
fn encode(run: &RunHead, state: Option<State>, now: u64) -> String {
    let (word, time) = match state {
        Some(State::Making(time)) => ("making", time),
        Some(State::Made) => ("made", now),
        Some(State::Useless(time)) => ("useless", time),
        None => ("gone", now),
    };
    format!("{word} {time} {}\n", encode_run(run))
}

fn parse(line: &str) -> Option<(RunHead, Option<State>)> {
    let (word, rest) = line.split_once(' ')?;
    let (time, run) = rest.split_once(' ')?;
    let time = parse_decimal(time)?;
    let state = match word {
        "making" => Some(State::Making(time)),
        "made" => Some(State::Made),
        "useless" => Some(State::Useless(time)),
        "gone" => None,
        _ => return None,
    };
    Some((parse_run(run)?, state))
}
