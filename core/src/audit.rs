//! An audit reads everything and recomputes everything: entries, tiles, root, signatures and key validity; given the
//! list of a directory's files, also older partial tiles, older checkpoints, and whatever does not belong there; and
//! where the trust policy names an index, every manifest and every run of it.
//!
//! It is fed like any [`Query`]. Whoever has threads hands full bundles over in bulk: [`AuditQuery::reader`] compares
//! them anywhere, [`AuditQuery::absorb`] judges them in order, and signatures come back as batches.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::audit_bundle::{BundleReader, CheckedBundle};
use crate::audit_files::{Listing, Older};
use crate::audit_index::IndexAudit;
use crate::audit_signatures::{Judge, SignatureBatch};
use crate::fetch::{self, Progress, Query, Resource, Wave};
use crate::head::{Options, Require};
use crate::inquiry::Inquiry;
use crate::limits::MAX_IN_FLIGHT;
use crate::replay::Replay;
use crate::report::{CheckCode, Checks, Class, Counts, Evidence, Fact, Members, Question, Report};
use crate::tile::{EntryBundle, TileError};
use crate::tree::TreeHead;
use crate::trunk::TrunkPlan;
use crate::trust::TrustPolicy;

/// An audit under way; see the module.
pub struct AuditQuery {
    inquiry: Inquiry,
    stage: Stage,
    listing: Option<Listing>,
    index: Option<IndexAudit>,
    replay: Replay,
    judge: Judge,
    /// What vouches for the bundles, once it was checked.
    trunk: Option<Arc<TrunkPlan>>,
    /// Entries read.
    read: u64,
    /// Leaf tiles compared.
    tiles: u64,
}

enum Stage {
    Checkpoint(Wave),
    Trunk(TrunkPlan, Wave),
    /// Bundles from [`AuditQuery::read`] on, with their leaf tiles.
    Bundles(Wave),
    /// Older files that were not asked for yet, last first; those that are under way.
    Older(Vec<Older>, Vec<Older>, Wave),
    /// All of the log was read; the caller has still to say what became of the index.
    Index,
    Done,
}

impl AuditQuery {
    /// Audits a log; `files` lists every file of its public tree, where that can be told.
    #[must_use]
    pub fn new(policy: &[u8], options: Options, files: Option<Vec<String>>) -> Self {
        Self::start(policy, options, files, None)
    }

    /// Audits a log and its index. `index_checkpoint` is the file `index/checkpoint`, which has to be read before the
    /// log's own checkpoint; `None` says that it is missing.
    #[must_use]
    pub fn with_index(
        policy: &[u8],
        options: Options,
        files: Option<Vec<String>>,
        index_checkpoint: Option<&[u8]>,
    ) -> Self {
        Self::start(policy, options, files, Some(index_checkpoint))
    }

    fn start(
        policy: &[u8],
        options: Options,
        files: Option<Vec<String>>,
        index: Option<Option<&[u8]>>,
    ) -> Self {
        let complete = options.require == Some(Require::Complete);
        let mut further = Vec::from([
            (CheckCode::Genesis, false),
            (CheckCode::Coverage, complete),
            (CheckCode::Readable, false),
            (CheckCode::EventSignatures, false),
            (CheckCode::KeyEvents, false),
            (CheckCode::Registrations, false),
        ]);
        if index.is_some() {
            further.extend(IndexAudit::CHECKS);
        }
        if files.is_some() {
            further.extend([(CheckCode::Superseded, true), (CheckCode::Strays, false)]);
        }
        let inquiry = Inquiry::new(policy, options, &further);
        let mut query = Self {
            index: inquiry
                .policy()
                .zip(index)
                .map(|(policy, index)| IndexAudit::new(policy, index, options.now)),
            inquiry,
            stage: Stage::Checkpoint(Wave::of([Resource::Checkpoint])),
            listing: files.map(Listing::new),
            replay: Replay::new("", None),
            judge: Judge::default(),
            trunk: None,
            read: 0,
            tiles: 0,
        };
        if query.inquiry.policy().is_none() {
            query.conclude(false);
        }
        query
    }

