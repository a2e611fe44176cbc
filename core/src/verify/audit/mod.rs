//! An audit reads everything and recomputes everything: entries, tiles, root, signatures and key validity; given the
//! list of a directory's files, also older partial tiles, older checkpoints, and files that do not belong there; and
//! if the trust policy names an index, every manifest and every run of it.
//!
//! It is fed like any [`Query`]. A caller with threads hands full bundles over in bulk: [`AuditQuery::reader`] compares
//! them anywhere, [`AuditQuery::absorb`] judges them in order, and signatures come back as batches.

pub mod bundle;
mod entries;
mod files;
pub mod index;
mod older;
mod resume;
pub mod signatures;
pub mod state;
mod tree;
mod verdict;

use core::sync::atomic::AtomicBool;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::query::{Progress, Query};
use crate::fetch::wave::Wave;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::Checkpoint;
use crate::report::check::CheckCode;
use crate::report::report::Report;
use crate::tiles::plan::{ConsistencyPlan, TilePlan};
use crate::tiles::scan_tiles::ScanTiles;
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::key_history::KeyHistory;
use crate::verify::options::{Options, Require};
use crate::verify::verification::Verification;

use self::files::{Listing, Older};
use self::index::IndexAudit;
pub use self::resume::Fork;
use self::resume::Resumption;
use self::signatures::Judge;
use self::state::AuditState;

/// Subject and options of an audit.
#[derive(Debug, Default)]
pub struct Setup<'a> {
    /// Every file of the log's public tree, where that can be told.
    pub files: Option<Vec<String>>,
    /// Set if the index is audited too: its file `index/checkpoint`, which has to be read before the log's own
    /// checkpoint. `Some(None)` means that it is missing.
    pub index: Option<Option<&'a [u8]>>,
    /// Set if a state is kept: the one of an earlier audit, if there was one.
    pub resume: Option<Option<AuditState>>,
}

/// An audit under way; see the module.
pub struct AuditQuery {
    verification: Verification,
    stage: Stage,
    listing: Option<Listing>,
    index: Option<IndexAudit>,
    key_history: KeyHistory,
    judge: Judge,
    /// The head of the log, once its checkpoint was judged good.
    target: Option<TreeHead>,
    /// Hashes that vouch for the bundles, once they were checked.
    scan_tiles: Option<Arc<ScanTiles>>,
    /// Entries read, or before those that are.
    read: u64,
    /// The state, if one is kept.
    resumption: Option<Resumption>,
    /// The checkpoint that the log shows.
    shown: Option<Checkpoint>,
    /// Leaf tiles compared.
    tiles: u64,
    /// Set once the log is known to have no genesis, so that its entries are not read as events.
    without_events: Arc<AtomicBool>,
}

enum Stage {
    Checkpoint(Wave),
    /// The tiles that compare the log with an earlier audit's.
    Consistency(ConsistencyPlan, Wave),
    /// The caller has to read the manifests of the index, which say where to begin.
    Manifests,
    /// The tiles that give the tree before the entries that are read.
    Frontier(TilePlan, Wave),
    Tiles(ScanTiles, Wave),
    /// Bundles from [`AuditQuery::read`] on, with their leaf tiles.
    Bundles(Wave),
    /// Older files that were not asked for yet, last first; those that are under way.
    Older(Vec<Older>, Vec<Older>, Wave),
    /// A bundle is missing or false; what was read before it remains to be judged.
    Stopped,
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

    /// Audits a log, with its index or from a state if `setup` has them. A caller that audits the index tells
    /// [`AuditQuery::index_mut`] of it while the query [awaits](Self::awaits_manifests) that; a caller with an index or a
    /// state calls [`AuditQuery::finish`] at the end.
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
        let verification = Verification::new(policy, options, &further);
        let mut query = Self {
            index: verification
                .policy()
                .zip(index)
                .map(|(policy, index)| IndexAudit::new(policy, index, options.now)),
            verification,
            stage: Stage::Checkpoint(Wave::of([LogFile::Checkpoint])),
            listing: files.map(Listing::new),
            key_history: KeyHistory::new("", None),
            judge: Judge::default(),
            target: None,
            scan_tiles: None,
            read: 0,
            resumption: resume.map(Resumption::new),
            shown: None,
            tiles: 0,
            without_events: Arc::default(),
        };
        if query.verification.policy().is_none() {
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
        self.verification.now()
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
        self.verification.policy()
    }

    /// Returns true if the log was read whole, and the results of its index are still missing.
    #[must_use]
    pub const fn awaits_index(&self) -> bool {
        matches!(self.stage, Stage::Index)
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        let Some(verified) = self.verification.read_checkpoint(&mut wave) else {
            return self.conclude(false);
        };
        let (origin, policy) = (verified.origin().as_str(), self.verification.policy());
        let pin = policy.and_then(|policy| policy.genesis(origin));
        self.key_history = KeyHistory::new(origin, pin);
        if let Some(index) = &mut self.index {
            index.expect(&verified);
        }
        self.target = Some(verified.head());
        self.compare_with_state(&verified);
    }

    /// Returns true if the manifests of the index have to be read now.
    #[must_use]
    pub const fn awaits_manifests(&self) -> bool {
        matches!(self.stage, Stage::Manifests)
    }

    /// The log is the same as before; the manifests decide what to read of it, if there is an index.
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
            | Stage::Tiles(_, wave)
            | Stage::Bundles(wave)
            | Stage::Older(_, _, wave) => wave.needs(),
            Stage::Manifests | Stage::Stopped | Stage::Index | Stage::Done => Vec::new(),
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
            Stage::Tiles(scan_tiles, mut wave) => match wave.supply(path, bytes) {
                true => self.read_tiles(scan_tiles, wave),
                false => self.stage = Stage::Tiles(scan_tiles, wave),
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
            Stage::Stopped => self.stage = Stage::Stopped,
            Stage::Index => self.stage = Stage::Index,
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.verification.report()
    }

    fn progress(&self) -> Progress<'_> {
        let mut progress = self.verification.progress(None);
        progress.done = self.read;
        progress.total = self.size();
        progress
    }
}
