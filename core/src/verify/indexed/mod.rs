//! A log read by its index: look keys up, read the entries at their positions, compare the two, and replay
//! the events about signing keys (`docs/formats/index.md`, "A reader").
//!
//! Every question is a *round*: one wave of buckets, then the entries. The first round also reads entry 0, the reserved
//! keys, and the *tail*: entries that the index does not cover yet. A full scan ([`crate::verify::scan`]) finds the same
//! entries; only the proof that none is missing differs.

mod answers;
mod checks;
mod opening;
mod reader;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::access_keys::is_malformed;
use crate::event::event::{self, Event, ParsedEntry};
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::index::format::file::IndexFile;
use crate::index::read::lookup::{Lookup, LookupError};
use crate::index::read::vouched::BoundIndex;
use crate::merkle::hash::Hash;
use crate::report::check::{Checks, CompleteBy};
use crate::text::limits::{MAX_IN_FLIGHT, MAX_READING, MAX_READING_BYTES};
use crate::tiles::lookup_tiles::LookupTiles;
use crate::verify::faults::UNREADABLE;
use crate::verify::key_history::KeyHistory;
use crate::verify::key_positions::KeyPositions;
use crate::verify::matches::{Held, Matches, signing_keys};
use crate::verify::scan::ScanStep;

use answers::{Answers, WrongPosition};
pub(crate) use opening::{Opened, Opening};
use reader::Reader;

/// An index bound to a log, and what was read by it.
pub(crate) struct IndexedLog {
    index: BoundIndex,
    stage: Stage,
    reader: Reader,
    answers: Answers,
    /// Files of the index that are here: keys of a later round may be in the same.
    kept: BTreeMap<IndexFile, Vec<u8>>,
    kept_bytes: usize,
    /// Grounds for which the index's lists count as whole; `None` if neither auditors nor the reader vouch for them.
    vouched: Option<CompleteBy>,
    /// Positions of the keys in the tail, once it was read.
    tail: Option<KeyPositions>,
    /// End of the tail as far as it is scanned: entries before this one are either in the index or read.
    tail_end: u64,
    /// Bytes of the tail's entries that may still be scanned.
    left: u64,
    key_history: KeyHistory,
    /// Signing keys whose events were replayed.
    replayed: BTreeSet<LookupKey>,
    /// Positions of the events asked for, counted before their entries are read.
    positions: u64,
}

/// Bytes of files of the index that are kept for later rounds: some 300 buckets.
const MAX_KEPT_FILES: usize = 1 << 20;

enum Stage {
    Idle,
    /// A lookup, and the files of the index that are missing: the others are still judged.
    Lookup(Lookup, Round, BTreeSet<IndexFile>),
    Entries(Round),
}

/// Subject of one round.
struct Round {
    keys: Vec<LookupKey>,
    /// Entries that are read whatever keys they have.
    also: Vec<u64>,
    purpose: Purpose,
    /// Entries read in this round.
    fresh: Vec<u64>,
}

/// Purpose of a round, which decides which of the positions are read.
enum Purpose {
    /// Events with the keys of the question: all positions.
    Question,
    /// Events about signing keys: all positions.
    SigningKeys,
    /// Events with names that others know the files in question by: all positions of each name, in order of rank, as long as
    /// they are not too many.
    FurtherNames,
    /// Events with linked digests: all positions of each digest, as long as they are not too many.
    Linked,
    /// Registrations that precede one whose binding is in question: the first positions before that of each key.
    Consulted(BTreeMap<LookupKey, u64>),
}

/// Result of a step of a round.
pub(crate) enum Step {
    More,
    /// The round is over.
    Done,
    /// A file of the log keeps it from going on.
    Log(ScanStep),
    /// A file of the index does.
    Index(LookupError),
    /// The index is wrong about an entry.
    Wrong(WrongPosition),
}

impl IndexedLog {
    fn new(
        index: BoundIndex,
        lookup_tiles: LookupTiles,
        origin: &str,
        pin: Option<Hash>,
        accepted: bool,
    ) -> Self {
        let vouched = match (index.is_audited(), accepted) {
            (true, _) => Some(CompleteBy::AuditedIndex),
            (false, true) => Some(CompleteBy::Index),
            (false, false) => None,
        };
        Self {
            vouched,
            tail_end: index.covered(),
            left: MAX_READING_BYTES,
            index,
            stage: Stage::Idle,
            reader: Reader::new(lookup_tiles),
            answers: Answers::default(),
            kept: BTreeMap::new(),
            kept_bytes: 0,
            tail: None,
            key_history: KeyHistory::new(origin, pin),
            replayed: BTreeSet::new(),
            positions: 0,
        }
    }

