//! What an audit makes of a log's index (`docs/formats/index.md`, "What each party checks"): who vouches for it, whether
//! its manifests are about this log, and which runs have to be recomputed.
//!
//! It reads nothing and recomputes nothing itself. Whoever does tells what was found, and this draws the conclusions.

mod resume;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::checkpoint::{Checkpoint, Origin};
use crate::compact::CompactRange;
use crate::hash::{Hash, tree_root};
use crate::head::entries;
use crate::index::manifest::{Manifest, ManifestError};
use crate::index::map::MapFunction;
use crate::index::run::RunHead;
use crate::policy::{LogVerdict, QuorumVerdict};
use crate::report::{CheckCode, Checks, Class, Evidence};
use crate::tree::{TreeHead, span_root};
use crate::trust::{TrustPolicy, VerifiedCheckpoint};

use self::resume::Base;

/// A file of the index log's own tree, relative to the log's public tree.
pub const INDEX_CHECKPOINT_PATH: &str = "index/checkpoint";

/// Entries whose keys are in memory at a time; 25 MB for events with ten keys.
pub const WINDOW: u64 = 1 << 16;

/// Whether a run lies within one window, so that it can be built anew in memory.
#[must_use]
pub const fn is_narrow(start: u64, end: u64) -> bool {
    start < end && start / WINDOW == (end - 1) / WINDOW
}

