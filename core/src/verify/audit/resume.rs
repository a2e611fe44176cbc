//! An audit that continues from the state of an earlier one: is the log still that log, and what is new in it?

use core::sync::atomic::Ordering;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::state::{AuditState, keys_of};
use super::{AuditQuery, Stage};
use crate::event::event::ParsedEntry;
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::index::format::run_head::RunHead;
use crate::merkle::hash::Hash;
use crate::merkle::proof::ConsistencyProof;
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::Checkpoint;
use crate::report::check::CheckCode;
use crate::report::evidence::Evidence;
use crate::report::words::entries;
use crate::tiles::plan::ConsistencyPlan;
use crate::tiles::width::FULL_WIDTH;
use crate::trust::trust_policy::VerifiedCheckpoint;
use crate::verify::audit::signatures::Judge;
use crate::verify::checkpoint_checks::missing;
use crate::verify::consistency::{extends, inconsistent};
use crate::verify::event_state::EventState;

/// An earlier state, and notes for the next one.
pub(super) struct Resumption {
    state: Option<AuditState>,
    /// The genesis and the key events that matter, by position.
    entries: BTreeMap<u64, Vec<u8>>,
    /// The first entry that was read this time.
    first: u64,
    fork: Option<Fork>,
}

/// Two checkpoints that one log signed and that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The smaller one, or the one seen first.
    pub old: Checkpoint,
    /// The other one.
    pub new: Checkpoint,
    /// The root that the newer tree has at the older size.
    pub root: Hash,
    /// Shows that.
    pub proof: ConsistencyProof,
}

impl Fork {
    /// Two heads of one size.
    #[must_use]
    pub fn of_one_size(old: Checkpoint, new: Checkpoint) -> Self {
        let size = new.head().size;
        // There is nothing to read for a proof from a tree to itself.
        let nothing = |_| Err(ProofError::IndexOutOfRange { index: size, size });
        let proof = ConsistencyProof::prove(size, size, nothing);
        Self {
            root: new.head().root,
            proof: proof.unwrap_or_default(),
            old,
            new,
        }
    }
}

impl Resumption {
    pub(super) fn new(state: Option<AuditState>) -> Self {
        let entries = state.as_ref().map(|state| state.events.entries.clone());
        Self {
            entries: entries.unwrap_or_default(),
            state,
            first: 0,
            fork: None,
        }
    }

    pub(super) fn keep(&mut self, at: u64, entry: Option<&ParsedEntry>) {
        if let Some(entry) = entry {
            self.entries.insert(at, entry.envelope.encode());
        }
    }
}

impl AuditQuery {
    fn earlier(&self) -> Option<&AuditState> {
        self.resumption.as_ref()?.state.as_ref()
    }

    /// Entries before this one were judged by an earlier audit.
    pub(super) fn vouched(&self) -> u64 {
        self.earlier().map_or(0, AuditState::read)
    }

    /// Evidence that the log is not the one that an earlier audit has read.
    #[must_use]
    pub fn fork(&self) -> Option<&Fork> {
        self.resumption.as_ref()?.fork.as_ref()
    }

    /// The state of the earlier audit, if this one continues from it.
    #[must_use]
    pub fn resumed(&self) -> Option<&AuditState> {
        self.earlier()
    }

    /// Asks for the tiles that show that the log is still the one of the state.
    pub(super) fn compare_with_state(&mut self, verified: &VerifiedCheckpoint) {
        let Some(state) = self.earlier() else {
            return self.after_consistency();
        };
        let (old, head) = (state.checkpoint.head(), verified.head());
        if state.checkpoint.origin() != verified.origin() {
            let evidence = Evidence::new().with("origin", state.checkpoint.origin().as_str());
            let detail = format!(
                "the state is about the log `{}`, not `{}`",
                state.checkpoint.origin(),
                verified.origin()
            );
            let checks = &mut self.verification.checks;
            checks.unknown(CheckCode::AuditState, detail, Some(evidence));
            return self.conclude(false);
        }
        if old == head || old.size == 0 {
            return self.restore(&old, &head);
        }
        if old.size == head.size {
            let fork = Fork::of_one_size(state.checkpoint.clone(), self.shown_or(state));
            return self.accuse(&old, fork);
        }
        if head.size == 0 {
            return self.rolled_back(&old, &head);
        }
        let (size, larger) = match old.size < head.size {
            true => (old.size, head),
            false => (head.size, old),
        };
        match ConsistencyPlan::new(size, larger) {
            Ok(plan) => {
                let wave = Wave::of(plan.tiles().iter().copied().map(LogFile::Tile));
                self.stage = Stage::Consistency(plan, wave);
            }
            Err(error) => self.refuse_tile(&error),
        }
    }

    fn shown_or(&self, state: &AuditState) -> Checkpoint {
        let shown = self.shown.as_ref().unwrap_or(&state.checkpoint);
        shown.clone()
    }

