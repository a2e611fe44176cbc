//! Files of older checkpoints that are still there: they must agree with the tree.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{AuditQuery, Stage};
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::tree::TreeHead;
use crate::report::check::CheckCode;
use crate::report::evidence::Evidence;
use crate::text::limits::MAX_IN_FLIGHT;
use crate::verify::audit::files::Older;

impl AuditQuery {
    pub(super) fn next_older(&mut self, mut rest: Vec<Older>) {
        let batch = rest.split_off(rest.len().saturating_sub(MAX_IN_FLIGHT));
        if batch.is_empty() {
            let detail = "older files that are still present agree with the tree";
            let checks = &mut self.verification.checks;
            checks.pass(CheckCode::Superseded, detail, None);
            return self.after_files();
        }
        let head = self.head().unwrap_or_else(TreeHead::empty);
        let needs: BTreeSet<LogFile> = batch.iter().flat_map(|older| older.needs(head)).collect();
        self.stage = Stage::Older(rest, batch, Wave::of(needs));
    }

    pub(super) fn read_older(&mut self, rest: Vec<Older>, batch: &[Older], mut wave: Wave) {
        let Some(files) = self.verification.files(&mut wave) else {
            return self.conclude(false);
        };
        let bytes: Vec<Vec<u8>> = batch
            .iter()
            .map(|older| files.get(&older.file()).cloned().unwrap_or_default())
            .collect();
        let tiles = wave::tiles(files);
        let head = self.head().unwrap_or_else(TreeHead::empty);
        let Some(policy) = self.verification.policy() else {
            return self.conclude(false);
        };
        let check = |(older, bytes): (&Older, &Vec<u8>)| {
            let outcome = older.check(head, bytes, &tiles, policy);
            outcome.err().map(|fault| (older.path(), fault))
        };
        match batch.iter().zip(&bytes).find_map(check) {
            None => self.next_older(rest),
            Some((path, (class, detail))) => {
                let evidence = Evidence::new().with("path", path);
                let checks = &mut self.verification.checks;
                checks.fail(CheckCode::Superseded, class, detail, Some(evidence));
                self.after_files();
            }
        }
    }

    pub(super) fn after_files(&mut self) {
        match self.index.is_some() || self.resumption.is_some() {
            true => self.stage = Stage::Index,
            false => self.conclude(true),
        }
    }
}
