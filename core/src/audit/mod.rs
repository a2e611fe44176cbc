//! An audit reads everything and recomputes everything: entries, tiles, root, signatures and key validity; given the
//! list of a directory's files, also older partial tiles, older checkpoints, and whatever does not belong there; and
//! where the trust policy names an index, every manifest and every run of it.
//!
//! It is fed like any [`Query`]. Whoever has threads hands full bundles over in bulk: [`AuditQuery::reader`] compares
//! them anywhere, [`AuditQuery::absorb`] judges them in order, and signatures come back as batches.

pub mod bundle;
mod files;
pub mod index;
mod resume;
pub mod signatures;
pub mod state;
mod verdict;

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::checkpoint::Checkpoint;
use crate::fetch::{self, Progress, Query, Resource, Wave};
use crate::head::{Options, Require};
use crate::inquiry::Inquiry;
use crate::limits::MAX_IN_FLIGHT;
use crate::replay::Replay;
use crate::report::{CheckCode, Class, Evidence, Report};
use crate::tile::{EntryBundle, FULL_WIDTH, TileError};
use crate::tile_plan::{ConsistencyPlan, TilePlan};
use crate::tree::{Subtree, TreeHead, complete_subtrees};
use crate::trunk::TrunkPlan;
use crate::trust::TrustPolicy;

use self::bundle::{BundleReader, CheckedBundle};
use self::files::{Listing, Older};
use self::index::IndexAudit;
pub use self::resume::Fork;
use self::resume::Resumption;
use self::signatures::{Judge, SignatureBatch};
use self::state::AuditState;

/// What to audit, and how.
#[derive(Debug, Default)]
pub struct Setup<'a> {
    /// Every file of the log's public tree, where that can be told.
    pub files: Option<Vec<String>>,
    /// Whether the index is audited too: its file `index/checkpoint`, which has to be read before the log's own
    /// checkpoint. `Some(None)` says that it is missing.
    pub index: Option<Option<&'a [u8]>>,
    /// Whether a state is kept: the one of an earlier audit, if there was one.
    pub resume: Option<Option<AuditState>>,
}

/// An audit under way; see the module.
pub struct AuditQuery {
    inquiry: Inquiry,
    stage: Stage,
    listing: Option<Listing>,
    index: Option<IndexAudit>,
    replay: Replay,
    judge: Judge,
    /// The head of the log, once its checkpoint was judged good.
    target: Option<TreeHead>,
    /// What vouches for the bundles, once it was checked.
    trunk: Option<Arc<TrunkPlan>>,
    /// Entries read, or before those that are.
    read: u64,
    /// Where a state is kept, what it says.
    resumption: Option<Resumption>,
    /// The checkpoint that the log shows.
    shown: Option<Checkpoint>,
    /// Leaf tiles compared.
    tiles: u64,
}

enum Stage {
    Checkpoint(Wave),
    /// The tiles that compare the log with an earlier audit's.
    Consistency(ConsistencyPlan, Wave),
    /// The caller has to read the manifests of the index, which say where to begin.
    Manifests,
    /// The tiles that give the tree before the entries that are read.
    Frontier(TilePlan, Wave),
    Trunk(TrunkPlan, Wave),
    /// Bundles from [`AuditQuery::read`] on, with their leaf tiles.
    Bundles(Wave),
    /// Older files that were not asked for yet, last first; those that are under way.
    Older(Vec<Older>, Vec<Older>, Wave),
    /// All of the log was read; the caller has still to say what became of the index, and to take the state.
    Index,
    Done,
}

impl AuditQuery {
    /// Audits a log; `files` lists every file of its public tree, where that can be told.
    #[must_use]
    pub fn new(policy: &[u8], options: Options, files: Option<Vec<String>>) -> Self {
        let setup = Setup {
            files,
            ..Setup::default()
        };
        Self::start(policy, options, setup)
    }

