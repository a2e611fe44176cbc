//! A history by reading the whole log once: a proof of completeness that rests on the log's checkpoint alone.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::event;
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::Wave;
use crate::merkle::hash::Hash;
use crate::report::check::CheckCode;
use crate::tiles::entry_bundle::EntryBundle;
use crate::trust::trust_policy::VerifiedCheckpoint;
use crate::verify::entry_proof::Fault;
use crate::verify::faults::UNREADABLE;
use crate::verify::indexed::Opening;
use crate::verify::key_positions::KeyPositions;
use crate::verify::matches::{Held, Matches, signing_keys};
use crate::verify::scan::{Scan, ScanStep};

use super::closure::Ask;
use super::{Found, HistoryQuery, Stage};

/// A whole log, being read or read.
pub(super) struct Whole {
    pub(super) scan: Scan,
    positions: KeyPositions,
    /// Entries that are no events, in log order.
    unreadable: BTreeMap<u64, Hash>,
    /// Entries whose keys became interesting after the scan had passed them.
    again: Option<Wave>,
}

impl Whole {
    /// Bytes that the positions of keys take.
    pub(super) fn positions_size(&self) -> usize {
        self.positions.size()
    }

    pub(super) fn needs(&self) -> Vec<String> {
        match &self.again {
            Some(wave) => wave.needs(),
            None => self.scan.needs(),
        }
    }
}

impl Whole {
    /// Counts the entries that are no events although they have an outline, if they concern this history, as an index
    /// would: by its keys, by *trust*, or by the state of a key that signed its events.
    pub(super) fn count_unreadable(&mut self, matches: &mut Matches) {
        if self.unreadable.is_empty() {
            return;
        }
        let mut others = BTreeSet::from([LookupKey::new(KeyKind::Trust, "")]);
        if self.scan.key_history().has_genesis() {
            matches.visit_new(|parsed| others.extend(signing_keys(parsed)));
        }
        let positions = others.iter().flat_map(|key| self.positions.of(key.hash()));
        let mut concerned: BTreeSet<u64> = positions.collect();
        concerned.extend(matches.unreadable(&BTreeSet::new()));
        for index in concerned {
            if let Some(leaf_hash) = self.unreadable.get(&index) {
                let unreadable = self.scan.key_history_mut().unreadable_mut();
                unreadable.add(index, *leaf_hash, UNREADABLE);
            }
        }
    }
}

impl HistoryQuery {
    pub(super) fn read_checkpoint(&mut self, mut wave: Wave) {
        let Some(verified) = self.verification.read_checkpoint(&mut wave) else {
            return self.conclude(None);
        };
        if self.verification.asks_unaudited_index(verified.head().size) {
            self.verification.begin_index();
            self.stage = Stage::Opening(Box::new(Opening::after(&self.verification, verified)));
        } else {
            self.read_whole(&verified);
        }
    }

    pub(super) fn read_whole(&mut self, verified: &VerifiedCheckpoint) {
        let Some(scan) = self.verification.scan(verified) else {
            return self.conclude(None);
        };
        let whole = Box::new(Whole {
            scan,
            positions: KeyPositions::default(),
            unreadable: BTreeMap::new(),
            again: None,
        });
        if whole.scan.is_done() {
            // An empty log has no genesis to ask for.
            self.verification.checks.require(CheckCode::Genesis, false);
            return self.finish(Found::Whole(whole));
        }
        self.stage = Stage::Whole(whole);
    }

