//! A history through the log's index: a round of lookups for each wave of the closure, and one for the signing keys of
//! the events that it finds.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::event::lookup_key::LookupKey;
use crate::report::check::CheckCode;
use crate::verify::indexed::{IndexedLog, Opened, Opening, Step};

use super::closure::Ask;
use super::{Found, HistoryQuery, Stage};

/// Purpose of the current round.
pub(super) enum Asked {
    /// Events with the keys of the history.
    Events,
    /// The history of these signing keys.
    SigningKeys(Vec<LookupKey>),
}

impl HistoryQuery {
    pub(super) fn supply_opening(
        &mut self,
        mut opening: Box<Opening>,
        path: &str,
        bytes: Option<Vec<u8>>,
    ) {
        match opening.supply(&mut self.verification, path, bytes) {
            Opened::More => self.stage = Stage::Opening(opening),
            Opened::Stopped => self.conclude(None),
            Opened::Scan(verified) => {
                self.verification.leave_index();
                self.read_whole(&verified);
            }
            Opened::Index(mut log) => {
                // An empty log has no genesis to ask for.
                let is_empty = log.size() == 0;
                self.verification
                    .checks
                    .require(CheckCode::Genesis, !is_empty);
                let keys = self.matches.keys().to_vec();
                let step = log.start(&keys, &mut self.matches);
                self.after_step(log, Asked::Events, step);
            }
        }
    }

    pub(super) fn supply_index(
        &mut self,
        mut log: Box<IndexedLog>,
        asked: Asked,
        path: &str,
        bytes: Option<Vec<u8>>,
    ) {
        let step = log.supply(path, bytes, &mut self.matches);
        self.after_step(log, asked, step);
    }

    fn after_step(&mut self, mut log: Box<IndexedLog>, mut asked: Asked, mut step: Step) {
        loop {
            match step {
                Step::More => {
                    self.stage = Stage::Index(log, asked);
                    return;
                }
                Step::Done => {}
                fault => {
                    let checks = &mut self.verification.checks;
                    fault.record(checks);
                    log.record_wrong(&self.matches, checks);
                    return self.stop(log.key_history());
                }
            }
            if let Asked::SigningKeys(keys) = asked {
                log.replay_keys(keys, &self.matches);
            }
            // First what the events' signatures are worth, which decides what their registrations bind.
            let signing = self.signing_keys(&log);
            if !signing.is_empty() {
                step = log.ask_signing_keys(&signing, &mut self.matches);
                asked = Asked::SigningKeys(signing);
                continue;
            }
            step = match self.next_wave(log.key_history()) {
                Ask::Names(keys) => log.ask_names(keys, &mut self.matches),
                Ask::FurtherNames(keys) => log.ask_further_names(keys, &mut self.matches),
                Ask::Consult(keys) => log.consult(keys, &mut self.matches),
                Ask::Linked(keys) => log.ask_linked(keys, &mut self.matches),
                Ask::Nothing => return self.finish(Found::Index(log)),
            };
            asked = Asked::Events;
        }
    }

    /// The signing keys of the events found whose own events were not looked up yet.
    fn signing_keys(&mut self, log: &IndexedLog) -> Vec<LookupKey> {
        let mut keys = BTreeSet::new();
        self.matches
            .visit_new(|parsed| keys.extend(log.unknown_keys(parsed)));
        keys.into_iter().collect()
    }
}
