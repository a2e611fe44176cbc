//! A log read by its index: look keys up, read the entries at their positions, hold each against the other, and replay
//! what they say about signing keys (`docs/formats/index.md`, "A reader").
//!
//! Every question is a *round*: one wave of buckets, then the entries. The first round also reads entry 0, the reserved
//! keys, and the *tail*: entries that the index does not cover yet. What reads whole logs ([`crate::scan`]) and this find
//! the same entries; only how they know that none is missing differs.

mod answers;
mod opening;
mod reader;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use crate::event::{self, Event, ParsedEntry};
use crate::gathered::{Gathered, Held, key_hashes, signing_keys};
use crate::hash::Hash;
use crate::head::{self, entries};
use crate::index::file::IndexFile;
use crate::index::lookup::{Lookup, LookupError};
use crate::index::vouched::BoundIndex;
use crate::index_key::{KeyKind, LookupKey};
use crate::limits::{MAX_IN_FLIGHT, MAX_TAIL};
use crate::positions::Positions;
use crate::replay::Replay;
use crate::report::{CheckCode, Checks, Class, Evidence};
use crate::scan::ScanStep;
use crate::sparse_trunk::SparseTrunk;

use answers::{Answers, WrongPosition};
pub(crate) use opening::{Opened, Opening};
use reader::Reader;

/// An index bound to a log, and what was read by it.
pub(crate) struct IndexedLog {
    index: BoundIndex,
    stage: Stage,
    reader: Reader,
    answers: Answers,
    /// Where the tail holds which keys, once it was read.
    tail: Option<Positions>,
    replay: Replay,
    /// Signing keys whose events were replayed.
    replayed: BTreeSet<LookupKey>,
    /// Positions of the events asked for, counted before their entries are read.
    positions: u64,
}

enum Stage {
    Idle,
    Lookup(Lookup, Round),
    Entries(Round),
}

/// What one round is about.
struct Round {
    keys: Vec<LookupKey>,
    /// Entries that are read whatever keys they have.
    also: Vec<u64>,
    /// Whether the keys are those of the events asked for, and not of signing keys.
    counts: bool,
    /// Entries read in this round.
    fresh: Vec<u64>,
}

/// What a step of a round came to.
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

/// The keys that every reader looks up.
const RESERVED: [KeyKind; 3] = [KeyKind::Trust, KeyKind::Malformed, KeyKind::Detached];

impl IndexedLog {
    fn new(index: BoundIndex, trunk: SparseTrunk, origin: &str, pin: Option<Hash>) -> Self {
        Self {
            index,
            stage: Stage::Idle,
            reader: Reader::new(trunk),
            answers: Answers::default(),
            tail: None,
            replay: Replay::new(origin, pin),
            replayed: BTreeSet::new(),
            positions: 0,
        }
    }

    /// Entries of the log.
    pub(crate) const fn size(&self) -> u64 {
        self.reader.head().size
    }

    pub(crate) const fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Positions of the events asked for, as far as they are known.
    pub(crate) const fn positions(&self) -> u64 {
        self.positions
    }

    /// Entries read, and to be read, in this round.
    pub(crate) fn progress(&self) -> (u64, u64) {
        self.reader.progress()
    }

    /// Whether every entry is either in the index or scanned.
    pub(crate) fn is_covered(&self) -> bool {
        self.scanned().end == self.size()
    }

    /// Entries before this one are in the index.
    pub(crate) fn covered(&self) -> u64 {
        self.index.covered()
    }

    /// What an event's signatures are worth is not known past the index.
    pub(crate) fn uncovered(&self) -> String {
        let (covered, size) = (self.covered(), self.size());
        format!(
            "keys may have been revoked in entries {covered} to {}, which the index does not cover yet",
            size.saturating_sub(1)
        )
    }

    /// The entries past the index that are scanned: all of them, or none where that is too much.
    fn scanned(&self) -> Range<u64> {
        let (covered, size) = (self.index.covered(), self.size());
        if size.saturating_sub(covered) > MAX_TAIL {
            covered..covered
        } else {
            covered..size
        }
    }

