//! Faults of an index, in the order of its report and not in that of discovery.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Fault, IndexAudit, RunClaim};
use crate::index::format::run_head::RunHead;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::words::entries;

impl IndexAudit {
    /// A file of the index log's own tree is missing or false.
    pub fn index_log_broken(&mut self, path: &str, problem: Option<String>) {
        let evidence = Some(Evidence::new().with("path", path));
        let (class, detail) = match problem {
            None => (Class::Unfinished, format!("`{path}` is missing")),
            Some(problem) => (Class::False, format!("`{path}`: {problem}")),
        };
        self.fail(CheckCode::IndexManifests, class, detail, evidence);
    }

    /// A run was recomputed, and is the one claimed.
    pub const fn run_agrees(&mut self) {
        self.runs += 1;
    }

    /// A run was recomputed, and is another than the one claimed; `None` if it could only be told that it differs.
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

    /// A file of the newest manifest is missing.
    pub fn file_missing(&mut self, path: &str) {
        let evidence = Evidence::new().with("path", path);
        let detail = format!("`{path}` is missing, so lookups that need it fail");
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
        self.fail(code, Class::MalformedLog, detail, Some(evidence));
    }

    /// The proof of the newest manifest is out of date, or by a key that the policy does not know.
    pub fn latest_undecided(&mut self, path: &str, problem: &str) {
        let evidence = Evidence::new().with("path", path);
        let detail = format!("`{path}`: {problem}");
        let code = CheckCode::IndexFiles;
        self.fail(code, Class::Undecided, detail, Some(evidence));
    }

    /// A file is not what its manifest commits to.
    pub fn file_differs(&mut self, path: &str, problem: &str) {
        let evidence = Evidence::new().with("path", path);
        let detail = format!("`{path}` differs from what the index commits to: {problem}");
        self.fail(CheckCode::IndexFiles, Class::False, detail, Some(evidence));
    }

    /// A file below `index/` that belongs to no manifest.
    pub fn stray(&mut self, path: &str) {
        self.strays.push(path.to_string());
    }

    pub(crate) fn take_strays(&mut self) -> Vec<String> {
        core::mem::take(&mut self.strays)
    }

    pub(super) fn fail(
        &mut self,
        code: CheckCode,
        class: Class,
        detail: String,
        evidence: Option<Evidence>,
    ) {
        self.fail_at(code, class, (0, 0), detail, evidence);
    }

    pub(super) fn fail_at(
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

    fn record_runs(&self, checks: &mut Checks) {
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
            let detail = format!("the manifests commit to all {} files", self.files);
            let evidence = Evidence::new().with("files", self.files);
            checks.pass(CheckCode::IndexFiles, detail, Some(evidence));
        }
    }

    /// Records the results for the index.
    pub(crate) fn record(&self, checks: &mut Checks) {
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
            self.record_runs(checks);
        }
        self.record_faults(checks);
    }

    /// Records the faults found so far.
    pub(crate) fn record_faults(&self, checks: &mut Checks) {
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
