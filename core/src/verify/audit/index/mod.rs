//! Audit of a log's index (`docs/formats/index.md`, "What each party checks"): its signers, the log that
//! its manifests are about, and the runs to recompute.
//!
//! It reads nothing and recomputes nothing itself: the caller does, reports the results, and gets the conclusions.

mod findings;
mod manifests;
mod resume;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::index::format::file::INDEX_CHECKPOINT_PATH;
use crate::index::format::manifest::Manifest;
use crate::index::format::map::MapFunction;
use crate::index::format::run_head::RunHead;
use crate::merkle::compact::CompactRange;
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::{Checkpoint, Origin};
use crate::report::check::{CheckCode, Class};
use crate::report::evidence::Evidence;
use crate::trust::policy::{LogVerdict, QuorumVerdict};
use crate::trust::trust_policy::{TrustPolicy, VerifiedCheckpoint};

use self::resume::Base;

/// Entries whose keys are in memory at a time; 25 MB for events with ten keys.
pub const WINDOW: u64 = 1 << 16;

/// Returns true if a run lies within one window, so that it can be rebuilt in memory.
#[must_use]
pub const fn is_narrow(start: u64, end: u64) -> bool {
    start < end && start / WINDOW == (end - 1) / WINDOW
}

/// A run that a manifest claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunClaim {
    /// The claimed run.
    pub head: RunHead,
    /// Position of the first entry of the index log that claims it.
    pub manifest: u64,
    /// Number of the run in that manifest.
    pub run: usize,
}

/// The index of a log under audit.
pub struct IndexAudit {
    trust: TrustPolicy,
    now: u64,
    /// The index checkpoint, if a key of the index signed it.
    checkpoint: Option<Checkpoint>,
    log: Option<(Origin, TreeHead)>,
    map: Option<MapFunction>,
    manifests: u64,
    newest: Option<Manifest>,
    /// A manifest that is false by its own bytes, with its position.
    bad: Option<(u64, Vec<u8>)>,
    claims: BTreeMap<(u64, u64), Vec<RunClaim>>,
    /// Roots that manifests say the log had, by size, with the manifest.
    prefixes: BTreeMap<u64, Vec<(Hash, u64)>>,
    /// The roots of the bundles that went by.
    passed: CompactRange,
    runs: u64,
    /// Runs that are not the log's.
    false_runs: Vec<RunClaim>,
    files: u64,
    strays: Vec<String>,
    faults: Vec<Fault>,
    base: Base,
}

struct Fault {
    code: CheckCode,
    class: Class,
    /// Of which manifest and run it is, where that decides which one is shown.
    order: (u64, usize),
    detail: String,
    evidence: Option<Evidence>,
}

impl IndexAudit {
    /// The checks, all required if the policy names an index.
    pub(crate) const CHECKS: [(CheckCode, bool); 4] = [
        (CheckCode::IndexCheckpoint, true),
        (CheckCode::IndexManifests, true),
        (CheckCode::IndexRuns, true),
        (CheckCode::IndexFiles, true),
    ];

    /// Judges the index checkpoint; `None` says that it is missing.
    pub(crate) fn new(trust: &TrustPolicy, checkpoint: Option<&[u8]>, now: u64) -> Self {
        let mut audit = Self {
            trust: trust.clone(),
            now,
            checkpoint: None,
            log: None,
            map: None,
            manifests: 0,
            newest: None,
            bad: None,
            claims: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            passed: CompactRange::new(),
            runs: 0,
            false_runs: Vec::new(),
            files: 0,
            strays: Vec::new(),
            faults: Vec::new(),
            base: Base::default(),
        };
        audit.judge(checkpoint);
        audit
    }

    fn judge(&mut self, checkpoint: Option<&[u8]>) {
        let code = CheckCode::IndexCheckpoint;
        let Some(bytes) = checkpoint else {
            let detail = format!(
                "the trust policy names an index, but `{INDEX_CHECKPOINT_PATH}` is missing"
            );
            let evidence = Evidence::new().with("path", INDEX_CHECKPOINT_PATH);
            return self.fail(code, Class::Unfinished, detail, Some(evidence));
        };
        let checkpoint = match Checkpoint::parse(bytes) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                let evidence = Evidence::new().with("error", error.code());
                let detail = error.to_string();
                return self.fail(code, Class::MalformedLog, detail, Some(evidence));
            }
        };
        let origin = checkpoint.origin().as_str();
        let Some(policy) = self.trust.index() else {
            let detail = "the trust policy names no index".to_string();
            return self.fail(code, Class::Undecided, detail, None);
        };
        let verdict = policy.judge(&checkpoint, self.now);
        match (&verdict.log, &verdict.quorum) {
            // Whatever its witnesses say, the builder stands for what its own key signed.
            (LogVerdict::Signed(_), quorum) => {
                let audit = self.trust.audit();
                let audit = audit.map(|audit| audit.judge(&checkpoint, self.now));
                if verdict.is_false() || audit.is_some_and(|audit| audit.is_false()) {
                    let detail = format!(
                        "a cosignature or audit statement on the index `{origin}` is wrong"
                    );
                    self.fail(code, Class::False, detail, None);
                } else if *quorum == QuorumVerdict::NotMet {
                    let detail = format!("too few witnesses cosigned the index `{origin}`");
                    self.fail(code, Class::Undecided, detail, None);
                }
                self.checkpoint = Some(checkpoint);
            }
            (LogVerdict::Invalid(_, reason), _) => {
                let detail = format!("signed by a key of the index `{origin}`, but {reason}");
                self.fail(code, Class::Undecided, detail, None);
            }
            (LogVerdict::BadSignature, _) => {
                let detail = format!("the signature by the key of the index `{origin}` is wrong");
                self.fail(code, Class::False, detail, None);
            }
            _ => {
                let detail =
                    format!("no key of the index `{origin}` in the trust policy signed it");
                self.fail(code, Class::Undecided, detail, None);
            }
        }
    }

    /// Says which log the index has to be about.
    pub(crate) fn expect(&mut self, log: &VerifiedCheckpoint) {
        self.log = Some((log.origin().clone(), log.head()));
    }

    /// The index checkpoint, if a key of the index signed it.
    #[must_use]
    pub const fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref()
    }

    /// Number of manifests read.
    #[must_use]
    pub const fn manifests(&self) -> u64 {
        self.manifests
    }

    /// The newest manifest.
    #[must_use]
    pub const fn newest(&self) -> Option<&Manifest> {
        self.newest.as_ref()
    }

    /// The key function of its manifests.
    #[must_use]
    pub const fn map(&self) -> Option<MapFunction> {
        self.map
    }

    /// Each range that some manifest has a run for, with every run claimed for it.
    #[must_use]
    pub const fn claims(&self) -> &BTreeMap<(u64, u64), Vec<RunClaim>> {
        &self.claims
    }

    /// A manifest that is false by its own bytes, with its position.
    #[must_use]
    pub const fn bad_manifest(&self) -> Option<&(u64, Vec<u8>)> {
        self.bad.as_ref()
    }

    /// Returns true if no fault was found so far.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}
