//! Common parts of every verification of a log: the reader's policy, the checks so far, the checkpoint that the
//! verdict is about, and in the end the report.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::query::Progress;
use crate::fetch::wave::Wave;
use crate::report::check::{CheckCode, Checks};
use crate::report::evidence::Evidence;
use crate::report::report::{CheckpointSummary, Members, Question, Report};
use crate::report::words::{NO_FILE_MISSING, TREE_FOLDS, entries};
use crate::trust::trust_policy::{TrustError, TrustPolicy, VerifiedCheckpoint};
use crate::verify::checkpoint_checks;
use crate::verify::key_history::KeyHistory;
use crate::verify::options::Options;
use crate::verify::scan::{Scan, ScanStep};

/// The checks that come first in every verification of a log; all are required.
const FIRST: [CheckCode; 7] = [
    CheckCode::Policy,
    CheckCode::Files,
    CheckCode::Checkpoint,
    CheckCode::LogSignature,
    CheckCode::Quorum,
    CheckCode::Tree,
    CheckCode::Entries,
];

/// The checks of an index, where one is asked; all are required.
const BY_INDEX: [CheckCode; 8] = [
    CheckCode::IndexProof,
    CheckCode::IndexSignature,
    CheckCode::IndexQuorum,
    CheckCode::IndexAudit,
    CheckCode::IndexManifest,
    CheckCode::IndexConsistency,
    CheckCode::IndexFiles,
    CheckCode::IndexPositions,
];

/// A verification under way.
pub(crate) struct Verification {
    policy: Option<TrustPolicy>,
    options: Options,
    pub(crate) checks: Checks,
    checkpoint: Option<CheckpointSummary>,
    report: Option<Report>,
    /// True if an index is asked which entries matter.
    by_index: bool,
    files: u64,
    bytes: u64,
}

impl Verification {
    /// Plans the checks, `further` ones after those that every verification makes, and reads the policy.
    pub(crate) fn new(policy: &[u8], options: Options, further: &[(CheckCode, bool)]) -> Self {
        Self::plan(TrustPolicy::parse(policy), options, further, false)
    }

    /// As [`Verification::new`], for a verification that asks the index, if the policy names one and no full scan is
    /// wanted.
    pub(crate) fn by_index(policy: &[u8], options: Options, further: &[(CheckCode, bool)]) -> Self {
        let policy = TrustPolicy::parse(policy);
        let named = policy.as_ref().is_ok_and(|policy| policy.index().is_some());
        Self::plan(policy, options, further, named && !options.full_scan)
    }

    fn plan(
        policy: Result<TrustPolicy, TrustError>,
        options: Options,
        further: &[(CheckCode, bool)],
        by_index: bool,
    ) -> Self {
        let fresh = (CheckCode::Freshness, options.max_checkpoint_age.is_some());
        let audited = policy.as_ref().is_ok_and(|policy| policy.audit().is_some());
        let index = BY_INDEX
            .iter()
            .filter(|code| by_index && (audited || !matches!(code, CheckCode::IndexAudit)));
        let first = FIRST.iter().chain(index).map(|code| (*code, true));
        let plan: Vec<_> = first
            .chain(further.iter().copied())
            .chain([fresh])
            .collect();
        let mut checks = Checks::planned(&plan);
        let policy = checkpoint_checks::take_policy(&mut checks, policy);
        Self {
            policy,
            options,
            checks,
            checkpoint: None,
            report: None,
            by_index,
            files: 0,
            bytes: 0,
        }
    }

    /// True if an index is asked which entries matter.
    pub(crate) const fn is_by_index(&self) -> bool {
        self.by_index
    }

    /// Marks the checks of the index as required or not, if one is asked.
    pub(crate) fn require_index(&mut self, required: bool) {
        for code in BY_INDEX {
            self.checks.require(code, required);
        }
    }

    /// Records why the index was not asked.
    pub(crate) fn leave_index(&mut self, why: &str) {
        for code in BY_INDEX {
            self.checks.unknown(code, why, None);
        }
    }

    /// Counts a file that was supplied.
    pub(crate) fn count(&mut self, file: Option<&Vec<u8>>) {
        if let Some(file) = file {
            self.files += 1;
            let length = u64::try_from(file.len()).unwrap_or(u64::MAX);
            self.bytes = self.bytes.saturating_add(length);
        }
    }