/// A run that a manifest claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunClaim {
    /// What is claimed.
    pub head: RunHead,
    /// Which entry of the index log claims it first.
    pub manifest: u64,
    /// Which run of that manifest.
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
    /// The checks, all required where the policy names an index.
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
                "the trust policy names an index, and `{INDEX_CHECKPOINT_PATH}` could not be had"
            );
            let evidence = Evidence::new().with("path", INDEX_CHECKPOINT_PATH);
            return self.fail(code, Class::Unfinished, detail, Some(evidence));
        };
        let checkpoint = match Checkpoint::parse(bytes) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return self.fail(code, Class::Malformed, error.to_string(), None),
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
                    let detail = format!("a cosignature on the index `{origin}` is wrong");
                    self.fail(code, Class::False, detail, None);
                } else if *quorum == QuorumVerdict::NotMet {
                    let detail = format!("too few witnesses cosigned the index `{origin}`");
                    self.fail(code, Class::Undecided, detail, None);
                }
                self.checkpoint = Some(checkpoint);
            }
            (LogVerdict::BadSignature, _) => {
                let detail = format!("the signature by the key of the index `{origin}` is wrong");
                self.fail(code, Class::False, detail, None);
            }
            _ => {
                let detail =
                    format!("no key that the trust policy has for the index `{origin}` signed it");
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

    /// How many manifests were read.
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

    /// Whether nothing that was found so far speaks against it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Takes in the next entry of the index log, proven to be in its tree; `false` when no further one is of use.
    pub fn absorb(&mut self, bytes: &[u8]) -> bool {
        let position = self.manifests;
        match self.judge_manifest(position, bytes) {
            Ok(manifest) => {
                for (run, head) in manifest.runs().iter().enumerate() {
                    if self.base.vouches_for(position, head) {
                        self.base.keep(head);
                        continue;
                    }
                    let claims = self.claims.entry((head.start, head.end)).or_default();
                    if claims.iter().all(|claim| claim.head != *head) {
                        claims.push(RunClaim {
                            head: head.clone(),
                            manifest: position,
                            run,
                        });
                    }
                }
                let head = manifest.head();
                if !self.base.has_compared(position, &head) {
                    let roots = self.prefixes.entry(head.size).or_default();
                    if roots.iter().all(|(root, _)| *root != head.root) {
                        roots.push((head.root, position));
                    }
                }
                self.newest = Some(manifest);
                self.manifests += 1;
                true
            }
            Err((class, detail)) => {
                let evidence = Evidence::new().with("manifest", position);
                self.fail(CheckCode::IndexManifests, class, detail, Some(evidence));
                false
            }
        }
    }

    fn judge_manifest(&mut self, position: u64, bytes: &[u8]) -> Result<Manifest, (Class, String)> {
        let manifest = Manifest::parse(bytes).map_err(|error| {
            self.bad = Some((position, bytes.to_vec()));
            (Class::False, format!("manifest {position}: {error}"))
        })?;
        let undecided = |error: ManifestError| (Class::Undecided, error.to_string());
        let map = manifest.map().map_err(undecided)?;
        if self.map.is_some_and(|known| known != map) {
            let detail = format!("manifest {position} is by another key function");
            return Err((Class::Undecided, detail));
        }
        self.map = Some(map);
        let embedded = manifest.checkpoint();
        match self.trust.log().judge(embedded, self.now).log {
            LogVerdict::Signed(_) => {}
            LogVerdict::BadSignature => {
                self.bad = Some((position, bytes.to_vec()));
                let detail = format!("the log's signature in manifest {position} is wrong");
                return Err((Class::False, detail));
            }
            _ => {
                let detail =
                    format!("no known key of the log signed what is in manifest {position}");
                return Err((Class::Undecided, detail));
            }
        }
        let Some((origin, head)) = &self.log else {
            return Err((
                Class::Undecided,
                "there is no log to compare with".to_string(),
            ));
        };
        if embedded.origin() != origin {
            let detail = format!(
                "manifest {position} is about the log `{}`, not `{origin}`",
                embedded.origin()
            );
            return Err((Class::False, detail));
        }
        let before = self.newest.as_ref().map_or(0, |newest| newest.head().size);
        let size = embedded.head().size;
        if size < before {
            let detail = format!("manifest {position} goes back from {before} to {size} entries");
            return Err((Class::False, detail));
        }
        if size > head.size {
            let detail = format!(
                "manifest {position} is about {size} entries, and the checkpoint shows only {}",
                head.size
            );
            return Err((Class::Undecided, detail));
        }
        if size == 0 && embedded.head() != TreeHead::empty() {
            let detail = format!("the root in manifest {position} is not that of an empty log");
            return Err((Class::False, detail));
        }
        Ok(manifest)
    }

    /// Compares the roots that manifests embed with the tree, as its bundles go by.
    pub(crate) fn pass(&mut self, start: u64, leaves: &[Hash]) {
        let end = start.saturating_add(u64::try_from(leaves.len()).unwrap_or(u64::MAX));
        let claimed = self.prefixes.range(start.saturating_add(1)..=end);
        let mut fault = None;
        for (size, roots) in claimed {
            let count = usize::try_from(size.saturating_sub(start)).unwrap_or(usize::MAX);
            let mut part = CompactRange::new();
            leaves.iter().take(count).for_each(|leaf| part.push(*leaf));
            let parts = [self.passed.parts(), part.parts()].concat();
            let computed = span_root(&parts);
            if let Some((root, manifest)) = roots.iter().find(|(root, _)| *root != computed) {
                fault.get_or_insert((*size, *root, computed, *manifest));
            }
        }
        self.passed.push(tree_root(leaves));
        if let Some((size, claimed, computed, manifest)) = fault {
            let detail = format!(
                "the log signed another tree of {size} entries, which manifest {manifest} embeds"
            );
            let evidence = Evidence::new()
                .with("manifest", manifest)
                .with("size", size)
                .with("claimed", claimed)
                .with("computed", computed);
            let code = CheckCode::IndexManifests;
            self.fail(code, Class::Inconsistent, detail, Some(evidence));
        }
    }

    /// A file of the index log's own tree could not be had, or is false.
    pub fn index_log_broken(&mut self, path: &str, problem: Option<String>) {
        let evidence = Some(Evidence::new().with("path", path));
        let (class, detail) = match problem {
            None => (Class::Unfinished, format!("`{path}` could not be had")),
            Some(problem) => (Class::False, format!("`{path}`: {problem}")),
        };
        self.fail(CheckCode::IndexManifests, class, detail, evidence);
    }

    /// A run was recomputed, and is the one claimed.
    pub const fn run_agrees(&mut self) {
        self.runs += 1;
    }

    /// A run was recomputed, and is another than the one claimed; `None` where it could only be told that it differs.
    pub fn run_differs(&mut self, claim: &RunClaim, computed: Option<&RunHead>) {
        let RunHead { start, end, .. } = claim.head;
        self.false_runs.push(claim.clone());
        let evidence = Evidence::new()
            .with("manifest", claim.manifest)
            .with("run", u64::try_from(claim.run).unwrap_or(u64::MAX))
            .with("claimed", claim.head.root);
        let evidence = match computed {
            Some(computed) => evidence.with("computed", computed.root),
            None => evidence,
        };
        let detail = format!(
            "run {} of manifest {} is not the index of entries {start} to {end}",
            claim.run, claim.manifest
        );
        let order = (claim.manifest, claim.run);
        self.fail_at(
            CheckCode::IndexRuns,
            Class::False,
            order,
            detail,
            Some(evidence),
        );
    }

    /// Runs that are not those of the log.
    #[must_use]
    pub fn false_runs(&self) -> &[RunClaim] {
        &self.false_runs
    }

    /// A run could not be recomputed.
    pub fn run_undecided(&mut self, claim: &RunClaim, problem: &str) {
        let RunHead { start, end, .. } = claim.head;
        let detail = format!("the index of entries {start} to {end}: {problem}");
        let order = (claim.manifest, claim.run);
        self.fail_at(CheckCode::IndexRuns, Class::Undecided, order, detail, None);
    }

    /// Files of the index were compared, and are right.
    pub const fn files_agree(&mut self, count: u64) {
        self.files = self.files.saturating_add(count);
    }

    /// A file of the newest manifest could not be had.
    pub fn file_missing(&mut self, path: &str) {
        let evidence = Evidence::new().with("path", path);
        let detail = format!("`{path}` could not be had, so lookups that need it fail");
        self.fail(
            CheckCode::IndexFiles,
            Class::Unfinished,
            detail,
            Some(evidence),
        );
    }

    /// The proof of the newest manifest is none.
    pub fn latest_malformed(&mut self, path: &str, problem: &str) {
        let evidence = Evidence::new().with("path", path);
        let detail = format!("`{path}`: {problem}");
        let code = CheckCode::IndexFiles;
        self.fail(code, Class::Malformed, detail, Some(evidence));
    }

    /// A file is not what its manifest commits to.
    pub fn file_differs(&mut self, path: &str, problem: &str) {
        let evidence = Evidence::new().with("path", path);
        let detail = format!("`{path}` is not what the index commits to: {problem}");
        self.fail(CheckCode::IndexFiles, Class::False, detail, Some(evidence));
    }

    /// A file below `index/` that belongs to no manifest.
    pub fn stray(&mut self, path: &str) {
        self.strays.push(path.to_string());
    }

    pub(crate) fn take_strays(&mut self) -> Vec<String> {
        core::mem::take(&mut self.strays)
    }

    fn fail(&mut self, code: CheckCode, class: Class, detail: String, evidence: Option<Evidence>) {
        self.fail_at(code, class, (0, 0), detail, evidence);
    }

    fn fail_at(
        &mut self,
        code: CheckCode,
        class: Class,
        order: (u64, usize),
        detail: String,
        evidence: Option<Evidence>,
    ) {
        self.faults.push(Fault {
            code,
            class,
            order,
            detail,
            evidence,
        });
    }

    fn settle_runs(&self, checks: &mut Checks) {
        let claimed = self.claims.values().map(Vec::len);
        let claimed = u64::try_from(claimed.sum::<usize>()).unwrap_or(u64::MAX);
        let evidence = Some(Evidence::new().with("runs", self.runs));
        if self.manifests == 0 || self.runs < claimed {
            let detail = format!("{} of {claimed} runs were recomputed", self.runs);
            return checks.unknown(CheckCode::IndexRuns, detail, evidence);
        }
        let detail = match claimed {
            _ if self.earlier().is_some() => {
                format!(
                    "{claimed} new runs are those of the log; an earlier audit vouches for others"
                )
            }
            1 => "the one run is that of the log".to_string(),
            _ => format!("all {claimed} runs are those of the log"),
        };
        checks.pass(CheckCode::IndexRuns, detail, evidence);
        // A log with entries has a run, and a run has a file.
        if self.files > 0 || claimed == 0 {
            let detail = format!("all {} files are what the manifests commit to", self.files);
            let evidence = Evidence::new().with("files", self.files);
            checks.pass(CheckCode::IndexFiles, detail, Some(evidence));
        }
    }

    /// Writes down what became of the index.
    pub(crate) fn settle(&self, checks: &mut Checks) {
        if let Some(checkpoint) = &self.checkpoint {
            let evidence = Evidence::new()
                .with("origin", checkpoint.origin().as_str())
                .with("size", checkpoint.head().size)
                .with("root", checkpoint.head().root);
            let detail = format!("signed by the index `{}`", checkpoint.origin());
            checks.pass(CheckCode::IndexCheckpoint, detail, Some(evidence));
            let covered = self.newest.as_ref().map_or(0, |newest| newest.head().size);
            let evidence = Evidence::new()
                .with("manifests", self.manifests)
                .with("upTo", covered);
            let manifests = match self.manifests {
                1 => "the one manifest is".to_string(),
                count => format!("all {count} manifests are"),
            };
            let detail = format!("{manifests} about this log, up to {}", entries(covered));
            match self.manifests {
                0 => checks.unknown(CheckCode::IndexManifests, "there is no manifest", None),
                read if read < checkpoint.head().size => {
                    let detail =
                        format!("{read} of {} manifests were read", checkpoint.head().size);
                    checks.unknown(CheckCode::IndexManifests, detail, Some(evidence));
                }
                _ => checks.pass(CheckCode::IndexManifests, detail, Some(evidence)),
            }
            self.settle_runs(checks);
        }
        // Of each check the gravest finding stands, and of equals the first; later ones are mostly its consequences. Runs
        // are judged on all cores, so that these come in any order.
        let mut faults: Vec<&Fault> = self.faults.iter().collect();
        faults.sort_by_key(|fault| (fault.class, fault.order));
        for fault in faults.into_iter().rev() {
            let (detail, evidence) = (fault.detail.clone(), fault.evidence.clone());
            match fault.class {
                Class::Undecided => checks.unknown(fault.code, detail, evidence),
                class => checks.fail(fault.code, class, detail, evidence),
            }
        }
    }
}
