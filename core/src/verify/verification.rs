//! Common parts of every verification of a log: the reader's policy, the checks so far, the checkpoint that the
//! verdict is about, and in the end the report.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::query::Progress;
use crate::fetch::wave::Wave;
use crate::report::check::{CheckCode, Checks, Class, CompleteBy, Outcome};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::evidence::Evidence;
use crate::report::report::{Members, Question, Report};
use crate::report::words::{NO_FILE_MISSING, TREE_FOLDS, entries};
use crate::text::limits::{MAX_READING, MAX_READING_BYTES};
use crate::trust::policy::Policy;
use crate::trust::trust_policy::{TrustPolicy, VerifiedCheckpoint};
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

/// The checks of an index that is asked; all are required.
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

/// The origin of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// A log, which has every file.
    Log,
    /// A bundle, which has those that an index led to.
    Bundle,
}

/// Condition for asking an index which entries matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskIndex {
    /// Never: every entry is read.
    Never,
    /// If auditors vouch for it; and else if the log is beyond the reading budget.
    IfNeeded,
    /// Always: the reader accepts its word, or there is nothing else to read.
    Always,
}

/// A verification under way.
pub(crate) struct Verification {
    policy: Option<TrustPolicy>,
    options: Options,
    pub(crate) checks: Checks,
    checkpoint: Option<CheckpointSummary>,
    /// The same checkpoint, once the policy accepts it.
    verified: Option<VerifiedCheckpoint>,
    report: Option<Report>,
    ask_index: AskIndex,
    files: u64,
    bytes: u64,
}

impl Verification {
    /// Plans the checks, `further` ones after those that every verification makes, and reads the policy.
    pub(crate) fn new(policy: &[u8], options: Options, further: &[(CheckCode, bool)]) -> Self {
        let fresh = (CheckCode::Freshness, options.max_checkpoint_age.is_some());
        let first = FIRST.iter().map(|code| (*code, true));
        let plan: Vec<_> = first
            .chain(further.iter().copied())
            .chain([fresh])
            .collect();
        let mut checks = Checks::planned(&plan);
        let policy = checkpoint_checks::read_policy(&mut checks, policy);
        Self {
            policy,
            options,
            checks,
            checkpoint: None,
            verified: None,
            report: None,
            ask_index: AskIndex::Never,
            files: 0,
            bytes: 0,
        }
    }

    /// As [`Verification::new`], for a verification that may ask the index of the policy which entries matter.
    pub(crate) fn with_index(
        policy: &[u8],
        options: Options,
        further: &[(CheckCode, bool)],
        files: Files,
    ) -> Self {
        let mut verification = Self::new(policy, options, further);
        let policy = verification.policy.as_ref();
        let has_index = policy.is_some_and(|policy| policy.index().is_some());
        verification.ask_index = if !has_index || options.full_scan {
            AskIndex::Never
        } else if options.accept_index || files == Files::Bundle {
            AskIndex::Always
        } else {
            AskIndex::IfNeeded
        };
        verification
    }

    /// Returns true if the index is asked before the size of the log is known: its word counts, or it may be audited.
    pub(crate) fn asks_index_first(&self) -> bool {
        match self.ask_index {
            AskIndex::Never => false,
            AskIndex::IfNeeded => self.requires_audit(),
            AskIndex::Always => true,
        }
    }

    /// Returns true if a log of this size is read by an index for which no auditor vouches.
    pub(crate) fn asks_unaudited_index(&self, size: u64) -> bool {
        match self.ask_index {
            AskIndex::Never => false,
            AskIndex::IfNeeded => size > MAX_READING,
            AskIndex::Always => true,
        }
    }

    /// Returns true if a log of this size, for whose index no auditor vouches, is read whole instead: it is within the
    /// reading budget, and no check of the index failed.
    pub(crate) fn may_scan(&self, size: u64) -> bool {
        let failed = |code: &CheckCode| self.checks.outcome(*code) == Outcome::Fail;
        !self.asks_unaudited_index(size) && !BY_INDEX.iter().any(failed)
    }

    /// Takes the check of the audit out if auditors have not vouched and the reader takes the index's own word.
    pub(crate) fn do_without_audit(&mut self) {
        let code = CheckCode::IndexAudit;
        if self.options.accept_index && self.checks.outcome(code) == Outcome::Unknown {
            self.checks.remove(&[code]);
        }
    }

    /// Returns true if the policy has a quorum of auditors.
    fn requires_audit(&self) -> bool {
        let audit = self.policy.as_ref().and_then(TrustPolicy::audit);
        audit.is_some_and(Policy::requires_witnesses)
    }

    /// Plans the checks of the index.
    pub(crate) fn begin_index(&mut self) {
        let audited = self
            .policy
            .as_ref()
            .is_some_and(|policy| policy.audit().is_some());
        let mut codes = BY_INDEX.to_vec();
        codes.retain(|code| audited || *code != CheckCode::IndexAudit);
        self.checks.plan_before(CheckCode::Genesis, &codes);
    }

    /// Takes the checks of the index out: every entry is read instead.
    pub(crate) fn leave_index(&mut self) {
        self.checks.remove(&BY_INDEX);
        // A file of the index that is missing is not needed any more.
        self.checks.reset(CheckCode::Files);
    }

    /// Turns to the index after the entries that were read exceeded the reading budget; gives the checkpoint.
    pub(crate) fn leave_scan(&mut self) -> Option<VerifiedCheckpoint> {
        self.ask_index = AskIndex::Always;
        self.begin_index();
        self.verified.clone()
    }

    /// Returns true if the reader takes the index's own word.
    pub(crate) const fn accepts_index(&self) -> bool {
        self.options.accept_index
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
        let (summary, verified) = checkpoint_checks::judge(
            &mut self.checks,
            policy,
            &bytes,
            Class::MalformedLog,
            &self.options,
        );
        self.checkpoint = summary;
        self.verified.clone_from(&verified);
        verified
    }

    /// Starts to read the whole log.
    pub(crate) fn scan(&mut self, verified: &VerifiedCheckpoint) -> Option<Scan> {
        let origin = verified.origin().as_str();
        let pin = self
            .policy
            .as_ref()
            .and_then(|policy| policy.genesis(origin));
        // A log that is read because its reader wants that is read whatever its size.
        let limit = match self.ask_index {
            AskIndex::IfNeeded => MAX_READING_BYTES,
            AskIndex::Never | AskIndex::Always => u64::MAX,
        };
        match Scan::new(origin, verified.head(), pin, limit) {
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
        checks.cover(CompleteBy::Scan, detail, evidence);
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

    /// The same checkpoint, if the policy accepts it.
    pub(crate) const fn verified(&self) -> Option<&VerifiedCheckpoint> {
        self.verified.as_ref()
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