    pub(super) fn supply_whole(
        &mut self,
        mut whole: Box<Whole>,
        path: &str,
        bytes: Option<Vec<u8>>,
    ) {
        if let Some(mut wave) = whole.again.take() {
            if wave.supply(path, bytes) {
                return self.read_again(whole, wave);
            }
            whole.again = Some(wave);
            self.stage = Stage::Whole(whole);
            return;
        }
        let (positions, matches) = (&mut whole.positions, &mut self.matches);
        let unreadable = &mut whole.unreadable;
        let step = whole.scan.supply(path, bytes, &mut |entry, _| {
            positions.add(entry.index, &entry.keys);
            if entry.parsed.is_none() {
                unreadable.insert(entry.index, entry.leaf_hash);
            }
            if matches.keeps(entry.index, &entry.keys) {
                let held = Held::new(entry.leaf_hash, entry.bytes, entry.keys.clone());
                matches.keep(entry.index, held, entry.parsed.as_ref());
            }
        });
        match step {
            ScanStep::More => self.stage = Stage::Whole(whole),
            ScanStep::Done => {
                whole.positions.seal();
                self.follow_whole(whole);
            }
            ScanStep::TooLarge => self.turn_to_index(),
            fault => {
                fault.record(&mut self.verification.checks);
                self.stop(whole.scan.key_history());
            }
        }
    }

    /// Begins anew by the index: the entries are more bytes than a reader reads of its own accord.
    fn turn_to_index(&mut self) {
        (self.matches, self.closure) = self.subject.begin(self.exact, self.state);
        match self.verification.leave_scan() {
            Some(verified) => {
                self.stage = Stage::Opening(Box::new(Opening::after(&self.verification, verified)))
            }
            None => self.conclude(None),
        }
    }

    /// Asks for the entries of the next wave of the closure; those that are here already are not read again.
    fn follow_whole(&mut self, mut whole: Box<Whole>) {
        loop {
            let mut indices = Vec::new();
            let ask = self.next_wave(whole.scan.key_history());
            let matches = &mut self.matches;
            match ask {
                Ask::Names(keys) => {
                    indices.extend(keys.iter().flat_map(|key| whole.positions.of(key.hash())));
                }
                Ask::Consult(keys) => {
                    for (key, end) in keys {
                        let mut positions: Vec<u64> = whole.positions.of(key.hash()).collect();
                        positions.truncate(matches.consult(&key, &positions, end));
                        indices.extend(positions);
                    }
                }
                Ask::FurtherNames(keys) => {
                    for key in keys {
                        let positions: Vec<u64> = whole.positions.of(key.hash()).collect();
                        if matches.name(&key, &positions) {
                            indices.extend(positions);
                        }
                    }
                }
                Ask::Linked(keys) => {
                    for key in keys {
                        let positions: Vec<u64> = whole.positions.of(key.hash()).collect();
                        if matches.link(&key, &positions) {
                            indices.extend(positions);
                        }
                    }
                }
                Ask::Nothing => return self.finish(Found::Whole(whole)),
            }
            let size = whole.scan.size();
            let new = indices
                .into_iter()
                .filter(|index| self.matches.get(*index).is_none());
            let mut bundles = BTreeSet::new();
            bundles.extend(new.filter_map(|index| EntryBundle::containing(index, size)));
            if !bundles.is_empty() {
                whole.again = Some(Wave::of(bundles.into_iter().map(LogFile::Bundle)));
                self.stage = Stage::Whole(whole);
                return;
            }
        }
    }

    fn read_again(&mut self, whole: Box<Whole>, mut wave: Wave) {
        let Some(files) = self.verification.files(&mut wave) else {
            return self.conclude(None);
        };
        for (file, bytes) in files {
            let LogFile::Bundle(bundle) = file else {
                continue;
            };
            let entries = match whole.scan.tiles().verify_bundle(bundle, &bytes) {
                Ok(entries) => entries,
                Err(error) => {
                    let fault = ScanStep::Entries(Fault::Bundle(bundle, error));
                    fault.record(&mut self.verification.checks);
                    return self.conclude(None);
                }
            };
            for (index, leaf_hash, bytes) in entries.iter() {
                let (keys, parsed) = event::read(bytes);
                if self.matches.keeps(index, &keys) && self.matches.get(index).is_none() {
                    let held = Held::new(leaf_hash, bytes, keys);
                    self.matches.keep(index, held, parsed.as_ref());
                }
            }
        }
        self.follow_whole(whole);
    }
}
