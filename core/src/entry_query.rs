//! One entry: proof that it is in the log at its index, and what it says.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::entry::{Fault, prove_entry};
use crate::event::{self, Event};
use crate::fetch::{self, Progress, Query, Resource, Wave};
use crate::findings::judge_all;
use crate::hash::Hash;
use crate::head::{Options, Require, entries};
use crate::inquiry::Inquiry;
use crate::report::{CheckCode, Class, EntrySummary, Members, Outcome, Question, Report};
use crate::scan::{Scan, ScanStep};
use crate::tile::EntryBundle;
use crate::tile_plan::TilePlan;
use crate::tree::Subtree;
use crate::trust::VerifiedCheckpoint;

/// Verifies the entry at one index. In a log with a genesis the whole log is read, for the keys valid at that index.
pub struct EntryQuery {
    inquiry: Inquiry,
    index: u64,
    stage: Stage,
    /// The entry, once it is proven.
    entry: Option<(Hash, Vec<u8>)>,
}

enum Stage {
    Checkpoint(Wave),
    Proof(VerifiedCheckpoint, TilePlan, Wave),
    Keys(Box<Scan>),
    Done,
}

impl EntryQuery {
    /// Verifies the entry at `index`.
    #[must_use]
    pub fn new(index: u64, policy: &[u8], options: Options) -> Self {
        let complete = options.require == Some(Require::Complete);
        let further = [
            (CheckCode::Genesis, false),
            (CheckCode::Coverage, complete),
            (CheckCode::EventSignatures, false),
        ];
        let mut query = Self {
            inquiry: Inquiry::new(policy, options, &further),
            index,
            stage: Stage::Checkpoint(Wave::of([Resource::Checkpoint])),
            entry: None,
        };
        if query.inquiry.policy().is_none() {
            query.conclude(None, true);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        let Some(verified) = self.inquiry.read_checkpoint(&mut wave) else {
            return self.conclude(None, true);
        };
        let head = verified.head();
        let (Some(first), Some(bundle)) = (
            EntryBundle::containing(0, head.size),
            EntryBundle::containing(self.index, head.size),
        ) else {
            return self.no_such_entry(head.size);
        };
        let wanted = [0, self.index].map(|index| Subtree { level: 0, index });
        match TilePlan::new(head, &wanted) {
            Ok(plan) => {
                let tiles = plan.tiles().iter().copied().map(Resource::Tile);
                let bundles = [first, bundle].map(Resource::Bundle);
                let mut files = BTreeSet::new();
                files.extend(tiles.chain(bundles));
                self.stage = Stage::Proof(verified, plan, Wave::of(files));
            }
            Err(error) => self.stop(ScanStep::Tree(error)),
        }
    }

    fn no_such_entry(&mut self, size: u64) {
        let detail = format!(
            "there is no entry {}: the log has {}",
            self.index,
            entries(size)
        );
        for code in [CheckCode::Files, CheckCode::Tree, CheckCode::Entries] {
            self.inquiry.checks.require(code, false);
            self.inquiry.checks.unknown(code, detail.clone(), None);
        }
        self.conclude(None, false);
    }

    fn read_proof(&mut self, verified: &VerifiedCheckpoint, plan: &TilePlan, mut wave: Wave) {
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(None, true);
        };
        let bundles: Vec<(EntryBundle, Vec<u8>)> = files
            .iter()
            .filter_map(|(resource, bytes)| match resource {
                Resource::Bundle(bundle) => Some((*bundle, bytes.clone())),
                _ => None,
            })
            .collect();
        let tiles = match plan.finish(&fetch::tiles(files)) {
            Ok(tiles) => tiles,
            Err(error) => return self.stop(ScanStep::Tree(error)),
        };
        let size = verified.head().size;
        let proven = |index: u64| {
            let bundle = EntryBundle::containing(index, size);
            let held = bundles.iter().find(|(held, _)| Some(*held) == bundle);
            let (bundle, bytes) = held.ok_or(Fault::Unvouched { index })?;
            prove_entry(&tiles, *bundle, bytes, index)
        };
        let (first, entry) = match (proven(0), proven(self.index)) {
            (Ok(first), Ok(entry)) => (first, entry),
            (Err(fault), _) | (_, Err(fault)) => return self.stop(ScanStep::Entries(fault)),
        };
        self.entry = Some(entry);
        let checks = &mut self.inquiry.checks;
        checks.pass(
            CheckCode::Tree,
            "the hash tiles fold to the checkpoint's root",
            None,
        );
        let detail = format!("the entry is number {} of {}", self.index, entries(size));
        checks.pass(CheckCode::Entries, detail, None);
        let first = event::parse(&first.1).map(|parsed| parsed.event);
        if !matches!(first, Ok(Event::Genesis(_))) {
            return self.without_genesis();
        }
        match self.inquiry.scan(verified) {
            Some(scan) => self.stage = Stage::Keys(Box::new(scan)),
            None => self.conclude(None, true),
        }
    }