    pub(super) fn read_consistency(&mut self, plan: &ConsistencyPlan, mut wave: Wave) {
        let head = self.head().unwrap_or_else(TreeHead::empty);
        let Some(state) = self.earlier() else {
            return self.conclude(false);
        };
        let (old, seen, shown) = (
            state.checkpoint.head(),
            state.checkpoint.clone(),
            self.shown_or(state),
        );
        let is_older = head.size < old.size;
        if let Some(path) = wave.missing() {
            // A host that was rolled back need not have the tiles of what it had.
            if is_older {
                return self.rolled_back(&old, &head);
            }
            missing(&mut self.verification.checks, path);
            return self.conclude(false);
        }
        let (prefix, proof) = match plan.finish(&wave::tiles(wave.take())) {
            Ok(found) => found,
            Err(_) if is_older => return self.rolled_back(&old, &head),
            Err(error) => return self.refuse_tile(&error),
        };
        let (smaller, first, second) = match is_older {
            true => (head, shown, seen),
            false => (old, seen, shown),
        };
        if prefix.root != smaller.root {
            let fork = Fork {
                old: first,
                new: second,
                root: prefix.root,
                proof,
            };
            return self.accuse(&smaller, fork);
        }
        match is_older {
            true => self.rolled_back(&old, &head),
            false => self.restore(&old, &head),
        }
    }

    fn accuse(&mut self, smaller: &TreeHead, fork: Fork) {
        inconsistent(&mut self.verification.checks, smaller, &fork.root);
        if let Some(resumption) = &mut self.resumption {
            resumption.fork = Some(fork);
        }
        self.conclude(false);
    }

    fn rolled_back(&mut self, old: &TreeHead, shown: &TreeHead) {
        let evidence = Evidence::new()
            .with("vouched", old.size)
            .with("shown", shown.size);
        let detail = format!(
            "an earlier audit saw {}, but the log shows {}: it was rolled back, or this is an old copy of it",
            entries(old.size),
            shown.size
        );
        let checks = &mut self.verification.checks;
        checks.unknown(CheckCode::AuditState, detail, Some(evidence));
        self.conclude(false);
    }

    /// Takes over what the state says.
    fn restore(&mut self, old: &TreeHead, head: &TreeHead) {
        extends(&mut self.verification.checks, old, head);
        if let Some(state) = self.resumption.as_ref().and_then(|it| it.state.as_ref()) {
            self.key_history.restore(&state.events, state.read);
            self.judge = Judge::restore(&state.events);
            if state.read > 0 && !self.key_history.has_genesis() {
                self.without_events.store(true, Ordering::Relaxed);
            }
            if let (Some(index), Some(index_state)) = (&mut self.index, &state.index) {
                index.resume(index_state, state.read);
            }
        }
        self.after_consistency();
    }

    /// Position from which to read: the new entries, and earlier ones that the index needs.
    pub(super) fn first_to_read(&mut self) -> u64 {
        let vouched = self.vouched();
        let first = match &mut self.index {
            Some(index) => index.first_to_read(vouched),
            None => vouched - vouched % u64::from(FULL_WIDTH),
        };
        if let Some(resumption) = &mut self.resumption {
            resumption.first = first;
        }
        first
    }

    /// Says which entries were read this time, and which by an earlier audit.
    pub(super) fn record_state(&mut self) {
        let Some(resumption) = &self.resumption else {
            return;
        };
        let (vouched, first, size) = (self.vouched(), resumption.first, self.size());
        let detail = match vouched {
            0 => "no earlier audit vouches for any entry: every entry was read".into(),
            _ => format!(
                "an earlier audit vouches for the first {}; this one read the entries from {first} on",
                entries(vouched)
            ),
        };
        let evidence = Evidence::new()
            .with("vouched", vouched)
            .with("from", first)
            .with("upTo", size);
        let checks = &mut self.verification.checks;
        checks.pass(CheckCode::AuditState, detail, Some(evidence));
    }

    /// State from which the next audit continues: while entries are read, after every answer has come; or at the end.
    /// `sums` are those of the index, and `superseded` its older runs of which files are there. `None` if anything found
    /// so far is wrong or not fully known.
    #[must_use]
    pub fn state(
        &self,
        sums: Option<(&[u8; 16], &[u128])>,
        superseded: Vec<RunHead>,
    ) -> Option<AuditState> {
        let resumption = self.resumption.as_ref()?;
        let is_whole = matches!(self.stage, Stage::Index);
        if !is_whole && !matches!(self.stage, Stage::Bundles(_)) || self.read < self.vouched() {
            return None;
        }
        let mut events = EventState::default();
        if !self.judge.save(&mut events) {
            return None;
        }
        self.key_history.save(&mut events);
        events.counts.entries = self.read;
        events.entries.clone_from(&resumption.entries);
        let index = match &self.index {
            None => None,
            Some(index) => Some(index.save(is_whole, self.read, sums, superseded)?),
        };
        Some(AuditState {
            keys: keys_of(self.policy()?),
            checkpoint: self.shown.clone()?,
            read: self.read,
            events,
            index,
        })
    }
}
