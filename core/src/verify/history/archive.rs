//! The archived checkpoints next to the events of a history, which bound the times at which these came into the log
//! (`docs/formats/checkpoint-archive.md`, "Reading").
//!
//! A checkpoint bounds only what the policy accepts and what the tiles show to be the beginning of the reader's tree.
//! Anything else is left out, which makes brackets wider and changes no check.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::fetch::checkpoint_list::CheckpointList;
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::Checkpoint;
use crate::text::limits::{MAX_IN_FLIGHT, MAX_TIME_CHECKPOINTS, MAX_TIME_PAGES};
use crate::tiles::plan::ConsistencyPlan;
use crate::trust::policy::Policy;
use crate::trust::trust_policy::VerifiedCheckpoint;
use crate::verify::history::brackets::Bound;

/// The reading of an archive, under way.
pub(super) struct Archive {
    /// Positions of the events.
    indices: Vec<u64>,
    target: VerifiedCheckpoint,
    stage: Stage,
    /// Sizes that the list and its pages name.
    known: BTreeSet<u64>,
    /// Checkpoints that the policy accepts, each with the plan to show it to be the beginning of the reader's.
    accepted: Vec<(Bound, TreeHead, ConsistencyPlan)>,
    bounds: Vec<Bound>,
}

enum Stage {
    List(Wave),
    Pages(Wave),
    /// Checkpoints, and the sizes of those that were not asked for yet.
    Checkpoints(Wave, Vec<u64>),
    Tiles(Wave),
    Done,
}

impl Archive {
    /// Asks for the checkpoints next to the entries at `indices` of the tree of `target`.
    pub(super) fn new(indices: Vec<u64>, target: VerifiedCheckpoint) -> Self {
        Self {
            indices,
            target,
            stage: Stage::List(Wave::of([LogFile::CheckpointList])),
            known: BTreeSet::new(),
            accepted: Vec::new(),
            bounds: Vec::new(),
        }
    }

    pub(super) fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::List(wave)
            | Stage::Pages(wave)
            | Stage::Checkpoints(wave, _)
            | Stage::Tiles(wave) => wave.needs(),
            Stage::Done => Vec::new(),
        }
    }

    /// Takes one file in. Returns what was found once nothing more is needed.
    pub(super) fn supply(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        policy: &Policy,
        now: u64,
    ) -> Option<Vec<Bound>> {
        let (Stage::List(wave)
        | Stage::Pages(wave)
        | Stage::Checkpoints(wave, _)
        | Stage::Tiles(wave)) = &mut self.stage
        else {
            return Some(core::mem::take(&mut self.bounds));
        };
        if !wave.supply(path, bytes) {
            return None;
        }
        let files = wave.take();
        self.stage = match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::List(_) => self.read_list(&files),
            Stage::Pages(_) => self.read_pages(&files),
            Stage::Checkpoints(_, left) => {
                self.judge(&files, policy, now);
                self.ask(left)
            }
            Stage::Tiles(_) => {
                self.compare(files);
                Stage::Done
            }
            Stage::Done => Stage::Done,
        };
        let is_done = matches!(self.stage, Stage::Done);
        is_done.then(|| core::mem::take(&mut self.bounds))
    }

    fn read_list(&mut self, files: &BTreeMap<LogFile, Vec<u8>>) -> Stage {
        let Some(list) = files
            .values()
            .find_map(|bytes| CheckpointList::parse(bytes))
        else {
            return Stage::Done;
        };
        self.known = list.sizes();
        let mut pages = BTreeSet::new();
        pages.extend(
            self.indices
                .iter()
                .filter_map(|index| list.page_around(*index)),
        );
        if pages.is_empty() {
            return self.choose();
        }
        let pages = thin(pages, MAX_TIME_PAGES);
        Stage::Pages(Wave::of(pages.into_iter().map(LogFile::CheckpointPage)))
    }

    fn read_pages(&mut self, files: &BTreeMap<LogFile, Vec<u8>>) -> Stage {
        let pages = files
            .values()
            .filter_map(|bytes| CheckpointList::parse(bytes));
        for page in pages {
            self.known.append(&mut page.sizes());
        }
        self.choose()
    }

    /// Asks for the checkpoints next to each event.
    fn choose(&mut self) -> Stage {
        let mut sizes = BTreeSet::new();
        for index in &self.indices {
            sizes.extend(self.known.range(..=index).next_back());
            let covering = self.known.range(index.saturating_add(1)..);
            let covering = covering.take_while(|size| **size <= self.target.head().size);
            sizes.extend(covering.take(1));
        }
        self.ask(thin(sizes, MAX_TIME_CHECKPOINTS))
    }

    fn ask(&mut self, mut sizes: Vec<u64>) -> Stage {
        if sizes.is_empty() {
            return self.ask_tiles();
        }
        let left = sizes.split_off(MAX_IN_FLIGHT.min(sizes.len()));
        Stage::Checkpoints(Wave::of(sizes.into_iter().map(LogFile::Archived)), left)
    }

    fn judge(&mut self, files: &BTreeMap<LogFile, Vec<u8>>, policy: &Policy, now: u64) {
        for (file, bytes) in files {
            let Ok(checkpoint) = Checkpoint::parse(bytes) else {
                continue;
            };
            let head = checkpoint.head();
            if *file != LogFile::Archived(head.size) || checkpoint.origin() != self.target.origin()
            {
                continue;
            }
            let verdict = policy.judge(&checkpoint, now);
            if !verdict.accepts() {
                continue;
            }
            if let Ok(plan) = ConsistencyPlan::new(head.size, self.target.head()) {
                let bound = Bound {
                    size: head.size,
                    seen: verdict.seen,
                    as_of: verdict.time,
                };
                self.accepted.push((bound, head, plan));
            }
        }
    }

    fn ask_tiles(&self) -> Stage {
        let mut tiles = BTreeSet::new();
        let plans = self.accepted.iter().map(|(_, _, plan)| plan);
        tiles.extend(plans.flat_map(|plan| plan.tiles().iter().copied().map(LogFile::Tile)));
        match self.accepted.is_empty() {
            true => Stage::Done,
            false => Stage::Tiles(Wave::of(tiles)),
        }
    }

    fn compare(&mut self, files: BTreeMap<LogFile, Vec<u8>>) {
        let tiles = wave::tiles(files);
        let accepted = core::mem::take(&mut self.accepted);
        let is_prefix = |head: &TreeHead, plan: &ConsistencyPlan| {
            plan.finish(&tiles).is_ok_and(|(prefix, _)| prefix == *head)
        };
        let shown = accepted
            .into_iter()
            .filter(|(_, head, plan)| is_prefix(head, plan));
        self.bounds.extend(shown.map(|(bound, ..)| bound));
    }
}

/// At most `most` of the items, evenly chosen.
fn thin(items: BTreeSet<u64>, most: usize) -> Vec<u64> {
    let step = items.len().div_ceil(most).max(1);
    items.into_iter().step_by(step).collect()
}