    /// A log that is not ours: its entries are bytes, and no key in it vouches for anything.
    fn without_genesis(&mut self) {
        let pinned = self
            .inquiry
            .policy()
            .is_some_and(|policy| policy.genesis().is_some());
        let checks = &mut self.inquiry.checks;
        checks.pass(
            CheckCode::Files,
            "every file that was needed is there",
            None,
        );
        if pinned {
            checks.require(CheckCode::Genesis, true);
            let detail = "the trust policy pins a genesis, and entry 0 is none";
            checks.fail(CheckCode::Genesis, Class::False, detail, None);
        } else {
            let detail = "entry 0 is no genesis: this log states no keys for events";
            checks.unknown(CheckCode::Genesis, detail, None);
            checks.unknown(
                CheckCode::EventSignatures,
                "without a genesis no key can be judged",
                None,
            );
        }
        self.conclude(None, true);
    }

    fn supply_keys(&mut self, mut scan: Box<Scan>, path: &str, bytes: Option<Vec<u8>>) {
        match scan.supply(path, bytes, &mut |_, _| {}) {
            ScanStep::More => self.stage = Stage::Keys(scan),
            ScanStep::Done => {
                let checks = &mut self.inquiry.checks;
                checks.pass(
                    CheckCode::Files,
                    "every file that was needed is there",
                    None,
                );
                checks.require(CheckCode::Genesis, true);
                checks.require(CheckCode::EventSignatures, true);
                self.conclude(Some(&scan), true);
            }
            fault => self.stop(fault),
        }
    }

    fn stop(&mut self, fault: ScanStep) {
        fault.settle(&mut self.inquiry.checks);
        self.conclude(None, true);
    }

    /// Draws the verdict; `scan` is there where the keys of the log are known.
    fn conclude(&mut self, scan: Option<&Scan>, evidence: bool) {
        self.stage = Stage::Done;
        let mut members = Members {
            events: Some(Vec::new()),
            ..Members::default()
        };
        if let Some((leaf_hash, bytes)) = self.entry.take() {
            members.entry = Some(EntrySummary {
                index: self.index,
                leaf_hash,
            });
            let checks = &mut self.inquiry.checks;
            if let Some(scan) = scan {
                scan.replay().judge_genesis(checks);
                match event::parse(&bytes) {
                    Ok(parsed) => {
                        let event = BTreeMap::from([(self.index, (leaf_hash, parsed))]);
                        members.events = Some(judge_all(scan.replay(), event, checks));
                    }
                    Err(error) => {
                        let detail = format!("the entry is no event: {error}");
                        checks.unknown(CheckCode::EventSignatures, detail, None);
                    }
                }
            }
            if checks.outcome(CheckCode::Entries) == Outcome::Pass {
                let detail = "one entry says nothing about other entries";
                checks.unknown(CheckCode::Coverage, detail, None);
            }
        }
        let query = Question {
            kind: "entry",
            id: self.index.to_string(),
        };
        self.inquiry.conclude(query, members, evidence);
    }
}

impl Query for EntryQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) | Stage::Proof(_, _, wave) => wave.needs(),
            Stage::Keys(scan) => scan.needs(),
            Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Proof(verified, plan, mut wave) => match wave.supply(path, bytes) {
                true => self.read_proof(&verified, &plan, wave),
                false => self.stage = Stage::Proof(verified, plan, wave),
            },
            Stage::Keys(scan) => self.supply_keys(scan, path, bytes),
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.inquiry.report()
    }

    fn progress(&self) -> Progress<'_> {
        self.inquiry.progress(match &self.stage {
            Stage::Keys(scan) => Some(scan),
            _ => None,
        })
    }
}
