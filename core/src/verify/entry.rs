//! One entry: proof that it is in the log at its index, and what it says.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::event::{self, Event};
use crate::event::lookup_key::LookupKey;
use crate::fetch::log_file::LogFile;
use crate::fetch::query::{Progress, Query};
use crate::fetch::wave::{self, Wave};
use crate::merkle::tree::Subtree;
use crate::report::check::{CheckCode, Class, Outcome};
use crate::report::report::{EntrySummary, Members, Question, Report};
use crate::report::words::{NO_FILE_MISSING, NO_GENESIS, NO_PINNED_GENESIS, TREE_FOLDS, entries};
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::plan::TilePlan;
use crate::trust::trust_policy::VerifiedCheckpoint;
use crate::verify::entry_proof::{Fault, prove_entry};
use crate::verify::event_checks::{acknowledged, judge_all, judge_wrong};
use crate::verify::faults::{Faults, UNREADABLE};
use crate::verify::indexed::{IndexedLog, Opened, Opening, Step};
use crate::verify::key_history::KeyHistory;
use crate::verify::matches::{Held, Matches};
use crate::verify::options::{Options, Require};
use crate::verify::scan::{Scan, ScanStep};
use crate::verify::verification::{Files, Verification};

/// Verifies the entry at one index. In a log with a genesis the keys valid at that index are looked up in the log's
/// index, if the policy names one; otherwise the whole log is read for them.
pub struct EntryQuery {
    verification: Verification,
    index: u64,
    stage: Stage,
    /// The entry and entry 0, once they are proven.
    proven: Matches,
}

