//! Every entry bundle with its leaf tile, in log order, and the signatures that this yields.

use core::sync::atomic::Ordering;

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{AuditQuery, Stage};
use crate::fetch::log_file::LogFile;
use crate::fetch::query::Query;
use crate::fetch::wave::Wave;
use crate::text::limits::MAX_IN_FLIGHT;
use crate::tiles::entry_bundle::EntryBundle;
use crate::verify::audit::bundle::{BundleReader, CheckedBundle};
use crate::verify::audit::index::IndexAudit;
use crate::verify::audit::signatures::SignatureBatch;
use crate::verify::faults::UNREADABLE;

impl AuditQuery {
    /// Asks for the next bundles. The leaf tile of the last one, if partial, is among the checked tiles.
    pub(super) fn next_bundles(&mut self) {
        let mut files = Vec::new();
        let mut at = self.read;
        while files.len() < MAX_IN_FLIGHT
            && let Some(bundle) = EntryBundle::containing(at, self.size())
        {
            at = at.saturating_add(u64::from(bundle.width()));
            files.push(LogFile::Bundle(bundle));
            if bundle.is_full() {
                files.push(LogFile::Tile(bundle.tile()));
            }
        }
        if files.is_empty() {
            return self.after_bundles();
        }
        self.stage = Stage::Bundles(Wave::of(files));
    }

    pub(super) fn read_bundles(&mut self, mut wave: Wave) {
        let mut files = wave.take();
        let Some(reader) = self.reader() else {
            return self.conclude(false);
        };
        let mut at = self.read;
        while let Some(bundle) = EntryBundle::containing(at, self.size()) {
            at = at.saturating_add(u64::from(bundle.width()));
            let bytes = files.remove(&LogFile::Bundle(bundle));
            let tile = files.remove(&LogFile::Tile(bundle.tile()));
            let is_missing = wave.lacks(&LogFile::Bundle(bundle));
            if bytes.is_none() && !is_missing {
                // Not asked for yet.
                break;
            }
            let checked = reader.check(bundle, bytes.as_deref(), tile.as_deref());
            if !self.absorb(checked) {
                return self.stop();
            }
            while let Some(batch) = self.judge.batch(false) {
                self.judge
                    .answer(batch.verify_one_by_one(), &self.key_history);
            }
        }
        self.next_bundles();
    }

    /// The comparison of bundles with the log, once its tiles are checked and while there are bundles to read.
    #[must_use]
    pub fn reader(&self) -> Option<BundleReader> {
        let map = self.index.as_ref().and_then(IndexAudit::map);
        let scan_tiles = self.scan_tiles.clone()?;
        let without_events = Arc::clone(&self.without_events);
        matches!(self.stage, Stage::Bundles(_))
            .then(|| BundleReader::new(scan_tiles, map, without_events))
    }

    /// Entries that were absorbed.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.read
    }

    /// Takes in the next bundle; `false` if it is missing or false, and nothing after it is of use. Bundles must come in log
    /// order.
    pub fn absorb(&mut self, checked: CheckedBundle) -> bool {
        let start = checked.bundle.start();
        if start != Some(self.read) {
            return false;
        }
        if let Some(fault) = checked.fault {
            // Entries that do not belong to the tree are not judged; a false or missing tile changes no entry.
            fault.record(&mut self.verification.checks);
            self.stage = Stage::Stopped;
            return false;
        }
        // Of a bundle that is missing or false there are no leaves.
        if let Some(index) = &mut self.index {
            index.pass(self.read, &checked.leaves, checked.root);
        }
        let vouched = self.vouched();
        // Threads may have read entries before it was known that there is nothing to judge.
        let count = u64::try_from(checked.leaves.len()).unwrap_or(u64::MAX);
        let is_judged = self.read == 0 || self.key_history.has_genesis();
        let events = checked.events.into_iter().zip(checked.leaves);
        for (parsed, leaf) in events.filter(|_| is_judged) {
            // Entries that an earlier audit has judged are read again for their keys only.
            if self.read >= vouched {
                if parsed.is_none() {
                    let unreadable = self.key_history.unreadable_mut();
                    unreadable.add(self.read, leaf, UNREADABLE);
                }
                let is_of_keys = self
                    .key_history
                    .absorb_parsed(self.read, leaf, parsed.as_ref());
                if is_of_keys && let Some(resumption) = &mut self.resumption {
                    resumption.keep(self.read, parsed.as_ref());
                }
                self.judge.add(self.read, leaf, parsed, &self.key_history);
            }
            self.read += 1;
            if !self.key_history.has_genesis() {
                self.without_events.store(true, Ordering::Relaxed);
                break;
            }
        }
        self.read = start.map_or(self.read, |start| start.saturating_add(count));
        self.tiles += u64::from(checked.has_tile);
        if matches!(self.stage, Stage::Bundles(_)) {
            // Whatever was on its way was for the bundles that have now come.
            self.stage = Stage::Bundles(Wave::default());
        }
        true
    }

    /// Signatures to verify, once there are enough for a batch; with `all`, as many as there are.
    pub fn batch(&mut self, all: bool) -> Option<SignatureBatch> {
        self.judge.batch(all)
    }

    /// Takes the answers to the oldest batch that has none.
    pub fn answer(&mut self, verdicts: Vec<bool>) {
        self.judge.answer(verdicts, &self.key_history);
    }

    /// Continues to ask for files, or ends, after bundles were absorbed in bulk and every batch was answered.
    pub fn resume(&mut self) {
        match self.stage {
            Stage::Bundles(_) => self.next_bundles(),
            Stage::Stopped => self.stop(),
            _ => {}
        }
    }

    /// Ends an audit whose caller cannot read a file. Everything that is proven to be false so far stands.
    pub fn abandon(&mut self) {
        if self.report().is_none() {
            self.stop();
        }
    }

    fn stop(&mut self) {
        self.judge_all();
        self.conclude(false);
    }

    /// Verifies the signatures that no batch has.
    fn judge_all(&mut self) {
        while let Some(batch) = self.judge.batch(true) {
            self.judge
                .answer(batch.verify_one_by_one(), &self.key_history);
        }
        self.judge.answer(Vec::new(), &self.key_history);
    }

    pub(super) fn after_bundles(&mut self) {
        self.judge_all();
        match &self.listing {
            Some(listing) => self.next_older(listing.older(self.size())),
            None => self.after_files(),
        }
    }
}