    /// Starts the first round: these keys, the reserved ones, entry 0, and the tail. What was gathered before, proven by
    /// other means, is not read again.
    pub(crate) fn start(&mut self, keys: &[LookupKey], gathered: &mut Gathered) -> Step {
        if let Some(first) = gathered.get(0) {
            let parsed = first.parsed();
            self.replay.absorb_first(first.leaf_hash, parsed.as_ref());
        }
        let reserved = RESERVED.map(|kind| LookupKey::new(kind, ""));
        let round = Round {
            keys: keys.iter().cloned().chain(reserved).collect(),
            also: Vec::from([0]),
            counts: true,
            fresh: gathered.entries().map(|(index, _)| index).collect(),
        };
        self.look_up(round, gathered)
    }

    /// Starts a round for more keys of events; those that were looked up before are left out.
    pub(crate) fn ask(&mut self, keys: &[LookupKey], gathered: &mut Gathered) -> Step {
        self.ask_new(keys, true, gathered)
    }

    /// Starts a round for the events about signing keys, by their digests.
    pub(crate) fn ask_signing_keys(&mut self, keys: &[LookupKey], gathered: &mut Gathered) -> Step {
        self.ask_new(keys, false, gathered)
    }

    fn ask_new(&mut self, keys: &[LookupKey], counts: bool, gathered: &mut Gathered) -> Step {
        let new = keys.iter().filter(|key| !self.answers.has(key));
        let round = Round {
            keys: new.cloned().collect(),
            also: Vec::new(),
            counts,
            fresh: Vec::new(),
        };
        self.look_up(round, gathered)
    }

