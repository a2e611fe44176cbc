//! Recomputes runs while entries go by: those within a window from its pairs, wider ones by sums.
//!
//! A run of up to [`WINDOW`] entries within one window is built anew and compared. A wider one would not fit the memory,
//! so that it is compared as a set: to each pair of key and position belongs a number that only this process knows,
//! SHA-256 of a secret, the key and the position. The log's pairs and those in the run's files are the same set if their
//! sums modulo 2^128 agree: for other sets they agree with probability 2^−128, as nobody could choose pairs by numbers
//! that are not known. Files that are well formed, hold the right set and lead to the root are the run's.

use glasslog_core::audit_bundle::CheckedBundle;
use glasslog_core::audit_index::{IndexAudit, RunClaim};
use glasslog_core::hash::{FileHasher, Hash};
use glasslog_core::index::map::MapFunction;
use glasslog_core::index::run::{RunHead, build};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries whose pairs are in memory at a time; 25 MB for events with ten keys.
pub(super) const WINDOW: u64 = 1 << 16;

/// The secret that numbers are made of.
#[derive(Clone)]
pub(super) struct Secret([u8; 16]);

impl Secret {
    pub(super) fn draw() -> Self {
        let mut secret = [0; 16];
        super::bundles::fill(&mut secret);
        Self(secret)
    }

    /// The number of a pair. Two blocks of input would double the time: 16 + 32 + 7 bytes are one.
    pub(super) fn number(&self, key: &Hash, position: u64) -> u128 {
        let mut hasher = FileHasher::new();
        hasher.update(&self.0);
        hasher.update(key.as_bytes());
        hasher.update(&position.to_be_bytes()[1..]);
        let hash = hasher.finish();
        let mut number = [0; 16];
        number.copy_from_slice(&hash.as_bytes()[..16]);
        u128::from_be_bytes(number)
    }
}

/// Sums of the numbers of all pairs before a position, where a wide run begins or ends.
pub(super) struct Sums {
    pub(super) secret: Secret,
    at: BTreeMap<u64, u128>,
}

impl Sums {
    /// The sum over a range that a wide run has.
    pub(super) fn between(&self, start: u64, end: u64) -> Option<u128> {
        Some(self.at.get(&end)?.wrapping_sub(*self.at.get(&start)?))
    }
}

/// Whether a run is recomputed within a window.
pub(super) fn is_narrow(start: u64, end: u64) -> bool {
    start < end && start / WINDOW == (end - 1) / WINDOW
}

/// A run to build and to compare.
pub(super) struct RunTask {
    pub(super) claims: Vec<RunClaim>,
    map: MapFunction,
    window: Arc<Pairs>,
}

/// The keys of the entries of a window.
#[derive(Default)]
struct Pairs {
    start: u64,
    keys: Vec<Hash>,
    /// Where the keys of each entry end.
    ends: Vec<usize>,
}

impl RunTask {
    /// What the manifest has to say of the run.
    pub(super) fn compute(&self) -> Option<RunHead> {
        let RunHead { start, end, .. } = self.claims.first()?.head;
        let first = usize::try_from(start - self.window.start).ok()?;
        let mut pairs = Vec::new();
        let mut from = match first.checked_sub(1) {
            None => 0,
            Some(before) => *self.window.ends.get(before)?,
        };
        for offset in 0..u32::try_from(end - start).ok()? {
            let to = *self.window.ends.get(first + offset as usize)?;
            pairs.extend(self.window.keys[from..to].iter().map(|key| (*key, offset)));
            from = to;
        }
        let run = build(self.map, start..end, pairs).ok()?;
        Some(run.head().clone())
    }
}

/// What goes by.
pub(super) struct Windows {
    map: Option<MapFunction>,
    /// Runs that are not due yet, by range.
    narrow: BTreeMap<(u64, u64), Vec<RunClaim>>,
    window: Pairs,
    pub(super) secret: Option<Secret>,
    sums: Sums,
    sum: u128,
    at: u64,
}

impl Windows {
    pub(super) fn new(index: Option<&IndexAudit>) -> Self {
        let claims = index.map(|index| index.claims().clone());
        let (narrow, wide): (BTreeMap<_, _>, BTreeMap<_, _>) = claims
            .unwrap_or_default()
            .into_iter()
            .partition(|((start, end), _)| is_narrow(*start, *end));
        let secret = Secret::draw();
        let edges = wide
            .keys()
            .flat_map(|(start, end)| [(*start, 0), (*end, 0)]);
        Self {
            map: index.and_then(IndexAudit::map),
            narrow,
            window: Pairs::default(),
            secret: (!wide.is_empty()).then(|| secret.clone()),
            sums: Sums {
                secret,
                at: edges.collect(),
            },
            sum: 0,
            at: 0,
        }
    }

    /// Takes the keys of the next bundle, and the sum of the numbers of each entry where there are wide runs; returns
    /// the runs that can be computed now: with the last bundle of the log, all that are left.
    pub(super) fn add(
        &mut self,
        bundle: &CheckedBundle,
        sums: &[u128],
        is_last: bool,
    ) -> Vec<RunTask> {
        let Some(map) = self.map else {
            return Vec::new();
        };
        let mut sums = sums.iter();
        for keys in bundle.keys() {
            self.window.keys.extend_from_slice(keys);
            self.window.ends.push(self.window.keys.len());
            self.at += 1;
            self.sum = self.sum.wrapping_add(sums.next().copied().unwrap_or(0));
            if let Some(sum) = self.sums.at.get_mut(&self.at) {
                *sum = self.sum;
            }
        }
        match is_last || self.at.is_multiple_of(WINDOW) {
            true => self.close(map),
            false => Vec::new(),
        }
    }

    /// The window is over: its runs are due.
    fn close(&mut self, map: MapFunction) -> Vec<RunTask> {
        let (start, end) = (self.window.start, self.at);
        let next = Pairs {
            start: end,
            ..Pairs::default()
        };
        let window = Arc::new(std::mem::replace(&mut self.window, next));
        let mut due = Vec::new();
        while let Some(entry) = self.narrow.first_entry() {
            let (first, last) = *entry.key();
            if first < start || last > end {
                break;
            }
            due.push(RunTask {
                claims: entry.remove(),
                map,
                window: Arc::clone(&window),
            });
        }
        due
    }

    /// The sums, after the last bundle.
    pub(super) fn finish(self) -> Sums {
        self.sums
    }
}
