//! Checks of a reading by an index: what makes it complete (*coverage*: the reach of the index and of the scan of the tail),
//! and the fault that kept a round from ending (`docs/formats/report.md`, "Checks").

use alloc::format;
use alloc::string::{String, ToString};

use crate::index::read::lookup::LookupError;
use crate::report::check::{CheckCode, Checks, Class, CompleteBy, Outcome};
use crate::report::evidence::Evidence;
use crate::report::words::{INDEX_FILES_COMMITTED, entries};
use crate::text::limits::{MAX_READING, MAX_READING_BYTES};
use crate::verify::checkpoint_checks;

use super::{IndexedLog, Step};

impl IndexedLog {
    /// Returns true if every entry is either in the index or scanned.
    pub(crate) fn is_covered(&self) -> bool {
        self.tail_end == self.size()
    }

    /// Entries before this one are in the index.
    pub(crate) fn covered(&self) -> u64 {
        self.index.covered()
    }

    /// Records the doubt about signatures that were judged by the keys of the entries read.
    pub(crate) fn qualify_signatures(&self, checks: &mut Checks) {
        let code = CheckCode::EventSignatures;
        if checks.outcome(code) == Outcome::Pass
            && let Some(doubt) = self.doubt(u64::MAX)
        {
            checks.unknown(code, doubt, None);
        }
    }

    /// The reason for which the keys of an event at `index` may be judged wrongly: a revocation that is not listed, or not
    /// read.
    pub(crate) fn doubt(&self, index: u64) -> Option<String> {
        if self.vouched.is_none() && self.covered() > 0 {
            let detail =
                "no auditor vouches for the index, which may leave out that a key was revoked";
            return Some(detail.to_string());
        }
        (!self.is_covered() && index >= self.covered()).then(|| {
            let (end, last) = (self.tail_end, self.size().saturating_sub(1));
            format!("keys may have been revoked in entries {end} to {last}, which the index does not cover yet")
        })
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
        let tail = self.tail_end.saturating_sub(covered);
        let is_audited = self.vouched == Some(CompleteBy::AuditedIndex);
        let evidence = Evidence::new()
            .with("method", "index")
            .with("upTo", self.tail_end)
            .with("indexed", covered)
            .with("scanned", tail)
            .with("audited", if is_audited { "yes" } else { "no" });
        if covered == 0 && self.is_covered() {
            let detail = format!(
                "a scan of {}, none of which is in the index yet",
                entries(tail)
            );
            return checks.cover(CompleteBy::Scan, detail, evidence);
        }
        let by = match self.vouched {
            Some(CompleteBy::AuditedIndex) => "complete by the index, which auditors recomputed",
            Some(_) => "complete as claimed by the index",
            None => "no auditor vouches for the index; complete only as claimed by it",
        };
        let reach = match (self.is_covered(), tail) {
            (true, 0) => ", up to the checkpoint".to_string(),
            (true, _) => format!(
                " for the first {}, and by a scan of the last {tail}",
                entries(covered)
            ),
            (false, _) => format!(
                " for the first {}, and by a scan up to entry {} of {size}; the last {} were not read, since a reader scans no more than {MAX_READING} entries and {} MiB",
                entries(covered),
                self.tail_end,
                size.saturating_sub(self.tail_end),
                MAX_READING_BYTES >> 20
            ),
        };
        let detail = [by, &reach].concat();
        match self.vouched {
            Some(grounds) if self.is_covered() => checks.cover(grounds, detail, evidence),
            _ => checks.unknown(CheckCode::Coverage, detail, Some(evidence)),
        }
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
