//! What every verification of a log has in common: the reader's policy, the checks so far, the checkpoint that the
//! verdict is about, and in the end the report.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use crate::fetch::{Progress, Resource, Wave};
use crate::head::{self, Options, entries};
use crate::report::{CheckCode, CheckpointSummary, Checks, Evidence, Members, Question, Report};
use crate::scan::{Scan, ScanStep};
use crate::trust::{TrustPolicy, VerifiedCheckpoint};

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

/// A verification under way.
pub(crate) struct Inquiry {
    policy: Option<TrustPolicy>,
    options: Options,
    pub(crate) checks: Checks,
    checkpoint: Option<CheckpointSummary>,
    report: Option<Report>,
}

impl Inquiry {
    /// Plans the checks, `further` ones after those that every verification makes, and reads the policy.
    pub(crate) fn new(policy: &[u8], options: Options, further: &[(CheckCode, bool)]) -> Self {
        let fresh = (CheckCode::Freshness, options.max_checkpoint_age.is_some());
        let first = FIRST.iter().map(|code| (*code, true));
        let plan: Vec<_> = first
            .chain(further.iter().copied())
            .chain([fresh])
            .collect();
        let mut checks = Checks::planned(&plan);
        let policy = head::read_policy(&mut checks, policy);
        Self {
            policy,
            options,
            checks,
            checkpoint: None,
            report: None,
        }
    }

    /// The reader's policy; `None` where it is malformed, and then nothing can be verified.
    pub(crate) const fn policy(&self) -> Option<&TrustPolicy> {
        self.policy.as_ref()
    }

    pub(crate) const fn now(&self) -> u64 {
        self.options.now
    }

    /// The files of a wave that is over; `None` where one is missing, which is then written down.
    pub(crate) fn files(&mut self, wave: &mut Wave) -> Option<BTreeMap<Resource, Vec<u8>>> {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return None;
        }
        Some(wave.take())
    }

    /// Reads the checkpoint out of its wave and judges it by the policy.
    pub(crate) fn read_checkpoint(&mut self, wave: &mut Wave) -> Option<VerifiedCheckpoint> {
        let bytes = self.files(wave)?.into_values().next().unwrap_or_default();
        let policy = self.policy.as_ref()?;
        let (summary, verified) = head::judge(&mut self.checks, policy, &bytes, &self.options);
        self.checkpoint = summary;
        verified
    }

    /// Starts to read the whole log.
    pub(crate) fn scan(&mut self, verified: &VerifiedCheckpoint) -> Option<Scan> {
        let pin = self.policy.as_ref().and_then(TrustPolicy::genesis);
        match Scan::new(verified.origin().as_str(), verified.head(), pin) {
            Ok(scan) => Some(scan),
            Err(error) => {
                ScanStep::Tree(error).settle(&mut self.checks);
                None
            }
        }
    }

    /// Writes down what a scan of the whole log has shown.
    pub(crate) fn settle_scan(&mut self, scan: &Scan) {
        let checks = &mut self.checks;
        let read = entries(scan.read());
        checks.pass(
            CheckCode::Files,
            "every file that was needed is there",
            None,
        );
        checks.pass(
            CheckCode::Tree,
            "the hash tiles fold to the checkpoint's root",
            None,
        );
        checks.pass(
            CheckCode::Entries,
            format!("{read} hash to their places in the tree"),
            None,
        );
        scan.replay().judge_genesis(checks);
        let evidence = Evidence::new()
            .with("method", "full-scan")
            .with("upTo", scan.read());
        let detail = format!("a full scan of {read} up to the checkpoint");
        checks.pass(CheckCode::Coverage, detail, Some(evidence));
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

    /// How far it is, where `scan` is under way.
    pub(crate) fn progress(&self, scan: Option<&Scan>) -> Progress<'_> {
        let checks = match &self.report {
            Some(report) => &report.checks,
            None => self.checks.as_slice(),
        };
        Progress {
            done: scan.map_or(0, Scan::read),
            total: scan.map_or(0, Scan::size),
            checks,
        }
    }
}
