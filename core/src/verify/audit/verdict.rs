//! Verdict of an audit, once everything was read, or once it is clear that it cannot be.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{AuditQuery, Stage};
use crate::report::check::{CheckCode, Checks};
use crate::report::evidence::{Evidence, Fact};
use crate::report::report::{Counts, Members, Question};
use crate::verify::event_checks::acknowledged;

impl AuditQuery {
    /// Draws the verdict; `whole` once every entry and every leaf tile was read.
    pub(super) fn conclude(&mut self, whole: bool) {
        self.stage = Stage::Done;
        let mut counts = Counts::default();
        let mut acknowledgements = None;
        let size = self.size();
        if whole {
            self.record_state();
            self.verification
                .record_read(self.read, self.vouched(), &self.key_history);
            let pinned = size > 0 && self.key_history.is_pinned();
            let checks = &mut self.verification.checks;
            let detail = "every hash tile matches the entries";
            checks.pass(CheckCode::Tree, detail, None);
            checks.require(CheckCode::Genesis, pinned || self.key_history.has_genesis());
            if self.key_history.has_genesis() {
                checks.require(CheckCode::EventSignatures, true);
                let mut faults = self.key_history.unreadable().clone();
                self.key_history.judge_readable(&faults, checks);
                self.key_history.judge_key_events(checks);
                let judge = core::mem::take(&mut self.judge);
                let (counted, unsigned) = judge.record(checks, &self.key_history);
                counts = counted;
                faults.entries.extend(unsigned.entries);
                let known = self.key_history.acknowledgements();
                acknowledgements = acknowledged(known, &faults, &[]);
            } else {
                counts.entries = self.read;
            }
            let scan_tiles = self.scan_tiles.as_ref();
            counts.tiles = self.tiles + scan_tiles.map_or(0, |scan_tiles| scan_tiles.progress().0);
            let mut strays = self
                .listing
                .as_ref()
                .map_or_else(Vec::new, |listing| listing.strays(size));
            if let Some(index) = &mut self.index {
                strays.extend(index.take_strays());
                index.record(checks);
            }
            judge_strays(checks, &strays);
        } else {
            let checks = &mut self.verification.checks;
            self.key_history.judge_wrong_genesis(checks);
            let acknowledgements = self.key_history.acknowledgements();
            self.judge.record_wrong(acknowledgements, checks);
            if let Some(index) = &self.index {
                index.record_faults(checks);
            }
        }
        let checkpoint = self.verification.checkpoint();
        let origin = checkpoint.map_or_else(String::new, |checkpoint| checkpoint.origin.clone());
        let query = Question::new("log", origin);
        let evidence = checkpoint.is_some_and(|checkpoint| checkpoint.size > 0);
        let members = Members {
            acknowledged: acknowledgements,
            counts: Some(counts),
            ..Members::default()
        };
        self.verification.conclude(query, members, evidence);
    }
}

fn judge_strays(checks: &mut Checks, strays: &[String]) {
    /// Strays that a report names; the rest are counted.
    const NAMED: usize = 32;
    if strays.is_empty() {
        return checks.pass(
            CheckCode::Strays,
            "the public tree contains no unexpected files",
            None,
        );
    }
    let named = strays
        .iter()
        .take(NAMED)
        .map(|path| Fact::from(path.as_str()))
        .collect();
    let detail = match strays.len() {
        1 => "the public tree contains an unexpected file".to_string(),
        count => format!("the public tree contains {count} unexpected files"),
    };
    checks.unknown(
        CheckCode::Strays,
        detail,
        Some(Evidence::new().with("paths", Fact::List(named))),
    );
}