    /// Entries of the log.
    pub(crate) const fn size(&self) -> u64 {
        self.reader.head().size
    }

    pub(crate) const fn key_history(&self) -> &KeyHistory {
        &self.key_history
    }

    /// Positions of the events asked for, as far as they are known.
    pub(crate) const fn positions(&self) -> u64 {
        self.positions
    }

    /// Entries read, and to be read, in this round.
    pub(crate) fn progress(&self) -> (u64, u64) {
        self.reader.progress()
    }

    /// Starts the first round: these keys, the reserved ones, entry 0, and the tail. Entries proven earlier by
    /// other means are not read again.
    pub(crate) fn start(&mut self, keys: &[LookupKey], matches: &mut Matches) -> Step {
        if let Some(first) = matches.get(0) {
            let parsed = first.parsed();
            self.key_history
                .absorb_first(first.leaf_hash, parsed.as_ref());
        }
        let reserved = KeyKind::RESERVED.map(|kind| LookupKey::new(kind, ""));
        let round = Round {
            keys: keys.iter().cloned().chain(reserved).collect(),
            also: Vec::from([0]),
            purpose: Purpose::Question,
            fresh: matches.entries().map(|(index, _)| index).collect(),
        };
        self.look_up(round, matches)
    }

    /// Starts a round for names that belong to the question.
    pub(crate) fn ask_names(&mut self, keys: Vec<LookupKey>, matches: &mut Matches) -> Step {
        self.ask_new(keys, Purpose::Question, matches)
    }

    /// Starts a round for further names, in order of rank, as far as there is room for them.
    pub(crate) fn ask_further_names(
        &mut self,
        keys: Vec<LookupKey>,
        matches: &mut Matches,
    ) -> Step {
        self.ask_new(keys, Purpose::FurtherNames, matches)
    }

    /// Starts a round for linked digests.
    pub(crate) fn ask_linked(&mut self, keys: Vec<LookupKey>, matches: &mut Matches) -> Step {
        self.ask_new(keys, Purpose::Linked, matches)
    }

    /// Starts a round for the registrations with these keys, each up to a position.
    pub(crate) fn consult(
        &mut self,
        keys: BTreeMap<LookupKey, u64>,
        matches: &mut Matches,
    ) -> Step {
        let names = keys.keys().cloned().collect();
        self.ask_new(names, Purpose::Consulted(keys), matches)
    }

    /// Starts a round for the events about signing keys; keys that were looked up before are left out.
    pub(crate) fn ask_signing_keys(&mut self, keys: &[LookupKey], matches: &mut Matches) -> Step {
        let new = keys.iter().filter(|key| !self.answers.has(key));
        self.ask_new(new.cloned().collect(), Purpose::SigningKeys, matches)
    }

    fn ask_new(&mut self, keys: Vec<LookupKey>, purpose: Purpose, matches: &mut Matches) -> Step {
        let round = Round {
            keys,
            also: Vec::new(),
            purpose,
            fresh: Vec::new(),
        };
        self.look_up(round, matches)
    }

    fn look_up(&mut self, round: Round, matches: &mut Matches) -> Step {
        let mut hashes = BTreeSet::new();
        hashes.extend(round.keys.iter().map(LookupKey::hash));
        let lookup = Lookup::new(&self.index, hashes);
        self.go_on(lookup, round, matches)
    }

    /// Reads what is here of the files that a lookup wants, and asks for the others.
    fn go_on(&mut self, mut lookup: Lookup, round: Round, matches: &mut Matches) -> Step {
        let kept = |lookup: &Lookup| {
            let mut wanted = lookup.next_files(usize::MAX).into_iter();
            wanted.find_map(|file| Some((file, self.kept.get(&file)?)))
        };
        while let Some((file, bytes)) = kept(&lookup) {
            if let Err(error) = lookup.supply(&file, bytes) {
                return round.stop(error, matches);
            }
        }
        if lookup.is_done() {
            return self.read_entries(lookup, round, matches);
        }
        self.await_files(lookup, round, BTreeSet::new())
    }

