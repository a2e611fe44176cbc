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
use crate::head::{Options, Require};
use crate::inquiry::Inquiry;
use crate::limits::MAX_IN_FLIGHT;
use crate::report::{CheckCode, Checks, Class, Counts, Evidence, Fact, Members, Question, Report};
use crate::scan::{Scan, ScanStep};
use crate::tile::{FULL_WIDTH, Tile};

/// An audit under way; see the module.
pub struct AuditQuery {
    inquiry: Inquiry,
    stage: Stage,
    listing: Option<Listing>,
    tally: Tally,
    /// Leaf tiles compared.
    tiles: u64,
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
        let complete = options.require == Some(Require::Complete);
        let mut further = Vec::from([
            (CheckCode::Genesis, false),
            (CheckCode::Coverage, complete),
            (CheckCode::Readable, false),
            (CheckCode::EventSignatures, false),
            (CheckCode::KeyEvents, false),
            (CheckCode::Registrations, false),
        ]);
        if files.is_some() {
            further.extend([(CheckCode::Superseded, true), (CheckCode::Strays, false)]);
        }
        let mut query = Self {
            inquiry: Inquiry::new(policy, options, &further),
            stage: Stage::Checkpoint(Wave::of([Resource::Checkpoint])),
            listing: files.map(Listing::new),
            tally: Tally::default(),
            tiles: 0,
        };
        if query.inquiry.policy().is_none() {
            query.conclude(None);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        let verified = self.inquiry.read_checkpoint(&mut wave);
        match verified.and_then(|verified| self.inquiry.scan(&verified)) {
            Some(scan) if scan.is_done() => self.after_tiles(scan),
            Some(scan) => self.stage = Stage::Entries(scan),
            None => self.conclude(None),
        }
    }

    fn supply_entries(&mut self, mut scan: Scan, path: &str, bytes: Option<Vec<u8>>) {
        let tally = &mut self.tally;
        match scan.supply(path, bytes, &mut |entry, replay| tally.add(entry, replay)) {
            ScanStep::More => self.stage = Stage::Entries(scan),
            ScanStep::Done => self.next_tiles(scan, 0),
            fault => {
                fault.settle(&mut self.inquiry.checks);
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
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(None);
        };
        for (tile, bytes) in fetch::tiles(files) {
            let hashes = tile.parse_hashes(&bytes).ok();
            if hashes.map(|hashes| tree_root(&hashes)) != scan.trunk().bundle_root(tile.index()) {
                let evidence = Evidence::new().with("path", tile.path());
                let detail = format!("`{}` is not what the entries hash to", tile.path());
                let checks = &mut self.inquiry.checks;
                checks.fail(CheckCode::Tree, Class::False, detail, Some(evidence));
                return self.conclude(None);
            }
            self.tiles += 1;
        }
        self.next_tiles(scan, next);
    }

    fn after_tiles(&mut self, scan: Scan) {
        let Some(listing) = &self.listing else {
            return self.conclude(Some(&scan));
        };
        let older = listing.older(scan.size());
        self.next_older(scan, older);
    }

    fn next_older(&mut self, scan: Scan, mut rest: Vec<Older>) {
        let batch = rest.split_off(rest.len().saturating_sub(MAX_IN_FLIGHT));
        if batch.is_empty() {
            let detail = "older files that are still there agree with the tree";
            self.inquiry
                .checks
                .pass(CheckCode::Superseded, detail, None);
            return self.conclude(Some(&scan));
        }
        let needs: BTreeSet<Resource> = batch
            .iter()
            .flat_map(|older| older.needs(scan.head()))
            .collect();
        self.stage = Stage::Older(scan, rest, batch, Wave::of(needs));
    }

    fn read_older(&mut self, scan: Scan, rest: Vec<Older>, batch: &[Older], mut wave: Wave) {
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(None);
        };
        let bytes: Vec<Vec<u8>> = batch
            .iter()
            .map(|older| files.get(&older.resource()).cloned().unwrap_or_default())
            .collect();
        let tiles = fetch::tiles(files);
        let now = self.inquiry.now();
        let Some(policy) = self.inquiry.policy() else {
            return self.conclude(None);
        };
        let check = |(older, bytes): (&Older, &Vec<u8>)| {
            let outcome = older.check(scan.head(), bytes, &tiles, policy, now);
            outcome.err().map(|fault| (older.path(), fault))
        };
        match batch.iter().zip(&bytes).find_map(check) {
            None => self.next_older(scan, rest),
            Some((path, (class, detail))) => {
                let evidence = Evidence::new().with("path", path);
                let checks = &mut self.inquiry.checks;
                checks.fail(CheckCode::Superseded, class, detail, Some(evidence));
                self.conclude(Some(&scan));
            }
        }
    }

    /// Draws the verdict; `scan` is there once every entry and every leaf tile was read.
    fn conclude(&mut self, scan: Option<&Scan>) {
        self.stage = Stage::Done;
        let mut counts = Counts::default();
        if let Some(scan) = scan {
            self.inquiry.settle_scan(scan);
            let pinned = self
                .inquiry
                .policy()
                .is_some_and(|policy| policy.genesis().is_some());
            let checks = &mut self.inquiry.checks;
            checks.pass(
                CheckCode::Tree,
                "every hash tile is what the entries hash to",
                None,
            );
            checks.require(CheckCode::Genesis, pinned || scan.replay().has_genesis());
            if scan.replay().has_genesis() {
                checks.require(CheckCode::EventSignatures, true);
                scan.replay().judge_readable(checks);
                scan.replay().judge_key_events(checks);
                counts = core::mem::take(&mut self.tally).settle(checks);
            } else {
                counts.entries = scan.read();
            }
            counts.tiles = self.tiles + scan.trunk().progress().0;
            if let Some(listing) = &self.listing {
                strays(checks, &listing.strays(scan.size()));
            }
        }
        let checkpoint = self.inquiry.checkpoint();
        let query = Question {
            kind: "log",
            id: checkpoint.map_or_else(String::new, |checkpoint| checkpoint.origin.clone()),
        };
        let evidence = checkpoint.is_some_and(|checkpoint| checkpoint.size > 0);
        let members = Members {
            counts: Some(counts),
            ..Members::default()
        };
        self.inquiry.conclude(query, members, evidence);
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
        self.inquiry.report()
    }

    fn progress(&self) -> Progress<'_> {
        self.inquiry.progress(match &self.stage {
            Stage::Entries(scan) | Stage::LeafTiles(scan, ..) | Stage::Older(scan, ..) => {
                Some(scan)
            }
            Stage::Checkpoint(_) | Stage::Done => None,
        })
    }
}