    /// Audits a log, its index too, or from a state on. Whoever audits the index tells [`AuditQuery::index_mut`] of it
    /// while the query [awaits](Self::awaits_manifests) that, and whoever has an index or a state finishes.
    #[must_use]
    pub fn start(policy: &[u8], options: Options, setup: Setup<'_>) -> Self {
        let Setup {
            files,
            index,
            resume,
        } = setup;
        let complete = options.require == Some(Require::Complete);
        let mut further = Vec::new();
        if let Some(state) = &resume {
            further.push((CheckCode::AuditState, true));
            further.extend(state.as_ref().map(|_| (CheckCode::Consistency, true)));
        }
        further.extend([
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
            target: None,
            trunk: None,
            read: 0,
            resumption: resume.map(Resumption::new),
            shown: None,
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

    /// The head that everything is compared with, once the log's checkpoint was judged good.
    #[must_use]
    pub const fn head(&self) -> Option<TreeHead> {
        self.target
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
        self.target = Some(verified.head());
        self.compare_with_state(&verified);
    }

    /// Whether the manifests of the index have to be read now.
    #[must_use]
    pub const fn awaits_manifests(&self) -> bool {
        matches!(self.stage, Stage::Manifests)
    }

    /// The log is the one that it was; what is to be read of it the manifests say, where there is an index.
    fn after_consistency(&mut self) {
        match &self.index {
            Some(_) => self.stage = Stage::Manifests,
            None => self.begin(),
        }
    }

    /// Begins to read entries, once the manifests of the index were read.
    pub fn proceed(&mut self) {
        if self.awaits_manifests() {
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.read = self.first_to_read();
        let head = self.head().unwrap_or_else(TreeHead::empty);
        if self.read == 0 || self.index.is_none() {
            return self.begin_trunk(head);
        }
        let before: Vec<Subtree> = complete_subtrees(0..self.read).collect();
        match TilePlan::new(head, &before) {
            Ok(plan) => {
                let wave = Wave::of(plan.tiles().iter().copied().map(Resource::Tile));
                self.stage = Stage::Frontier(plan, wave);
            }
            Err(error) => self.refuse_tile(&error),
        }
    }

    fn read_frontier(&mut self, plan: &TilePlan, mut wave: Wave) {
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(false);
        };
        let tiles = match plan.finish(&fetch::tiles(files)) {
            Ok(tiles) => tiles,
            Err(error) => return self.refuse_tile(&error),
        };
        let parts = complete_subtrees(0..self.read).filter_map(|subtree| tiles.hash(subtree));
        if let Some(index) = &mut self.index {
            index.begin_at(self.read, parts.collect());
        }
        self.begin_trunk(plan.head());
    }

    fn begin_trunk(&mut self, head: TreeHead) {
        match TrunkPlan::starting(head, self.read / u64::from(FULL_WIDTH)) {
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
        let vouched = self.vouched();
        for (entry, leaf) in checked.entries.into_iter().zip(checked.leaves) {
            // What an earlier audit has judged is read again for its keys only.
            if self.read >= vouched {
                let parsed = entry.parsed;
                let is_of_keys = self.replay.absorb_parsed(self.read, leaf, parsed.as_ref());
                if is_of_keys && let Some(resumption) = &mut self.resumption {
                    resumption.keep(self.read, parsed.as_ref());
                }
                self.judge.add(self.read, parsed, &self.replay);
            }
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
        match self.index.is_some() || self.resumption.is_some() {
            true => self.stage = Stage::Index,
            false => self.conclude(true),
        }
    }

    /// Ends an audit of a log and its index: what became of the index was told to [`AuditQuery::index_mut`]; and one that
    /// keeps a state, which was taken.
    pub fn finish(&mut self) {
        if self.awaits_index() {
            self.conclude(true);
        }
    }
}

impl Query for AuditQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave)
            | Stage::Consistency(_, wave)
            | Stage::Frontier(_, wave)
            | Stage::Trunk(_, wave)
            | Stage::Bundles(wave)
            | Stage::Older(_, _, wave) => wave.needs(),
            Stage::Manifests | Stage::Index | Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        let stage = core::mem::replace(&mut self.stage, Stage::Done);
        match stage {
            Stage::Checkpoint(mut wave) => {
                self.shown = bytes
                    .as_deref()
                    .and_then(|bytes| Checkpoint::parse(bytes).ok());
                match wave.supply(path, bytes) {
                    true => self.read_checkpoint(wave),
                    false => self.stage = Stage::Checkpoint(wave),
                }
            }
            Stage::Consistency(plan, mut wave) => match wave.supply(path, bytes) {
                true => self.read_consistency(&plan, wave),
                false => self.stage = Stage::Consistency(plan, wave),
            },
            Stage::Frontier(plan, mut wave) => match wave.supply(path, bytes) {
                true => self.read_frontier(&plan, wave),
                false => self.stage = Stage::Frontier(plan, wave),
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
            Stage::Manifests => self.stage = Stage::Manifests,
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