    /// Waits for the next files of a lookup. The lookup ends with the first missing file once there is nothing more to judge.
    fn await_files(&mut self, lookup: Lookup, round: Round, missing: BTreeSet<IndexFile>) -> Step {
        if let Some(first) = missing.first()
            && next_files(&lookup, &missing).is_empty()
        {
            return Step::Index(LookupError::Missing { path: first.path() });
        }
        self.stage = Stage::Lookup(lookup, round, missing);
        Step::More
    }

    /// Bytes of positions and files of the index that are held.
    pub(crate) fn held(&self) -> usize {
        let tail = self.tail.as_ref().map_or(0, KeyPositions::size);
        let size = self.answers.size().saturating_add(tail);
        size.saturating_add(self.kept_bytes)
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Idle => Vec::new(),
            Stage::Lookup(lookup, _, missing) => {
                let files = next_files(lookup, missing);
                files.iter().map(IndexFile::path).collect()
            }
            Stage::Entries(_) => self.reader.needs(),
        }
    }

    /// Takes one file in; what the round reads goes to `matches`.
    pub(crate) fn supply(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        matches: &mut Matches,
    ) -> Step {
        match core::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => Step::More,
            Stage::Lookup(mut lookup, round, mut missing) => {
                let files = next_files(&lookup, &missing);
                let Some(file) = files.into_iter().find(|file| file.path() == path) else {
                    self.stage = Stage::Lookup(lookup, round, missing);
                    return Step::More;
                };
                let Some(bytes) = bytes else {
                    missing.insert(file);
                    return self.await_files(lookup, round, missing);
                };
                if let Err(error) = lookup.supply(&file, &bytes) {
                    return round.stop(error, matches);
                }
                let size = self.kept_bytes.saturating_add(bytes.len());
                if size <= MAX_KEPT_FILES {
                    self.kept_bytes = size;
                    self.kept.insert(file, bytes);
                }
                match missing.is_empty() {
                    true => self.go_on(lookup, round, matches),
                    false => self.await_files(lookup, round, missing),
                }
            }
            Stage::Entries(round) => self.read(round, matches, |reader, visit| {
                reader.supply(path, bytes, visit)
            }),
        }
    }

    /// Lets the reader go on; what it shows goes to `matches`.
    fn read(
        &mut self,
        mut round: Round,
        matches: &mut Matches,
        go_on: impl FnOnce(&mut Reader, &mut dyn FnMut(u64, Hash, &[u8])) -> ScanStep,
    ) -> Step {
        let covered = self.index.covered();
        let size = self.size();
        let reads_tail = self.tail.as_ref().is_some_and(|tail| !tail.is_sealed());
        let (key_history, tail) = (&mut self.key_history, &mut self.tail);
        let (tail_end, left) = (&mut self.tail_end, &mut self.left);
        let mut visit = |index: u64, leaf_hash: Hash, bytes: &[u8]| {
            let (keys, parsed) = event::read(bytes);
            let has_outline = parsed.is_some() || !is_malformed(&keys);
            if index == 0 {
                key_history.absorb_first(leaf_hash, parsed.as_ref());
            }
            let scanned = tail.as_mut().filter(|tail| !tail.is_sealed());
            if let Some(tail) = scanned.filter(|_| index >= covered) {
                match left.checked_sub(count(bytes.len())) {
                    Some(rest) if index < *tail_end => {
                        *left = rest;
                        tail.add(index, &keys);
                        if !has_outline {
                            let unreadable = key_history.unreadable_mut();
                            unreadable.add(index, leaf_hash, UNREADABLE);
                        }
                    }
                    _ => *tail_end = index.min(*tail_end),
                }
                // Events of the admins are kept, because most of them are needed later, and what is no event, because the
                // keys that will be looked up tell whom it concerns.
                let is_needed = parsed.as_ref().map_or(has_outline, |parsed| {
                    is_by_admins(parsed) || matches.keeps(index, &keys)
                });
                let is_of_use = index < *tail_end && is_needed;
                if !is_of_use && !round.also.contains(&index) {
                    return;
                }
            }
            let is_bounded = matches!(
                round.purpose,
                Purpose::FurtherNames | Purpose::Linked | Purpose::Consulted(_)
            );
            if is_bounded && matches.leaves_out(index, &keys) {
                return;
            }
            round.fresh.push(index);
            matches.keep(index, Held::new(leaf_hash, bytes, keys), parsed.as_ref());
        };
        match go_on(&mut self.reader, &mut visit) {
            // The tail comes last; the rest of one that is too large is not read.
            ScanStep::More if reads_tail && (covered + 1..size).contains(&self.tail_end) => {
                self.reader.stop();
                self.finish_round(round, matches)
            }
            ScanStep::More => {
                self.stage = Stage::Entries(round);
                Step::More
            }
            ScanStep::Done => self.finish_round(round, matches),
            fault => Step::Log(fault),
        }
    }

    /// Takes the answer in, and asks for the entries that it and the tail lead to.
    fn read_entries(&mut self, lookup: Lookup, round: Round, matches: &mut Matches) -> Step {
        let answer = match lookup.finish() {
            Ok(answer) => answer,
            Err(error) => return Step::Index(error),
        };
        self.answers.add(&round.keys, &answer);
        let mut positions = Vec::new();
        for key in &round.keys {
            let listed = self.answers.of(key).len();
            let tail = self.tail.iter().flat_map(|tail| tail.of(key.hash()));
            let list = self.answers.checked(key).iter().copied().chain(tail);
            let list = round.purpose.positions(key, list.collect(), matches);
            // The positions are in order, and those of the tail come last.
            self.answers.restrict(key, listed.min(list.len()));
            let is_asked = matches!(
                round.purpose,
                Purpose::Question | Purpose::FurtherNames | Purpose::Linked
            );
            if is_asked && !KeyKind::RESERVED.contains(&key.kind) {
                self.positions = self.positions.saturating_add(count(list.len()));
            }
            positions.extend(list);
        }
        positions.extend(&round.also);
        if self.tail.is_none() {
            let (covered, size) = (self.covered(), self.size());
            if size.saturating_sub(covered) <= MAX_READING {
                self.tail_end = size;
            }
            positions.extend(covered..self.tail_end);
            self.tail = Some(KeyPositions::default());
        }
        positions.retain(|index| matches.get(*index).is_none());
        positions.sort_unstable();
        positions.dedup();
        self.read(round, matches, |reader, visit| {
            reader.start(positions, visit)
        })
    }

    /// Holds what was read against what the index says.
    fn finish_round(&mut self, mut round: Round, matches: &Matches) -> Step {
        round.fresh.sort_unstable();
        if let Some(tail) = self.tail.as_mut().filter(|tail| !tail.is_sealed()) {
            tail.seal();
            self.absorb_reserved(matches);
        }
        if matches!(round.purpose, Purpose::FurtherNames | Purpose::Linked) {
            for key in round.keys.iter().filter(|key| matches.is_left_out(key)) {
                self.answers.restrict(key, 0);
            }
        }
        if let Purpose::Consulted(keys) = &round.purpose {
            for key in keys.keys() {
                let mut positions = self.answers.of(key).iter();
                let kept = positions.position(|index| *index >= matches.consulted_end());
                self.answers.restrict(key, kept.unwrap_or(usize::MAX));
            }
        }
        let covered = self.index.covered();
        let checked = self
            .answers
            .check(&round.keys, &round.fresh, covered, matches);
        match checked {
            Ok(()) => Step::Done,
            Err(wrong) => Step::Wrong(wrong),
        }
    }

    /// Records an entry about which the index is wrong, among those that were read before the reading stopped.
    pub(crate) fn record_wrong(&self, matches: &Matches, checks: &mut Checks) {
        if let Some(wrong) = self.answers.contradicted(self.index.covered(), matches) {
            Step::Wrong(wrong).record(checks);
        }
    }

    /// Takes in the entries that are no events, and what the admins acknowledged, once the reserved keys and the tail were
    /// read.
    fn absorb_reserved(&mut self, matches: &Matches) {
        for index in self.answers.of(&LookupKey::new(KeyKind::Malformed, "")) {
            let unreadable = self.key_history.unreadable_mut();
            match matches.get(*index) {
                Some(held) => unreadable.add(*index, held.leaf_hash, UNREADABLE),
                None => unreadable.add_unread(1, *index),
            }
        }
        let trust = LookupKey::new(KeyKind::Trust, "");
        let hash = trust.hash();
        let tail = self.tail.iter().flat_map(|tail| tail.of(hash));
        let mut positions = BTreeSet::new();
        positions.extend(self.answers.of(&trust).iter().copied().chain(tail));
        for index in positions {
            let held = matches.get(index).filter(|held| held.has(&hash));
            if let Some(parsed) = held.and_then(Held::parsed) {
                self.key_history.absorb_acknowledgement(index, &parsed);
            }
        }
    }

    /// Of the signing keys that decide about an event, those whose own events were not replayed.
    pub(crate) fn unknown_keys(&self, parsed: &ParsedEntry) -> Vec<LookupKey> {
        let mut keys = signing_keys(parsed);
        // Without a genesis no key is known, whatever its events say.
        keys.retain(|key| self.key_history.has_genesis() && !self.replayed.contains(key));
        keys
    }

    /// Replays the events about these signing keys, which were asked for.
    pub(crate) fn replay_keys(&mut self, keys: Vec<LookupKey>, matches: &Matches) {
        for key in keys {
            let hash = key.hash();
            let listed = self.answers.of(&key).iter().copied();
            let tail = self.tail.iter().flat_map(|tail| tail.of(hash));
            let mut positions = BTreeSet::new();
            positions.extend(listed.chain(tail));
            if !self.replayed.insert(key) {
                continue;
            }
            // Entry 0 was taken in as the genesis.
            for index in positions.into_iter().filter(|index| *index > 0) {
                let held = matches.get(index).filter(|held| held.has(&hash));
                if let Some(parsed) = held.and_then(Held::parsed) {
                    self.key_history.absorb_key_event(index, &parsed);
                }
            }
        }
    }
}

