//! An older history that is the beginning of this one: its log a prefix of this log, its events the first of these
//! (`docs/formats/report.md`, "Since").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::lookup_key::{KeyKind, LookupKey, base_name};
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::event_view::EventView;
use crate::report::evidence::Evidence;
use crate::report::report::Report;
use crate::report::words::{self, entries, events_of};
use crate::tiles::plan::ConsistencyPlan;
use crate::verify::consistency::{extends, inconsistent};
use crate::verify::history::brackets::vouched_time;
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

    /// The size of the older checkpoint, and the time as of which witnesses vouch for it.
    pub(super) fn vouched(&self) -> Option<(u64, u64)> {
        let size = self.checkpoint()?.size;
        Some((size, vouched_time(&self.report.checks)?))
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

    /// The entries found here that the older log has, with their leaf hashes, and whether each has a key of the question.
    pub(super) fn held(&self, matches: &Matches) -> BTreeMap<u64, (Hash, bool)> {
        let size = self.checkpoint().map_or(0, |old| old.size);
        let mut held = BTreeMap::new();
        let entries = matches.entries().filter(|(index, _)| *index < size);
        held.extend(entries.map(|(index, entry)| {
            let is_asked = matches.is_asked(entry.keys());
            (index, (entry.leaf_hash, is_asked))
        }));
        held
    }

    /// Compares the older events with those found here, and gives what changed. The two histories may be linked to other
    /// digests: only keys that both looked up can contradict each other.
    pub(super) fn compare(
        &self,
        checks: &mut Checks,
        question: &LookupKey,
        keys: &[LookupKey],
        held: &BTreeMap<u64, (Hash, bool)>,
        shown: &[EventView],
    ) -> Changes {
        let code = CheckCode::Since;
        let size = self.checkpoint().map_or(0, |old| old.size);
        let events = self.report.members.events.as_deref().unwrap_or_default();
        let mut older: BTreeMap<u64, Hash> = BTreeMap::new();
        older.extend(events.iter().map(|event| (event.index, event.leaf_hash)));
        let is_looked_up = |event: &&EventView| {
            event.subjects.iter().any(|subject| {
                let names = [
                    (KeyKind::Version, subject.name.as_str()),
                    (KeyKind::Name, base_name(&subject.name)),
                    (KeyKind::Digest, &subject.digest),
                ];
                keys.iter()
                    .any(|key| names.contains(&(key.kind, key.id.as_str())))
            }) || matches!(question.kind, KeyKind::Actor | KeyKind::SigningKey)
        };
        let is_gone = |event: &&EventView| {
            held.get(&event.index).map(|(leaf, _)| leaf) != Some(&event.leaf_hash)
        };
        let gone = events.iter().filter(is_looked_up).find(is_gone);
        let unknown = held
            .iter()
            .find(|(index, (leaf, asked))| *asked && older.get(index) != Some(leaf));
        let contradiction = match (gone, unknown) {
            (Some(event), _) => Some((
                event.index,
                "the older history has entry",
                "but this one does not",
            )),
            (None, Some((index, _))) => Some((
                *index,
                "this history has entry",
                "but the older one does not",
            )),
            (None, None) => None,
        };
        let indices = shown.iter().map(|event| event.index);
        let new: Vec<u64> = indices.filter(|index| !older.contains_key(index)).collect();
        let counted = events.iter().filter(|event| event.counts());
        let counted: BTreeSet<u64> = counted.map(|event| event.index).collect();
        let now = shown.iter().filter(|event| !event.counts());
        let withdrawn = now.map(|event| event.index);
        let withdrawn: Vec<u64> = withdrawn.filter(|index| counted.contains(index)).collect();
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
                    .with("new", count(new.len()))
                    .with("withdrawn", count(withdrawn.len()));
                let detail = format!(
                    "the {} of the older bundle are the first of these; {} new{}",
                    events_of(count(older.len())),
                    match new.len() {
                        1 => "1 is".to_string(),
                        count => format!("{count} are"),
                    },
                    match withdrawn.len() {
                        0 => String::new(),
                        1 => "; 1 of the older counts for nothing now: its key was reported compromised"
                            .to_string(),
                        count => format!(
                            "; {count} of the older count for nothing now: their keys were reported compromised"
                        ),
                    }
                );
                checks.pass(code, detail, Some(evidence));
            }
        }
        Changes { new, withdrawn }
    }
}

/// Positions of the events that differ from an older history.
pub(super) struct Changes {
    /// Those that it does not have.
    pub(super) new: Vec<u64>,
    /// Those that counted in it, and count for nothing now.
    pub(super) withdrawn: Vec<u64>,
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
