//! Checks of a reading by an index: what makes it complete (*coverage*: the reach of the index and of the scan of the tail),
//! and the fault that kept a round from ending (`docs/formats/report.md`, "Checks").

use alloc::format;
use alloc::string::{String, ToString};
use core::ops::Range;

use crate::index::read::lookup::LookupError;
use crate::report::check::{CheckCode, Checks, Class, Outcome};
use crate::report::evidence::Evidence;
use crate::report::words::{INDEX_FILES_COMMITTED, entries};
use crate::text::limits::MAX_TAIL;
use crate::verify::checkpoint_checks;

use super::{IndexedLog, Step};

impl IndexedLog {
    /// Returns true if every entry is either in the index or scanned.
    pub(crate) fn is_covered(&self) -> bool {
        self.scanned().end == self.size()
    }

    /// Entries before this one are in the index.
    pub(crate) fn covered(&self) -> u64 {
        self.index.covered()
    }

    /// Says of signatures that were judged by the keys of the entries read that others may have changed them since.
    pub(crate) fn qualify_signatures(&self, checks: &mut Checks) {
        let code = CheckCode::EventSignatures;
        if !self.is_covered() && checks.outcome(code) == Outcome::Pass {
            checks.unknown(code, self.uncovered(), None);
        }
    }

    /// Past the index, an event's signatures cannot be judged.
    pub(crate) fn uncovered(&self) -> String {
        let (covered, size) = (self.covered(), self.size());
        format!(
            "keys may have been revoked in entries {covered} to {}, which the index does not cover yet",
            size.saturating_sub(1)
        )
    }

    /// The entries past the index that are scanned: all of them, or none where that is too much.
    pub(super) fn scanned(&self) -> Range<u64> {
        let (covered, size) = (self.index.covered(), self.size());
        if size.saturating_sub(covered) > MAX_TAIL {
            covered..covered
        } else {
            covered..size
        }
    }

    /// Records the results of the index and of the tail.
    pub(crate) fn record(&self, checks: &mut Checks) {
        let detail = INDEX_FILES_COMMITTED;
        checks.pass(CheckCode::IndexFiles, detail, None);
        let detail =
            "each entry found has the key it was found by, and no entry that was read is left out";
        checks.pass(CheckCode::IndexPositions, detail, None);
        self.key_history.judge_genesis(checks);
        self.judge_coverage(checks);
    }

    fn judge_coverage(&self, checks: &mut Checks) {
        let (covered, size) = (self.covered(), self.size());
        let scanned = self.scanned();
        let tail = scanned.end.saturating_sub(scanned.start);
        let audited = self.index.is_audited();
        let evidence = Evidence::new()
            .with("method", "index")
            .with("upTo", scanned.end)
            .with("indexed", covered)
            .with("scanned", tail)
            .with("audited", if audited { "yes" } else { "no" });
        let by = if audited {
            "complete by the index, which auditors recomputed"
        } else {
            "complete as claimed by the index"
        };
        let code = CheckCode::Coverage;
        if !self.is_covered() {
            let detail = format!(
                "{by} up to entry {covered} of {size}; the last {} are not in the index yet, more than the {MAX_TAIL} that are scanned",
                size.saturating_sub(covered)
            );
            return checks.unknown(code, detail, Some(evidence));
        }
        let detail = match (covered, tail) {
            (_, 0) => format!("{by}, up to the checkpoint"),
            (0, _) => format!(
                "a scan of {}, none of which is in the index yet",
                entries(tail)
            ),
            _ => format!(
                "{by} for the first {}, and by a scan of the last {tail}",
                entries(covered)
            ),
        };
        checks.pass(code, detail, Some(evidence));
    }
}

impl Step {
    /// Records why a round cannot continue.
    pub(crate) fn record(self, checks: &mut Checks) {
        match self {
            Self::More | Self::Done => {}
            Self::Log(fault) => fault.record(checks),
            Self::Index(LookupError::Missing { path }) => checkpoint_checks::missing(checks, &path),
            Self::Index(error @ LookupError::TooManyPositions { .. }) => {
                let evidence = Evidence::new().with("error", error.code());
                checks.unknown(CheckCode::IndexFiles, error.to_string(), Some(evidence));
            }
            Self::Index(error) => {
                let mut evidence = Evidence::new();
                if let Some(path) = error.path() {
                    evidence = evidence.with("path", path);
                }
                let evidence = Some(evidence.with("error", error.code()));
                checks.fail(
                    CheckCode::IndexFiles,
                    Class::False,
                    error.to_string(),
                    evidence,
                );
            }
            Self::Wrong(wrong) => {
                let detail = INDEX_FILES_COMMITTED;
                checks.pass(CheckCode::IndexFiles, detail, None);
                let (detail, evidence) = (wrong.detail(), wrong.evidence());
                let code = CheckCode::IndexPositions;
                checks.fail(code, Class::False, detail, Some(evidence));
            }
        }
    }
}