impl IndexedLog {
    /// Counts the entries that are no events although they have an outline, if they concern this verification.
    pub(crate) fn count_unreadable(&mut self, matches: &Matches) {
        let mut others = BTreeSet::from([LookupKey::new(KeyKind::Trust, "").hash()]);
        others.extend(self.replayed.iter().map(LookupKey::hash));
        for index in matches.unreadable(&others) {
            if let Some(held) = matches.get(index) {
                let unreadable = self.key_history.unreadable_mut();
                unreadable.add(index, held.leaf_hash, UNREADABLE);
            }
        }
    }
}

fn is_by_admins(parsed: &ParsedEntry) -> bool {
    matches!(parsed.event, Event::Key(_) | Event::Acknowledgement(_))
}

impl Purpose {
    /// Returns the positions of a key that are read, the first of all of them in order.
    fn positions(&self, key: &LookupKey, mut list: Vec<u64>, matches: &mut Matches) -> Vec<u64> {
        match self {
            Self::Question | Self::SigningKeys => {}
            Self::FurtherNames => {
                if !matches.name(key, &list) {
                    list.clear();
                }
            }
            Self::Linked => {
                if !matches.link(key, &list) {
                    list.clear();
                }
            }
            Self::Consulted(ends) => {
                let end = ends.get(key).copied().unwrap_or(0);
                list.truncate(matches.consult(key, &list, end));
            }
        }
        list
    }
}

impl Round {
    /// Ends a round whose lookup failed. Names and linked digests with too many positions are left out.
    fn stop(self, error: LookupError, matches: &mut Matches) -> Step {
        match (&self.purpose, &error) {
            (Purpose::FurtherNames, LookupError::TooManyPositions { .. }) => {
                matches.leave_out_names(&self.keys);
                Step::Done
            }
            (Purpose::Linked | Purpose::Consulted(_), LookupError::TooManyPositions { .. }) => {
                matches.skip(count(self.keys.len()));
                Step::Done
            }
            _ => Step::Index(error),
        }
    }
}

/// The files that a lookup wants next and that are not missing.
fn next_files(lookup: &Lookup, missing: &BTreeSet<IndexFile>) -> Vec<IndexFile> {
    let mut files = lookup.next_files(MAX_IN_FLIGHT.saturating_add(missing.len()));
    files.retain(|file| !missing.contains(file));
    files.truncate(MAX_IN_FLIGHT);
    files
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