    fn size(&self) -> u64 {
        self.head().map_or(0, |head| head.size)
    }

    /// The head that everything is compared with, once the trunk was checked.
    #[must_use]
    pub fn head(&self) -> Option<TreeHead> {
        self.trunk.as_ref().map(|trunk| trunk.head())
    }

    /// The time of judgement.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.inquiry.now()
    }

    /// The index that is audited too, if any.
    #[must_use]
    pub const fn index(&self) -> Option<&IndexAudit> {
        self.index.as_ref()
    }

    /// The index that is audited too, to tell it what was found.
    pub const fn index_mut(&mut self) -> Option<&mut IndexAudit> {
        self.index.as_mut()
    }

    /// The trust policy, where it is well formed.
    #[must_use]
    pub const fn policy(&self) -> Option<&TrustPolicy> {
        self.inquiry.policy()
    }

    /// Whether the log was read whole, and what became of its index has still to be told.
    #[must_use]
    pub const fn awaits_index(&self) -> bool {
        matches!(self.stage, Stage::Index)
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        let Some(verified) = self.inquiry.read_checkpoint(&mut wave) else {
            return self.conclude(false);
        };
        let pin = self.inquiry.policy().and_then(TrustPolicy::genesis);
        self.replay = Replay::new(verified.origin().as_str(), pin);
        if let Some(index) = &mut self.index {
            index.expect(&verified);
        }
        match TrunkPlan::new(verified.head()) {
            Ok(trunk) => self.next_trunk(trunk),
            Err(error) => self.refuse_tile(&error),
        }
    }

    fn next_trunk(&mut self, trunk: TrunkPlan) {
        let tiles = trunk.next_tiles(MAX_IN_FLIGHT);
        if tiles.is_empty() {
            self.trunk = Some(Arc::new(trunk));
            return self.next_bundles();
        }
        let wave = Wave::of(tiles.into_iter().map(Resource::Tile));
        self.stage = Stage::Trunk(trunk, wave);
    }

    fn read_trunk(&mut self, mut trunk: TrunkPlan, mut wave: Wave) {
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(false);
        };
        for (tile, bytes) in fetch::tiles(files) {
            if let Err(error) = trunk.supply(&tile, &bytes) {
                return self.refuse_tile(&error);
            }
        }
        self.next_trunk(trunk);
    }

    fn refuse_tile(&mut self, error: &TileError) {
        let checks = &mut self.inquiry.checks;
        checks.fail(CheckCode::Tree, Class::False, error.to_string(), None);
        self.conclude(false);
    }

    /// Asks for the next bundles. The leaf tile of the last one, if partial, is part of the trunk.
    fn next_bundles(&mut self) {
        let mut resources = Vec::new();
        let mut at = self.read;
        while resources.len() < MAX_IN_FLIGHT
            && let Some(bundle) = EntryBundle::containing(at, self.size())
        {
            at = at.saturating_add(u64::from(bundle.width()));
            resources.push(Resource::Bundle(bundle));
            if bundle.is_full() {
                resources.push(Resource::Tile(bundle.tile()));
            }
        }
        if resources.is_empty() {
            return self.after_bundles();
        }
        self.stage = Stage::Bundles(Wave::of(resources));
    }

    fn read_bundles(&mut self, mut wave: Wave) {
        let missing = wave.missing().map(String::from);
        let mut files = wave.take();
        let Some(reader) = self.reader() else {
            return self.conclude(false);
        };
        let mut at = self.read;
        while let Some(bundle) = EntryBundle::containing(at, self.size()) {
            at = at.saturating_add(u64::from(bundle.width()));
            let bytes = files.remove(&Resource::Bundle(bundle));
            let tile = files.remove(&Resource::Tile(bundle.tile()));
            // What was not asked for yet, or was on its way when another file turned out to be missing.
            let is_missing = |path: String| missing.as_ref() == Some(&path);
            let is_gone =
                is_missing(bundle.path()) || bundle.is_full() && is_missing(bundle.tile().path());
            if !is_gone && (bytes.is_none() || bundle.is_full() && tile.is_none()) {
                break;
            }
            let checked = reader.check(bundle, bytes.as_deref(), tile.as_deref());
            if !self.absorb(checked) {
                return;
            }
            while let Some(batch) = self.judge.batch(false) {
                self.judge.answer(batch.verify_one_by_one());
            }
        }
        match missing {
            Some(path) => {
                crate::head::missing(&mut self.inquiry.checks, &path);
                self.conclude(false);
            }
            None => self.next_bundles(),
        }
    }

    /// What compares bundles with the log, once its trunk was checked and while there are bundles to read.
    #[must_use]
    pub fn reader(&self) -> Option<BundleReader> {
        let map = self.index.as_ref().and_then(IndexAudit::map);
        let trunk = self.trunk.clone()?;
        matches!(self.stage, Stage::Bundles(_)).then(|| BundleReader::new(trunk, map))
    }

    /// Entries that were absorbed.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.read
    }

    /// Takes in the next bundle; `false` when the audit has ended with it. Bundles must come in log order.
    pub fn absorb(&mut self, checked: CheckedBundle) -> bool {
        let start = checked.bundle.start();
        if start != Some(self.read) {
            return false;
        }
        if let Some(fault) = checked.fault {
            // Entries that do not belong to the tree are not judged; a false or missing tile changes no entry.
            fault.settle(&mut self.inquiry.checks);
            self.conclude(false);
            return false;
        }
        // Of a bundle that is missing or false there are no leaves.
        if let Some(index) = &mut self.index {
            index.pass(self.read, &checked.leaves);
        }
        for (entry, leaf) in checked.entries.into_iter().zip(checked.leaves) {
            let parsed = entry.parsed;
            self.replay.absorb_parsed(self.read, leaf, parsed.as_ref());
            self.judge.add(self.read, parsed, &self.replay);
            self.read += 1;
        }
        self.tiles += u64::from(checked.has_tile);
        if matches!(self.stage, Stage::Bundles(_)) {
            // Whatever was on its way was for the bundles that have now come.
            self.stage = Stage::Bundles(Wave::default());
        }
        true
    }

    /// Signatures to verify, once there are enough for a batch; with `all`, as many as there are.
    pub fn batch(&mut self, all: bool) -> Option<SignatureBatch> {
        self.judge.batch(all)
    }

    /// Takes the answers to the oldest batch that has none.
    pub fn answer(&mut self, verdicts: Vec<bool>) {
        self.judge.answer(verdicts);
    }

    /// Goes on to ask for files, after bundles were absorbed in bulk and every batch was answered.
    pub fn resume(&mut self) {
        if matches!(self.stage, Stage::Bundles(_)) {
            self.next_bundles();
        }
    }

    fn after_bundles(&mut self) {
        while let Some(batch) = self.judge.batch(true) {
            self.judge.answer(batch.verify_one_by_one());
        }
        self.judge.answer(Vec::new());
        match &self.listing {
            Some(listing) => self.next_older(listing.older(self.size())),
            None => self.after_files(),
        }
    }

    fn next_older(&mut self, mut rest: Vec<Older>) {
        let batch = rest.split_off(rest.len().saturating_sub(MAX_IN_FLIGHT));
        if batch.is_empty() {
            let detail = "older files that are still there agree with the tree";
            let checks = &mut self.inquiry.checks;
            checks.pass(CheckCode::Superseded, detail, None);
            return self.after_files();
        }
        let head = self.head().unwrap_or_else(TreeHead::empty);
        let needs: BTreeSet<Resource> = batch.iter().flat_map(|older| older.needs(head)).collect();
        self.stage = Stage::Older(rest, batch, Wave::of(needs));
    }

    fn read_older(&mut self, rest: Vec<Older>, batch: &[Older], mut wave: Wave) {
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(false);
        };
        let bytes: Vec<Vec<u8>> = batch
            .iter()
            .map(|older| files.get(&older.resource()).cloned().unwrap_or_default())
            .collect();
        let tiles = fetch::tiles(files);
        let head = self.head().unwrap_or_else(TreeHead::empty);
        let now = self.inquiry.now();
        let Some(policy) = self.inquiry.policy() else {
            return self.conclude(false);
        };
        let check = |(older, bytes): (&Older, &Vec<u8>)| {
            let outcome = older.check(head, bytes, &tiles, policy, now);
            outcome.err().map(|fault| (older.path(), fault))
        };
        match batch.iter().zip(&bytes).find_map(check) {
            None => self.next_older(rest),
            Some((path, (class, detail))) => {
                let evidence = Evidence::new().with("path", path);
                let checks = &mut self.inquiry.checks;
                checks.fail(CheckCode::Superseded, class, detail, Some(evidence));
                self.after_files();
            }
        }
    }

    fn after_files(&mut self) {
        match &self.index {
            Some(_) => self.stage = Stage::Index,
            None => self.conclude(true),
        }
    }

    /// Ends an audit of a log and its index: what became of the index was told to [`AuditQuery::index_mut`].
    pub fn finish(&mut self) {
        if self.awaits_index() {
            self.conclude(true);
        }
    }

    /// Draws the verdict; `whole` once every entry and every leaf tile was read.
    fn conclude(&mut self, whole: bool) {
        self.stage = Stage::Done;
        let mut counts = Counts::default();
        let size = self.size();
        if whole {
            self.inquiry.settle_read(self.read, &self.replay);
            let policy = self.inquiry.policy();
            let pinned = policy.is_some_and(|policy| policy.genesis().is_some());
            let checks = &mut self.inquiry.checks;
            let detail = "every hash tile is what the entries hash to";
            checks.pass(CheckCode::Tree, detail, None);
            checks.require(CheckCode::Genesis, pinned || self.replay.has_genesis());
            if self.replay.has_genesis() {
                checks.require(CheckCode::EventSignatures, true);
                self.replay.judge_readable(checks);
                self.replay.judge_key_events(checks);
                counts = core::mem::take(&mut self.judge).settle(checks);
            } else {
                counts.entries = self.read;
            }
            let trunk = self.trunk.as_ref();
            counts.tiles = self.tiles + trunk.map_or(0, |trunk| trunk.progress().0);
            let mut strays = self
                .listing
                .as_ref()
                .map_or_else(Vec::new, |listing| listing.strays(size));
            if let Some(index) = &mut self.index {
                strays.extend(index.take_strays());
                index.settle(checks);
            }
            judge_strays(checks, &strays);
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

fn judge_strays(checks: &mut Checks, strays: &[String]) {
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
            | Stage::Trunk(_, wave)
            | Stage::Bundles(wave)
            | Stage::Older(_, _, wave) => wave.needs(),
            Stage::Index | Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        let stage = core::mem::replace(&mut self.stage, Stage::Done);
        match stage {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Trunk(trunk, mut wave) => match wave.supply(path, bytes) {
                true => self.read_trunk(trunk, wave),
                false => self.stage = Stage::Trunk(trunk, wave),
            },
            Stage::Bundles(mut wave) => {
                let is_over = wave.supply(path, bytes);
                if is_over {
                    self.stage = Stage::Bundles(Wave::default());
                    self.read_bundles(wave);
                } else {
                    self.stage = Stage::Bundles(wave);
                }
            }
            Stage::Older(rest, batch, mut wave) => match wave.supply(path, bytes) {
                true => self.read_older(rest, &batch, wave),
                false => self.stage = Stage::Older(rest, batch, wave),
            },
            Stage::Index => self.stage = Stage::Index,
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.inquiry.report()
    }

    fn progress(&self) -> Progress<'_> {
        let mut progress = self.inquiry.progress(None);
        progress.done = self.read;
        progress.total = self.size();
        progress
    }
}
