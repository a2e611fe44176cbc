//! Recomputes runs while the audit reads entries: runs within a window from its pairs, wider ones by sums.
//!
//! A run of up to [`WINDOW`] entries within one window is built anew and compared. A wider one would not fit into memory
//! and is compared as a set: each pair of key and position has a number that only this process knows, SHA-256 of a secret,
//! the key and the position. The log's pairs and those in the run's files are the same set if their sums modulo 2^128
//! agree: for other sets they agree with probability 2^−128, because an attacker cannot choose pairs by numbers that are
//! secret. Files that are well formed, contain the right set and lead to the root are the run's.

use glasslog_core::index::build::build;
use glasslog_core::index::format::{MapFunction, RunHead};
use glasslog_core::merkle::{FileHasher, Hash};
use glasslog_core::verify::audit::bundle::CheckedBundle;
use glasslog_core::verify::audit::index::{IndexAudit, RunClaim, WINDOW};
use glasslog_core::verify::audit::state::{AuditState, SUM_STEP};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The secret from which the numbers are computed.
#[derive(Clone)]
pub(super) struct Secret([u8; 16]);

impl Secret {
    pub(super) fn draw() -> Self {
        let mut secret = [0; 16];
        crate::random::fill(&mut secret);
        Self(secret)
    }

    /// Computes the number of a pair. Its input of 16 + 32 + 7 bytes is one block; two would double the time.
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

/// Sums of the numbers of all pairs before a position: at the ends of wide runs, and for every [`SUM_STEP`] entries.
pub(super) struct Sums {
    pub(super) secret: Secret,
    at: BTreeMap<u64, u128>,
    /// One sum for each [`SUM_STEP`] entries from the first entry of the log on; none if they are not known.
    steps: Vec<u128>,
    is_complete: bool,
}

impl Sums {
    /// Returns the sum over a range, if it is known.
    pub(super) fn between(&self, start: u64, end: u64) -> Option<u128> {
        Some(self.up_to(end)?.wrapping_sub(self.up_to(start)?))
    }

    fn up_to(&self, position: u64) -> Option<u128> {
        let step = usize::try_from(position / SUM_STEP).ok()?;
        let is_step = self.is_complete && position.is_multiple_of(SUM_STEP);
        let kept = self.steps.get(step).filter(|_| is_step);
        kept.or_else(|| self.at.get(&position)).copied()
    }

    /// Returns the sums that the next audit needs.
    pub(super) fn kept(&self) -> Option<(&[u8; 16], &[u128])> {
        self.is_complete.then_some((&self.secret.0, &self.steps))
    }
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
    /// End of the keys of each entry.
    ends: Vec<usize>,
}

impl Pairs {
    /// Returns the keys from a position on.
    fn after(&self, position: u64) -> Self {
        let skipped = usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let ends = self.ends.get(skipped..).unwrap_or_default();
        let first = match skipped.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).copied().unwrap_or(self.keys.len()),
        };
        Self {
            start: position,
            keys: self.keys[first..].to_vec(),
            ends: ends.iter().map(|end| end - first).collect(),
        }
    }
}

impl RunTask {
    /// Computes the run's head as the manifest must state it.
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

/// The entries that the audit reads, one window after another.
pub(super) struct Windows {
    map: Option<MapFunction>,
    /// Runs whose range has not been read yet, by range.
    narrow: BTreeMap<(u64, u64), Vec<RunClaim>>,
    window: Pairs,
    pub(super) secret: Option<Secret>,
    sums: Sums,
    sum: u128,
    at: u64,
}

impl Windows {
    /// Continues from the sums of `earlier`; `keeps` is true if the state of this audit will be saved.
    pub(super) fn new(
        index: Option<&IndexAudit>,
        earlier: Option<&AuditState>,
        keeps: bool,
    ) -> Self {
        let map = index.and_then(IndexAudit::map);
        let start = index.map_or(0, IndexAudit::first);
        let claims = index.map(|index| index.claims().clone());
        let (narrow, others): (BTreeMap<_, _>, BTreeMap<_, _>) = claims
            .unwrap_or_default()
            .into_iter()
            .partition(|(_, claims)| {
                let head = claims.first().map(|claim| &claim.head);
                head.zip(index)
                    .is_some_and(|(head, index)| index.is_by_entries(head))
            });
        let needs = map.is_some() && (keeps || !others.is_empty());
        let earlier = earlier.and_then(AuditState::sums);
        let secret = earlier.map_or_else(Secret::draw, |(secret, _)| Secret(*secret));
        let mut steps = earlier.map_or_else(Vec::new, |(_, steps)| steps.to_vec());
        if start == 0 {
            steps = Vec::from([0]);
        }
        // Entries from here on are summed anew.
        let step = usize::try_from(start / SUM_STEP).unwrap_or(usize::MAX);
        let is_complete = needs && steps.len() > step;
        steps.truncate(step.saturating_add(1));
        let edges = others.keys().flat_map(|(start, end)| [*start, *end]);
        let sum = steps.last().copied().unwrap_or(0);
        Self {
            map,
            narrow,
            window: Pairs {
                start,
                ..Pairs::default()
            },
            secret: needs.then(|| secret.clone()),
            sums: Sums {
                secret,
                at: edges
                    .filter(|edge| *edge > start)
                    .map(|edge| (edge, 0))
                    .collect(),
                steps,
                is_complete,
            },
            sum,
            at: start,
        }
    }

    /// Takes the keys of the next bundle, and the sum of the numbers of each entry if there are wide runs. Returns the
    /// runs that can be computed now: after the last bundle of the log, all remaining ones.
    pub(super) fn add(
        &mut self,
        bundle: &CheckedBundle,
        sums: &[u128],
        is_last: bool,
    ) -> Vec<RunTask> {
        if self.map.is_none() {
            return Vec::new();
        }
        let mut sums = sums.iter();
        for keys in bundle.keys() {
            self.window.keys.extend_from_slice(keys);
            self.window.ends.push(self.window.keys.len());
            self.at += 1;
            self.sum = self.sum.wrapping_add(sums.next().copied().unwrap_or(0));
            if let Some(sum) = self.sums.at.get_mut(&self.at) {
                *sum = self.sum;
            }
            if self.at.is_multiple_of(SUM_STEP) {
                self.sums.steps.push(self.sum);
            }
        }
        match is_last || self.at.is_multiple_of(WINDOW) {
            true => self.close(),
            false => Vec::new(),
        }
    }

    /// Returns the runs that can be computed from the entries so far, and keeps the keys of the others.
    pub(super) fn close(&mut self) -> Vec<RunTask> {
        let Some(map) = self.map else {
            return Vec::new();
        };
        let at = self.at;
        let (due, open): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.narrow)
            .into_iter()
            .partition(|((_, end), _)| *end <= at);
        self.narrow = open;
        let open = self.narrow.keys().next().map_or(at, |(start, _)| *start);
        let rest = self.window.after(open.min(at));
        let window = Arc::new(std::mem::replace(&mut self.window, rest));
        due.into_values()
            .map(|claims| RunTask {
                claims,
                map,
                window: Arc::clone(&window),
            })
            .collect()
    }

    /// Returns the sums so far.
    pub(super) const fn sums(&self) -> &Sums {
        &self.sums
    }

    /// Returns the sums after the last bundle.
    pub(super) fn finish(self) -> Sums {
        self.sums
    }
}