enum Stage {
    Checkpoint(Wave),
    Proof(VerifiedCheckpoint, TilePlan, Wave),
    /// All keys, by reading the whole log.
    Scan(Box<Scan>),
    /// The keys that signed the entry, by the index.
    Opening(Box<Opening>),
    Index(Box<IndexedLog>, Vec<LookupKey>),
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
            verification: Verification::with_index(policy, options, &further, Files::Log),
            index,
            stage: Stage::Checkpoint(Wave::of([LogFile::Checkpoint])),
            proven: Matches::new([]),
        };
        if query.verification.policy().is_none() {
            query.conclude(None, true);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        let Some(verified) = self.verification.read_checkpoint(&mut wave) else {
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
                let tiles = plan.tiles().iter().copied().map(LogFile::Tile);
                let bundles = [first, bundle].map(LogFile::Bundle);
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
            self.verification.checks.require(code, false);
            self.verification.checks.unknown(code, detail.clone(), None);
        }
        self.conclude(None, false);
    }

    fn read_proof(&mut self, verified: &VerifiedCheckpoint, plan: &TilePlan, mut wave: Wave) {
        if wave.lacks_tile() {
            self.verification.files(&mut wave);
            return self.conclude(None, true);
        }
        let missing = wave.missing().map(ToString::to_string);
        let files = wave.take();
        let bundles: Vec<(EntryBundle, Vec<u8>)> = files
            .iter()
            .filter_map(|(file, bytes)| match file {
                LogFile::Bundle(bundle) => Some((*bundle, bytes.clone())),
                _ => None,
            })
            .collect();
        let tiles = match plan.finish(&wave::tiles(files)) {
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
        if let Some(path) = missing {
            // Of two bundles one may be here, and false.
            let is_here = |index: &u64| {
                let bundle = EntryBundle::containing(*index, size);
                bundles.iter().any(|(held, _)| Some(*held) == bundle)
            };
            let mut here = [0, self.index].into_iter().filter(is_here);
            let fault = here.find_map(|index| proven(index).err());
            return self.stop(fault.map_or(ScanStep::Missing(path), ScanStep::Entries));
        }
        let (first, entry) = match (proven(0), proven(self.index)) {
            (Ok(first), Ok(entry)) => (first, entry),
            (Err(fault), _) | (_, Err(fault)) => return self.stop(ScanStep::Entries(fault)),
        };
        for (index, (leaf_hash, bytes)) in [(0, &first), (self.index, &entry)] {
            let (keys, parsed) = event::read(bytes);
            let held = Held::new(*leaf_hash, bytes, keys);
            self.proven.keep(index, held, parsed.as_ref());
        }
        let checks = &mut self.verification.checks;
        checks.pass(CheckCode::Tree, TREE_FOLDS, None);
        let detail = format!("the entry is number {} of {}", self.index, entries(size));
        checks.pass(CheckCode::Entries, detail, None);
        let first = event::parse(&first.1).map(|parsed| parsed.event);
        if !matches!(first, Ok(Event::Genesis(_))) {
            return self.without_genesis(verified.origin().as_str());
        }
        let verification = &mut self.verification;
        if verification.asks_index_first() || verification.asks_unaudited_index(size) {
            verification.begin_index();
            self.stage = Stage::Opening(Box::new(Opening::after(verification, verified.clone())));
        } else {
            self.read_whole(verified);
        }
    }

    fn read_whole(&mut self, verified: &VerifiedCheckpoint) {
        match self.verification.scan(verified) {
            Some(scan) => self.stage = Stage::Scan(Box::new(scan)),
            None => self.conclude(None, true),
        }
    }

    /// A log that is not ours: its entries are bytes, and no key in it vouches for anything.
    fn without_genesis(&mut self, origin: &str) {
        let policy = self.verification.policy();
        let pinned = policy.is_some_and(|policy| policy.genesis(origin).is_some());
        let checks = &mut self.verification.checks;
        checks.pass(CheckCode::Files, NO_FILE_MISSING, None);
        if pinned {
            checks.require(CheckCode::Genesis, true);
            let detail = NO_PINNED_GENESIS;
            checks.fail(CheckCode::Genesis, Class::False, detail, None);
        } else {
            let detail = NO_GENESIS;
            checks.unknown(CheckCode::Genesis, detail, None);
            checks.unknown(
                CheckCode::EventSignatures,
                "without a genesis no key can be judged",
                None,
            );
        }
        self.conclude(None, true);
    }

    fn supply_scan(&mut self, mut scan: Box<Scan>, path: &str, bytes: Option<Vec<u8>>) {
        match scan.supply(path, bytes, &mut |_, _| {}) {
            ScanStep::More => self.stage = Stage::Scan(scan),
            ScanStep::Done => self.conclude(Some(scan.key_history()), true),
            ScanStep::TooLarge => match self.verification.leave_scan() {
                Some(verified) => {
                    self.stage =
                        Stage::Opening(Box::new(Opening::after(&self.verification, verified)))
                }
                None => self.conclude(None, true),
            },
            fault => {
                self.record_wrong(scan.key_history());
                self.stop(fault);
            }
        }
    }

    fn supply_opening(&mut self, mut opening: Box<Opening>, path: &str, bytes: Option<Vec<u8>>) {
        match opening.supply(&mut self.verification, path, bytes) {
            Opened::More => self.stage = Stage::Opening(opening),
            Opened::Stopped => self.conclude(None, true),
            Opened::Scan(verified) => {
                self.verification.leave_index();
                self.read_whole(&verified);
            }
            Opened::Index(mut log) => {
                let step = log.start(&[], &mut self.proven);
                self.after_step(log, Vec::new(), step);
            }
        }
    }

    /// After the first round the keys that decide about the entry are looked up, and after the second they are known.
    fn after_step(&mut self, mut log: Box<IndexedLog>, mut asked: Vec<LookupKey>, mut step: Step) {
        loop {
            match step {
                Step::More => {
                    self.stage = Stage::Index(log, asked);
                    return;
                }
                Step::Done => {}
                fault => {
                    let checks = &mut self.verification.checks;
                    fault.record(checks);
                    log.record_wrong(&self.proven, checks);
                    self.record_wrong(log.key_history());
                    return self.conclude(None, true);
                }
            }
            log.replay_keys(asked, &self.proven);
            let parsed = self.proven.get(self.index).and_then(Held::parsed);
            asked = parsed.map_or_else(Vec::new, |parsed| log.unknown_keys(&parsed));
            if asked.is_empty() {
                return self.conclude_index(&log);
            }
            step = log.ask_signing_keys(&asked, &mut self.proven);
        }
    }

    fn conclude_index(&mut self, log: &IndexedLog) {
        log.record(&mut self.verification.checks);
        let Some(doubt) = log.doubt(self.index) else {
            return self.conclude(Some(log.key_history()), true);
        };
        // Its keys may have been revoked before it, in entries that were not read.
        let checks = &mut self.verification.checks;
        checks.pass(CheckCode::Files, NO_FILE_MISSING, None);
        checks.require(CheckCode::EventSignatures, true);
        checks.unknown(CheckCode::EventSignatures, doubt, None);
        self.conclude(None, true);
    }

    /// Records that the genesis or the entry is proven to be false, although not every file could be read.
    fn record_wrong(&mut self, key_history: &KeyHistory) {
        let checks = &mut self.verification.checks;
        key_history.judge_wrong_genesis(checks);
        let held = self.proven.get(self.index);
        let event = held.and_then(|held| Some((self.index, held.leaf_hash, held.parsed()?)));
        judge_wrong(key_history, event.into_iter(), checks);
    }

    fn stop(&mut self, fault: ScanStep) {
        fault.record(&mut self.verification.checks);
        self.conclude(None, true);
    }

    /// Draws the verdict; `key_history` is set if the keys of the log are known.
    fn conclude(&mut self, key_history: Option<&KeyHistory>, evidence: bool) {
        self.stage = Stage::Done;
        let mut members = Members {
            events: Some(Vec::new()),
            ..Members::default()
        };
        if let Some(entry) = self.proven.get(self.index) {
            let leaf_hash = entry.leaf_hash;
            members.entry = Some(EntrySummary {
                index: self.index,
                leaf_hash,
            });
            let checks = &mut self.verification.checks;
            if let Some(key_history) = key_history {
                checks.pass(CheckCode::Files, NO_FILE_MISSING, None);
                checks.require(CheckCode::Genesis, true);
                checks.require(CheckCode::EventSignatures, true);
                key_history.judge_genesis(checks);
                let mut faults = Faults::default();
                match entry.parse() {
                    Ok(parsed) => {
                        let event = core::iter::once((self.index, leaf_hash, parsed));
                        members.events = Some(judge_all(key_history, &[], event, checks));
                    }
                    Err(error) => {
                        let detail = format!("the entry is not an event: {error}");
                        checks.unknown(CheckCode::EventSignatures, detail, None);
                        faults.add(self.index, leaf_hash, UNREADABLE);
                    }
                }
                let events = members.events.as_deref().unwrap_or_default();
                let acknowledgements = key_history.acknowledgements();
                members.acknowledged = acknowledged(acknowledgements, &faults, events);
            }
            if checks.outcome(CheckCode::Entries) == Outcome::Pass {
                let detail = "a check of one entry makes no claim about other entries";
                checks.unknown(CheckCode::Coverage, detail, None);
            }
        }
        let query = Question::new("entry", self.index.to_string());
        self.verification.conclude(query, members, evidence);
    }
}

impl Query for EntryQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) | Stage::Proof(_, _, wave) => wave.needs(),
            Stage::Scan(scan) => scan.needs(),
            Stage::Opening(opening) => opening.needs(),
            Stage::Index(log, _) => log.needs(),
            Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        self.verification.count(bytes.as_ref());
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Proof(verified, plan, mut wave) => match wave.supply(path, bytes) {
                true => self.read_proof(&verified, &plan, wave),
                false => self.stage = Stage::Proof(verified, plan, wave),
            },
            Stage::Scan(scan) => self.supply_scan(scan, path, bytes),
            Stage::Opening(opening) => self.supply_opening(opening, path, bytes),
            Stage::Index(mut log, asked) => {
                let step = log.supply(path, bytes, &mut self.proven);
                self.after_step(log, asked, step);
            }
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.verification.report()
    }

    fn progress(&self) -> Progress<'_> {
        self.verification.progress(match &self.stage {
            Stage::Scan(scan) => Some(scan),
            _ => None,
        })
    }
}
