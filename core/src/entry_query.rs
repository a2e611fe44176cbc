//! One entry: proof that it is in the log at its index, and what it says.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use alloc::collections::BTreeMap;

use crate::entries::parse_entries;
use crate::entry::Fault;
use crate::event::{self, Event};
use crate::fetch::{self, Progress, Query, Resource, Wave};
use crate::findings::judge_all;
use crate::hash::{Hash, leaf_hash};
use crate::head::{self, Options, Require, entries};
use crate::report::{
    CheckCode, CheckpointSummary, Checks, Class, EntrySummary, Evidence, Members, Outcome,
    Question, Report,
};
use crate::scan::{Scan, ScanStep};
use crate::tile::EntryBundle;
use crate::tile_plan::TilePlan;
use crate::tree::Subtree;
use crate::trust::{TrustPolicy, VerifiedCheckpoint};

/// Verifies the entry at one index. In a log with a genesis the whole log is read, for the keys valid at that index.
pub struct EntryQuery {
    index: u64,
    policy: Option<TrustPolicy>,
    options: Options,
    checks: Checks,
    checkpoint: Option<CheckpointSummary>,
    stage: Stage,
    /// The entry, once it is proven.
    entry: Option<(Hash, Vec<u8>)>,
    report: Option<Report>,
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
        let mut checks = Checks::planned(&[
            (CheckCode::Policy, true),
            (CheckCode::Files, true),
            (CheckCode::Checkpoint, true),
            (CheckCode::LogSignature, true),
            (CheckCode::Quorum, true),
            (CheckCode::Tree, true),
            (CheckCode::Entries, true),
            (CheckCode::Genesis, false),
            (
                CheckCode::Coverage,
                options.require == Some(Require::Complete),
            ),
            (CheckCode::EventSignatures, false),
            (CheckCode::Freshness, options.max_checkpoint_age.is_some()),
        ]);
        let policy = head::read_policy(&mut checks, policy);
        let stage = Stage::Checkpoint(Wave::of([Resource::Checkpoint]));
        let mut query = Self {
            index,
            policy,
            options,
            checks,
            checkpoint: None,
            stage,
            entry: None,
            report: None,
        };
        if query.policy.is_none() {
            query.conclude(None, false);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None, true);
        }
        let Some(policy) = &self.policy else {
            return self.conclude(None, true);
        };
        let bytes = wave.take().into_values().next().unwrap_or_default();
        let (summary, verified) = head::judge(&mut self.checks, policy, &bytes, &self.options);
        self.checkpoint = summary;
        let Some(verified) = verified else {
            return self.conclude(None, true);
        };
        let head = verified.head();
        let Some(bundle) = EntryBundle::containing(self.index, head.size) else {
            let detail = format!(
                "there is no entry {}: the log has {}",
                self.index,
                entries(head.size)
            );
            for code in [CheckCode::Files, CheckCode::Tree, CheckCode::Entries] {
                self.checks.require(code, false);
                self.checks.unknown(code, detail.clone(), None);
            }
            return self.conclude(None, false);
        };
        let wanted = [
            Subtree {
                level: 0,
                index: self.index,
            },
            Subtree { level: 0, index: 0 },
        ];
        match TilePlan::new(head, &wanted) {
            Ok(plan) => {
                let tiles = plan.tiles().iter().copied().map(Resource::Tile);
                let bundles = EntryBundle::containing(0, head.size)
                    .into_iter()
                    .chain([bundle])
                    .map(Resource::Bundle);
                let wave = Wave::of(
                    tiles
                        .chain(bundles)
                        .collect::<alloc::collections::BTreeSet<_>>(),
                );
                self.stage = Stage::Proof(verified, plan, wave);
            }
            Err(error) => {
                self.checks
                    .fail(CheckCode::Tree, Class::False, error.to_string(), None);
                self.conclude(None, true);
            }
        }
    }

    fn read_proof(&mut self, verified: VerifiedCheckpoint, plan: TilePlan, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None, true);
        }
        let files = wave.take();
        let bundles: BTreeMap<u64, (EntryBundle, Vec<u8>)> = files
            .iter()
            .filter_map(|(resource, bytes)| match resource {
                Resource::Bundle(bundle) => Some((bundle.index(), (*bundle, bytes.clone()))),
                _ => None,
            })
            .collect();
        let tiles = match plan.finish(&fetch::tiles(files)) {
            Ok(tiles) => tiles,
            Err(error) => {
                self.checks
                    .fail(CheckCode::Tree, Class::False, error.to_string(), None);
                return self.conclude(None, true);
            }
        };
        self.checks.pass(
            CheckCode::Tree,
            "the hash tiles fold to the checkpoint's root",
            None,
        );
        let proven = |index: u64| -> Result<(Hash, Vec<u8>), (String, Evidence)> {
            let unvouched = || {
                (
                    format!("no tile vouches for entry {index}"),
                    Evidence::new().with("index", index),
                )
            };
            let (bundle, bytes) = bundles.get(&(index >> 8)).ok_or_else(unvouched)?;
            let claimed = tiles
                .hash(Subtree { level: 0, index })
                .ok_or_else(unvouched)?;
            let entries = parse_entries(bytes, bundle.width()).map_err(|error| {
                let fault = Fault::Bundle(*bundle, error);
                (fault.detail(), fault.evidence())
            })?;
            let at = bundle
                .start()
                .and_then(|start| index.checked_sub(start))
                .and_then(|at| usize::try_from(at).ok());
            let entry = at.and_then(|at| entries.get(at)).ok_or_else(unvouched)?;
            let computed = leaf_hash(entry);
            if computed == claimed {
                return Ok((claimed, entry.to_vec()));
            }
            let fault = Fault::Entry {
                bundle: *bundle,
                index,
                claimed,
                computed,
            };
            Err((fault.detail(), fault.evidence()))
        };
        match (proven(0), proven(self.index)) {
            (Ok((_, first)), Ok(entry)) => {
                self.entry = Some(entry);
                let head = verified.head();
                let detail = format!(
                    "the entry is number {} of {}",
                    self.index,
                    entries(head.size)
                );
                self.checks.pass(CheckCode::Entries, detail, None);
                let genesis = matches!(
                    event::parse(&first).map(|parsed| parsed.event.clone()),
                    Ok(Event::Genesis(_))
                );
                if genesis {
                    let pin = self.policy.as_ref().and_then(TrustPolicy::genesis);
                    match Scan::new(verified.origin().as_str(), head, pin) {
                        Ok(scan) => self.stage = Stage::Keys(Box::new(scan)),
                        Err(error) => {
                            ScanStep::Tree(error).settle(&mut self.checks);
                            self.conclude(None, true);
                        }
                    }
                } else {
                    self.without_genesis();
                }
            }
            (Err((detail, evidence)), _) | (_, Err((detail, evidence))) => {
                self.checks
                    .fail(CheckCode::Entries, Class::False, detail, Some(evidence));
                self.conclude(None, true);
            }
        }
    }

    /// A log that is not ours: its entries are bytes, and no key in it vouches for anything.
    fn without_genesis(&mut self) {
        self.checks.pass(
            CheckCode::Files,
            "every file that was needed is there",
            None,
        );
        if self
            .policy
            .as_ref()
            .is_some_and(|policy| policy.genesis().is_some())
        {
            self.checks.require(CheckCode::Genesis, true);
            let detail = "the trust policy pins a genesis, and entry 0 is none";
            self.checks
                .fail(CheckCode::Genesis, Class::False, detail, None);
        } else {
            self.checks.unknown(
                CheckCode::Genesis,
                "entry 0 is no genesis: this log states no keys for events",
                None,
            );
            self.checks.unknown(
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
                self.checks.pass(
                    CheckCode::Files,
                    "every file that was needed is there",
                    None,
                );
                self.checks.require(CheckCode::Genesis, true);
                self.checks.require(CheckCode::EventSignatures, true);
                self.conclude(Some(&scan), true);
            }
            fault => {
                fault.settle(&mut self.checks);
                self.conclude(None, true);
            }
        }
    }

    fn conclude(&mut self, scan: Option<&Scan>, evidence: bool) {
        self.stage = Stage::Done;
        let mut members = Members {
            events: Some(Vec::new()),
            ..Members::default()
        };
        if let Some((hash, bytes)) = self.entry.take() {
            members.entry = Some(EntrySummary {
                index: self.index,
                leaf_hash: hash,
            });
            if let Some(scan) = scan {
                scan.replay().judge_genesis(&mut self.checks);
                match event::parse(&bytes) {
                    Ok(parsed) => {
                        let event = BTreeMap::from([(self.index, (hash, parsed))]);
                        members.events = Some(judge_all(scan.replay(), event, &mut self.checks));
                    }
                    Err(error) => {
                        let detail = format!("the entry is no event: {error}");
                        self.checks
                            .unknown(CheckCode::EventSignatures, detail, None);
                    }
                }
            }
            if self.checks.outcome(CheckCode::Entries) == Outcome::Pass {
                self.checks.unknown(
                    CheckCode::Coverage,
                    "one entry says nothing about other entries",
                    None,
                );
            }
        }
        let checks = core::mem::replace(&mut self.checks, Checks::planned(&[]));
        let query = Question {
            kind: "entry",
            id: self.index.to_string(),
        };
        let checkpoint = self.checkpoint.take();
        self.report = Some(Report::conclude(
            self.options.now,
            query,
            checkpoint,
            checks,
            members,
            evidence,
        ));
    }
}

impl Query for EntryQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) | Stage::Proof(_, _, wave) => wave.needs(),
            Stage::Keys(scan) => scan.needs(),
            Stage::Done => vec![],
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Proof(verified, plan, mut wave) => match wave.supply(path, bytes) {
                true => self.read_proof(verified, plan, wave),
                false => self.stage = Stage::Proof(verified, plan, wave),
            },
            Stage::Keys(scan) => self.supply_keys(scan, path, bytes),
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    fn progress(&self) -> Progress<'_> {
        let (done, total) = match &self.stage {
            Stage::Keys(scan) => (scan.read(), scan.size()),
            _ => (0, 0),
        };
        let checks = self
            .report
            .as_ref()
            .map_or(self.checks.as_slice(), |report| &report.checks);
        Progress {
            done,
            total,
            checks,
        }
    }
}
