//! An older history that is the beginning of this one: its log a prefix of this log, its events the first of these
//! (`docs/formats/report.md`, "Since").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::report::{CheckpointSummary, Report};
use crate::report::words::{self, entries};
use crate::tiles::plan::ConsistencyPlan;
use crate::verify::consistency::{extends, inconsistent};
use crate::verify::matches::Matches;
use crate::verify::scan::ScanStep;
use crate::verify::verification::Verification;

/// An older history, as its bundle tells it.
pub(crate) struct Since {
    /// Its verdict, by the same policy.
    report: Report,
}

impl Since {
    /// The older history with this verdict.
    pub(crate) const fn new(report: Report) -> Self {
        Self { report }
    }

    /// The older checkpoint.
    pub(super) fn checkpoint(&self) -> Option<&CheckpointSummary> {
        self.report.checkpoint.as_ref()
    }

    /// Returns true if there is an older history to compare with; if not, records that.
    pub(super) fn stands(&self, checks: &mut Checks) -> bool {
        let code = CheckCode::Since;
        let class = self.report.class();
        if matches!(class, Class::Verified | Class::Nothing) && self.report.complete {
            return true;
        }
        let cause = self.report.deciding_check();
        let why = cause.map_or("it is not complete", |check| check.detail.as_str());
        let detail = format!("the older bundle does not verify: {why}");
        match class {
            Class::Verified | Class::Nothing | Class::Undecided => {
                checks.unknown(code, detail, None);
            }
            class => checks.fail(code, class, detail, None),
        }
        false
    }

    /// Plans to show that the older log is a prefix of this one; `None` if it cannot be, which is recorded.
    pub(super) fn plan(&self, checks: &mut Checks, new: &CheckpointSummary) -> Option<Prefix> {
        let code = CheckCode::Consistency;
        let old = self.checkpoint()?;
        if old.origin != new.origin {
            let detail = words::two_logs(&old.origin, &new.origin);
            checks.unknown(code, detail, None);
            return None;
        }
        let head = |summary: &CheckpointSummary| TreeHead {
            size: summary.size,
            root: summary.root,
        };
        let Ok(plan) = ConsistencyPlan::new(old.size, head(new)) else {
            let detail = format!(
                "the log shows {}, but the older bundle {}: it may be out of date",
                entries(new.size),
                old.size
            );
            checks.unknown(code, detail, None);
            return None;
        };
        let wave = Wave::of(plan.tiles().iter().copied().map(LogFile::Tile));
        Some(Prefix {
            old: head(old),
            new: head(new),
            plan,
            wave,
        })
    }

    /// Compares the older events with the first of these, and gives the indices of those that are new.
    pub(super) fn compare(&self, checks: &mut Checks, matches: &Matches) -> Vec<u64> {
        let code = CheckCode::Since;
        let size = self.checkpoint().map_or(0, |old| old.size);
        let keys = self.report.members.keys.as_deref().unwrap_or_default();
        let mut hashes = BTreeSet::new();
        hashes.extend(keys.iter().filter_map(|key| {
            let kind = KeyKind::find(key.kind)?;
            Some(LookupKey::new(kind, key.id.as_str()).hash())
        }));
        let mut older: BTreeMap<u64, Hash> = BTreeMap::new();
        let events = self.report.members.events.as_deref().unwrap_or_default();
        older.extend(events.iter().map(|event| (event.index, event.leaf_hash)));
        let mut here: BTreeMap<u64, Hash> = BTreeMap::new();
        let mut new = Vec::new();
        for (index, held) in matches
            .entries()
            .filter(|(_, held)| matches.wants(held.keys()))
        {
            let is_older = index < size && held.keys().iter().any(|key| hashes.contains(key));
            if is_older {
                here.insert(index, held.leaf_hash);
            }
            if !older.contains_key(&index) {
                new.push(index);
            }
        }
        let differs = |one: &BTreeMap<u64, Hash>, other: &BTreeMap<u64, Hash>| {
            let mut indices = one.iter();
            indices
                .find(|(index, leaf)| other.get(index) != Some(*leaf))
                .map(|(index, _)| *index)
        };
        let contradiction = match (differs(&older, &here), differs(&here, &older)) {
            (Some(index), _) => Some((
                index,
                "the older history has entry",
                "but this one does not",
            )),
            (None, Some(index)) => Some((
                index,
                "this history has entry",
                "but the older one does not",
            )),
            (None, None) => None,
        };
        match contradiction {
            Some((index, before, after)) => {
                let evidence = Evidence::new().with("index", index);
                let detail = format!("{before} {index}, {after}");
                checks.fail(code, Class::False, detail, Some(evidence));
            }
            None => {
                let evidence = Evidence::new()
                    .with("size", size)
                    .with("older", count(older.len()))
                    .with("new", count(new.len()));
                let detail = format!(
                    "the {} of the older bundle are the first of these; {} new",
                    events_of(older.len()),
                    match new.len() {
                        1 => "1 is".to_string(),
                        count => format!("{count} are"),
                    }
                );
                checks.pass(code, detail, Some(evidence));
            }
        }
        new
    }
}

/// The tiles that show one head to be a prefix of another.
pub(super) struct Prefix {
    old: TreeHead,
    new: TreeHead,
    plan: ConsistencyPlan,
    wave: Wave,
}

impl Prefix {
    pub(super) fn needs(&self) -> Vec<String> {
        self.wave.needs()
    }

    /// Takes one file in; `true` when that was the last.
    pub(super) fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) -> bool {
        self.wave.supply(path, bytes)
    }

    /// Checks the tiles and records the result; `false` if they prove nothing.
    pub(super) fn finish(mut self, verification: &mut Verification) -> bool {
        let Some(files) = verification.files(&mut self.wave) else {
            return false;
        };
        let checks = &mut verification.checks;
        match self.plan.finish(&wave::tiles(files)) {
            Ok((prefix, _)) if prefix == self.old => extends(checks, &self.old, &self.new),
            Ok((prefix, _)) => inconsistent(checks, &self.old, &prefix.root),
            Err(error) => {
                ScanStep::Tree(error).record(checks);
                return false;
            }
        }
        true
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn events_of(count: usize) -> String {
    match count {
        1 => "1 event".to_string(),
        count => format!("{count} events"),
    }
}
