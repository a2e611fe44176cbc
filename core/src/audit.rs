//! An audit reads everything and recomputes everything: entries, tiles, root, signatures and key validity; given the
//! list of a directory's files, also older partial tiles, older checkpoints, and whatever does not belong there.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::audit_files::{Listing, Older};
use crate::fetch::{self, Progress, Query, Resource, Wave};
use crate::findings::Tally;
use crate::hash::tree_root;
use crate::head::{self, Options, Require, entries};
use crate::limits::MAX_IN_FLIGHT;
use crate::report::{
    CheckCode, CheckpointSummary, Checks, Class, Counts, Evidence, Fact, Members, Question, Report,
};
use crate::scan::{Scan, ScanStep};
use crate::tile::{FULL_WIDTH, Tile};
use crate::trust::TrustPolicy;

/// An audit under way; see the module.
pub struct AuditQuery {
    policy: Option<TrustPolicy>,
    options: Options,
    checks: Checks,
    checkpoint: Option<CheckpointSummary>,
    stage: Stage,
    listing: Option<Listing>,
    tally: Tally,
    tiles: u64,
    report: Option<Report>,
}

enum Stage {
    Checkpoint(Wave),
    Entries(Scan),
    /// From this leaf tile on nothing was asked for yet.
    LeafTiles(Scan, u64, Wave),
    /// Older files that were not asked for yet, last first; those that are under way.
    Older(Scan, Vec<Older>, Vec<Older>, Wave),
    Done,
}

impl AuditQuery {
    /// Audits a log; `files` lists every file of its public tree, where that can be told.
    #[must_use]
    pub fn new(policy: &[u8], options: Options, files: Option<Vec<String>>) -> Self {
        let mut plan = Vec::from([
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
            (CheckCode::Readable, false),
            (CheckCode::EventSignatures, false),
            (CheckCode::KeyEvents, false),
            (CheckCode::Registrations, false),
        ]);
        if files.is_some() {
            plan.extend([(CheckCode::Superseded, true), (CheckCode::Strays, false)]);
        }
        plan.push((CheckCode::Freshness, options.max_checkpoint_age.is_some()));
        let mut checks = Checks::planned(&plan);
        let policy = head::read_policy(&mut checks, policy);
        let mut query = Self {
            policy,
            options,
            checks,
            checkpoint: None,
            stage: Stage::Checkpoint(Wave::of([Resource::Checkpoint])),
            listing: files.map(Listing::new),
            tally: Tally::default(),
            tiles: 0,
            report: None,
        };
        if query.policy.is_none() {
            query.conclude(None);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None);
        }
        let Some(policy) = &self.policy else {
            return self.conclude(None);
        };
        let bytes = wave.take().into_values().next().unwrap_or_default();
        let (summary, verified) = head::judge(&mut self.checks, policy, &bytes, &self.options);
        self.checkpoint = summary;
        let Some(verified) = verified else {
            return self.conclude(None);
        };
        match Scan::new(
            verified.origin().as_str(),
            verified.head(),
            policy.genesis(),
        ) {
            Ok(scan) if scan.is_done() => self.after_tiles(scan),
            Ok(scan) => self.stage = Stage::Entries(scan),
            Err(error) => {
                ScanStep::Tree(error).settle(&mut self.checks);
                self.conclude(None);
            }
        }
    }

    fn supply_entries(&mut self, mut scan: Scan, path: &str, bytes: Option<Vec<u8>>) {
        let tally = &mut self.tally;
        match scan.supply(path, bytes, &mut |entry, replay| tally.add(entry, replay)) {
            ScanStep::More => self.stage = Stage::Entries(scan),
            ScanStep::Done => {
                self.next_tiles(scan, 0);
            }
            fault => {
                fault.settle(&mut self.checks);
                self.conclude(None);
            }
        }
    }

    /// Asks for leaf tiles from number `from` on. The last one, if partial, is part of the trunk.
    fn next_tiles(&mut self, scan: Scan, from: u64) {
        let full = scan.size() / u64::from(FULL_WIDTH);
        let batch: Vec<u64> = (from..full).take(MAX_IN_FLIGHT).collect();
        let Some(last) = batch.last() else {
            return self.after_tiles(scan);
        };
        let next = last.saturating_add(1);
        let tiles = batch
            .iter()
            .filter_map(|index| Tile::new(0, *index, FULL_WIDTH));
        let wave = Wave::of(tiles.map(Resource::Tile));
        self.stage = Stage::LeafTiles(scan, next, wave);
    }

    fn read_tiles(&mut self, scan: Scan, next: u64, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None);
        }
        for (tile, bytes) in fetch::tiles(wave.take()) {
            let hashes = tile.parse_hashes(&bytes).ok();
            if hashes.map(|hashes| tree_root(&hashes)) != scan.trunk().bundle_root(tile.index()) {
                let evidence = Evidence::new().with("path", tile.path());
                let detail = format!("`{}` is not what the entries hash to", tile.path());
                self.checks
                    .fail(CheckCode::Tree, Class::False, detail, Some(evidence));
                return self.conclude(Some(&scan));
            }
            self.tiles += 1;
        }
        self.next_tiles(scan, next);
    }

    fn after_tiles(&mut self, scan: Scan) {
        self.checks.pass(
            CheckCode::Tree,
            "every hash tile is what the entries hash to",
            None,
        );
        let Some(listing) = &self.listing else {
            return self.conclude(Some(&scan));
        };
        let older = listing.older(scan.size());
        self.next_older(scan, older);
    }

    fn next_older(&mut self, scan: Scan, mut rest: Vec<Older>) {
        let batch = rest.split_off(rest.len().saturating_sub(MAX_IN_FLIGHT));
        if batch.is_empty() {
            self.checks.pass(
                CheckCode::Superseded,
                "older files that are still there agree with the tree",
                None,
            );
            return self.conclude(Some(&scan));
        }
        let needs: BTreeSet<Resource> = batch
            .iter()
            .flat_map(|older| older.needs(scan.head()))
            .collect();
        self.stage = Stage::Older(scan, rest, batch, Wave::of(needs));
    }

    fn read_older(&mut self, scan: Scan, rest: Vec<Older>, batch: &[Older], mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None);
        }
        let files = wave.take();
        let bytes: Vec<Vec<u8>> = batch
            .iter()
            .map(|older| files.get(&older.resource()).cloned().unwrap_or_default())
            .collect();
        let tiles = fetch::tiles(files);
        let Some(policy) = &self.policy else {
            return self.conclude(Some(&scan));
        };
        for (older, bytes) in batch.iter().zip(&bytes) {
            if let Err((class, detail)) =
                older.check(scan.head(), bytes, &tiles, policy, self.options.now)
            {
                let evidence = Evidence::new().with("path", older.path());
                self.checks
                    .fail(CheckCode::Superseded, class, detail, Some(evidence));
                return self.conclude(Some(&scan));
            }
        }
        self.next_older(scan, rest);
    }

    fn conclude(&mut self, scan: Option<&Scan>) {
        self.stage = Stage::Done;
        let mut counts = Counts::default();
        if let Some(scan) = scan {
            let replay = scan.replay();
            self.checks.pass(
                CheckCode::Files,
                "every file that was needed is there",
                None,
            );
            self.checks.pass(
                CheckCode::Entries,
                format!("{} hash to their places in the tree", entries(scan.read())),
                None,
            );
            let detail = format!(
                "a full scan of {} up to the checkpoint",
                entries(scan.read())
            );
            self.checks.pass(
                CheckCode::Coverage,
                detail,
                Some(
                    Evidence::new()
                        .with("method", "full-scan")
                        .with("upTo", scan.read()),
                ),
            );
            replay.judge_genesis(&mut self.checks);
            if replay.has_genesis() {
                self.checks.require(CheckCode::Genesis, true);
                self.checks.require(CheckCode::EventSignatures, true);
                replay.judge_readable(&mut self.checks);
                replay.judge_key_events(&mut self.checks);
                counts = core::mem::take(&mut self.tally).settle(&mut self.checks);
            } else {
                counts.entries = scan.read();
            }
            counts.tiles = self.tiles + scan.trunk().progress().0;
            if let Some(listing) = &self.listing {
                strays(&mut self.checks, &listing.strays(scan.size()));
            }
        }
        let size = self
            .checkpoint
            .as_ref()
            .map_or(0, |checkpoint| checkpoint.size);
        let checks = core::mem::replace(&mut self.checks, Checks::planned(&[]));
        let origin = self
            .checkpoint
            .as_ref()
            .map_or_else(String::new, |checkpoint| checkpoint.origin.clone());
        let query = Question {
            kind: "log",
            id: origin,
        };
        let members = Members {
            counts: Some(counts),
            ..Members::default()
        };
        let checkpoint = self.checkpoint.take();
        self.report = Some(Report::conclude(
            self.options.now,
            query,
            checkpoint,
            checks,
            members,
            size > 0,
        ));
    }
}