    fn look_up(&mut self, round: Round, gathered: &mut Gathered) -> Step {
        let mut hashes = BTreeSet::new();
        hashes.extend(round.keys.iter().map(LookupKey::hash));
        let lookup = Lookup::new(&self.index, hashes);
        if lookup.is_done() {
            return self.read_entries(lookup, round, gathered);
        }
        self.stage = Stage::Lookup(lookup, round);
        Step::More
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Idle => Vec::new(),
            Stage::Lookup(lookup, _) => {
                let files = lookup.next_files(MAX_IN_FLIGHT);
                files.iter().map(IndexFile::path).collect()
            }
            Stage::Entries(_) => self.reader.needs(),
        }
    }

    /// Takes one file in; what the round reads goes to `gathered`.
    pub(crate) fn supply(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        gathered: &mut Gathered,
    ) -> Step {
        match core::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => Step::More,
            Stage::Lookup(mut lookup, round) => {
                let files = lookup.next_files(MAX_IN_FLIGHT);
                let Some(file) = files.into_iter().find(|file| file.path() == path) else {
                    self.stage = Stage::Lookup(lookup, round);
                    return Step::More;
                };
                let Some(bytes) = bytes else {
                    return Step::Log(ScanStep::Missing(path.to_string()));
                };
                if let Err(error) = lookup.supply(&file, &bytes) {
                    return Step::Index(error);
                }
                if lookup.is_done() {
                    return self.read_entries(lookup, round, gathered);
                }
                self.stage = Stage::Lookup(lookup, round);
                Step::More
            }
            Stage::Entries(mut round) => {
                let covered = self.index.covered();
                let (replay, tail) = (&mut self.replay, &mut self.tail);
                let mut visit = |index: u64, leaf_hash: Hash, bytes: &[u8]| {
                    let parsed = event::parse(bytes).ok();
                    let keys = key_hashes(parsed.as_ref());
                    if index == 0 {
                        replay.absorb_first(leaf_hash, parsed.as_ref());
                    }
                    if let Some(tail) = tail
                        .as_mut()
                        .filter(|tail| !tail.is_sealed() && index >= covered)
                    {
                        tail.add(index, &keys);
                        if parsed.is_none() {
                            replay.count_unreadable(1, index);
                        }
                        let is_about_keys = parsed
                            .as_ref()
                            .is_some_and(|parsed| matches!(parsed.event, Event::Key(_)));
                        if !is_about_keys && !gathered.wants(&keys) && !round.also.contains(&index)
                        {
                            return;
                        }
                    }
                    round.fresh.push(index);
                    gathered.keep(index, Held::new(leaf_hash, bytes, keys), parsed.as_ref());
                };
                match self.reader.supply(path, bytes, &mut visit) {
                    ScanStep::More => {
                        self.stage = Stage::Entries(round);
                        Step::More
                    }
                    ScanStep::Done => self.finish_round(round, gathered),
                    fault => Step::Log(fault),
                }
            }
        }
    }

    /// Takes the answer in, and asks for the entries that it and the tail lead to.
    fn read_entries(&mut self, lookup: Lookup, round: Round, gathered: &mut Gathered) -> Step {
        let answer = match lookup.finish() {
            Ok(answer) => answer,
            Err(error) => return Step::Index(error),
        };
        self.answers.add(&round.keys, &answer);
        let mut positions = Vec::new();
        for key in &round.keys {
            let list = self.answers.checked(key);
            let tail = self.tail.iter().flat_map(|tail| tail.of(key.hash()));
            positions.extend(list.iter().copied().chain(tail));
            if round.counts && !RESERVED.contains(&key.kind) {
                self.positions = self.positions.saturating_add(count(list.len()));
            }
        }
        positions.extend(&round.also);
        if self.tail.is_none() {
            positions.extend(self.scanned());
            self.tail = Some(Positions::default());
        }
        positions.retain(|index| gathered.get(*index).is_none());
        positions.sort_unstable();
        positions.dedup();
        if !self.reader.start(positions) {
            return self.finish_round(round, gathered);
        }
        self.stage = Stage::Entries(round);
        Step::More
    }

    /// Holds what was read against what the index says.
    fn finish_round(&mut self, mut round: Round, gathered: &Gathered) -> Step {
        round.fresh.sort_unstable();
        if let Some(tail) = self.tail.as_mut().filter(|tail| !tail.is_sealed()) {
            tail.seal();
            let malformed = self.answers.of(&LookupKey::new(KeyKind::Malformed, ""));
            if let Some(first) = malformed.first() {
                self.replay.count_unreadable(count(malformed.len()), *first);
            }
        }
        let covered = self.index.covered();
        let checked = self
            .answers
            .check(&round.keys, &round.fresh, covered, gathered);
        match checked {
            Ok(()) => Step::Done,
            Err(wrong) => Step::Wrong(wrong),
        }
    }

    /// Of the signing keys that decide about an event, those whose own events were not replayed.
    pub(crate) fn unknown_keys(&self, parsed: &ParsedEntry) -> Vec<LookupKey> {
        let mut keys = signing_keys(parsed);
        // Without a genesis no key is known, whatever its events say.
        keys.retain(|key| self.replay.has_genesis() && !self.replayed.contains(key));
        keys
    }

    /// Replays the events about these signing keys, which were asked for.
    pub(crate) fn replay_keys(&mut self, keys: Vec<LookupKey>, gathered: &Gathered) {
        for key in keys {
            let hash = key.hash();
            let listed = self.answers.of(&key).iter().copied();
            let tail = self.tail.iter().flat_map(|tail| tail.of(hash));
            let mut positions = BTreeSet::new();
            positions.extend(listed.chain(tail));
            if !self.replayed.insert(key) {
                continue;
            }
            // What is at 0 was taken in as the genesis.
            for index in positions.into_iter().filter(|index| *index > 0) {
                let held = gathered.get(index).filter(|held| held.has(&hash));
                if let Some(parsed) = held.and_then(Held::parsed) {
                    self.replay.absorb_key_event(index, &parsed);
                }
            }
        }
    }

    /// Writes down what the index and the tail have shown.
    pub(crate) fn settle(&self, checks: &mut Checks) {
        let detail = "the files of the index are those that the manifest commits to";
        checks.pass(CheckCode::IndexFiles, detail, None);
        let detail =
            "each entry found has the key it was found by, and none that was read was left out";
        checks.pass(CheckCode::IndexPositions, detail, None);
        self.replay.judge_genesis(checks);
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

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Step {
    /// Writes down why a round cannot go on.
    pub(crate) fn settle(self, checks: &mut Checks) {
        match self {
            Self::More | Self::Done => {}
            Self::Log(fault) => fault.settle(checks),
            Self::Index(LookupError::Missing { path }) => head::missing(checks, &path),
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
                let detail = "the files of the index are those that the manifest commits to";
                checks.pass(CheckCode::IndexFiles, detail, None);
                let (detail, evidence) = (wrong.detail(), wrong.evidence());
                let code = CheckCode::IndexPositions;
                checks.fail(code, Class::False, detail, Some(evidence));
            }
        }
    }
}