    /// The reader's policy; `None` if it is malformed, and then nothing can be verified.
    pub(crate) const fn policy(&self) -> Option<&TrustPolicy> {
        self.policy.as_ref()
    }

    /// The reader's policy, and the checks beside it.
    pub(crate) const fn parts(&mut self) -> (Option<&TrustPolicy>, &mut Checks) {
        (self.policy.as_ref(), &mut self.checks)
    }

    pub(crate) const fn now(&self) -> u64 {
        self.options.now
    }

    /// The files of a wave that is over; `None` if one is missing, which is then recorded.
    pub(crate) fn files(&mut self, wave: &mut Wave) -> Option<BTreeMap<LogFile, Vec<u8>>> {
        if let Some(path) = wave.missing() {
            checkpoint_checks::missing(&mut self.checks, path);
            return None;
        }
        Some(wave.take())
    }

    /// Reads the checkpoint out of its wave and judges it by the policy.
    pub(crate) fn read_checkpoint(&mut self, wave: &mut Wave) -> Option<VerifiedCheckpoint> {
        let bytes = self.files(wave)?.into_values().next().unwrap_or_default();
        let policy = self.policy.as_ref()?;
        let (summary, verified) =
            checkpoint_checks::judge(&mut self.checks, policy, &bytes, &self.options);
        self.checkpoint = summary;
        verified
    }

    /// Starts to read the whole log.
    pub(crate) fn scan(&mut self, verified: &VerifiedCheckpoint) -> Option<Scan> {
        let pin = self.policy.as_ref().and_then(TrustPolicy::genesis);
        match Scan::new(verified.origin().as_str(), verified.head(), pin) {
            Ok(scan) => Some(scan),
            Err(error) => {
                ScanStep::Tree(error).record(&mut self.checks);
                None
            }
        }
    }

    /// Records the results of a scan of the whole log.
    pub(crate) fn record_scan(&mut self, scan: &Scan) {
        self.record_read(scan.read(), 0, scan.key_history());
    }

    /// Records the results of reading the whole log, `count` entries; those before `vouched` were read by an earlier
    /// audit.
    pub(crate) fn record_read(&mut self, count: u64, vouched: u64, key_history: &KeyHistory) {
        let read = entries(count);
        let earlier = match vouched {
            0 => String::new(),
            _ => format!(", the first {vouched} of them by an earlier audit"),
        };
        self.record_files(format!("{read} hash to their places in the tree{earlier}"));
        let checks = &mut self.checks;
        key_history.judge_genesis(checks);
        let evidence = Evidence::new()
            .with("method", "full-scan")
            .with("upTo", count);
        let detail = format!("a full scan of {read} up to the checkpoint{earlier}");
        checks.pass(CheckCode::Coverage, detail, Some(evidence));
    }

    /// Records that no file is missing, and that the checkpoint commits to all of them.
    pub(crate) fn record_files(&mut self, entries: String) {
        let checks = &mut self.checks;
        checks.pass(CheckCode::Files, NO_FILE_MISSING, None);
        checks.pass(CheckCode::Tree, TREE_FOLDS, None);
        checks.pass(CheckCode::Entries, entries, None);
    }

    /// The checkpoint that was read.
    pub(crate) const fn checkpoint(&self) -> Option<&CheckpointSummary> {
        self.checkpoint.as_ref()
    }

    /// Draws the verdict; `evidence` says whether there was anything to verify.
    pub(crate) fn conclude(&mut self, query: Question, members: Members, evidence: bool) {
        let checks = core::mem::replace(&mut self.checks, Checks::planned(&[]));
        let checkpoint = self.checkpoint.take();
        let now = self.options.now;
        self.report = Some(Report::conclude(
            now, query, checkpoint, checks, members, evidence,
        ));
    }

    pub(crate) const fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    pub(crate) fn into_report(self) -> Option<Report> {
        self.report
    }

    /// The progress, with `scan` if one is under way.
    pub(crate) fn progress(&self, scan: Option<&Scan>) -> Progress<'_> {
        let checks = match &self.report {
            Some(report) => &report.checks,
            None => self.checks.as_slice(),
        };
        Progress {
            done: scan.map_or(0, Scan::read),
            total: scan.map_or(0, Scan::size),
            positions: None,
            files: self.files,
            bytes: self.bytes,
            checks,
        }
    }
}