fn strays(checks: &mut Checks, strays: &[String]) {
    /// Strays that a report names; the rest are counted.
    const NAMED: usize = 32;
    if strays.is_empty() {
        return checks.pass(
            CheckCode::Strays,
            "no file is there that does not belong to the log",
            None,
        );
    }
    let named = strays
        .iter()
        .take(NAMED)
        .map(|path| Fact::from(path.as_str()))
        .collect();
    let detail = format!(
        "{} of the files there do not belong to the log",
        strays.len()
    );
    checks.unknown(
        CheckCode::Strays,
        detail,
        Some(Evidence::new().with("paths", Fact::List(named))),
    );
}

impl Query for AuditQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave)
            | Stage::LeafTiles(_, _, wave)
            | Stage::Older(_, _, _, wave) => wave.needs(),
            Stage::Entries(scan) => scan.needs(),
            Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Entries(scan) => self.supply_entries(scan, path, bytes),
            Stage::LeafTiles(scan, rest, mut wave) => match wave.supply(path, bytes) {
                true => self.read_tiles(scan, rest, wave),
                false => self.stage = Stage::LeafTiles(scan, rest, wave),
            },
            Stage::Older(scan, rest, batch, mut wave) => match wave.supply(path, bytes) {
                true => self.read_older(scan, rest, &batch, wave),
                false => self.stage = Stage::Older(scan, rest, batch, wave),
            },
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    fn progress(&self) -> Progress<'_> {
        let (done, total) = match &self.stage {
            Stage::Entries(scan) | Stage::LeafTiles(scan, _, _) | Stage::Older(scan, _, _, _) => {
                (scan.read(), scan.size())
            }
            Stage::Checkpoint(_) | Stage::Done => (0, 0),
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
