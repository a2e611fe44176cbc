//! Moves frozen batches into the store, once the public files of their entries are durable.

use super::store::{Facts, Kind, Problem, Store, Watermark};
use super::{Batch, Dedup, Stored, leaf, levels, locked};
use crate::dedup::error::DedupError;
use crate::error::LogError;
use glasslog_core::merkle::TreeHead;
use glasslog_core::tiles::frontier;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Batches that are moved into the store together: larger runs are merged less often.
const TOGETHER: usize = 4;

impl Dedup {
    /// Moves frozen facts about entries before `end` into the store, if there are enough. The public files of size
    /// `at`, which is not smaller, exist and are durable.
    ///
    /// # Errors
    /// The store cannot be written, or public files cannot be read.
    pub(crate) fn store_before(&self, end: u64, at: u64) -> Result<(), LogError> {
        let mut stored = locked(&self.stored);
        if stored.is_elsewhere {
            return Ok(());
        }
        let batches: Vec<Arc<Batch>> = {
            let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
            let done = recent.frozen.iter().take_while(|batch| batch.end <= end);
            done.cloned().collect()
        };
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
            return Ok(());
        };
        if last.end - first.first < self.bounds.least {
            return Ok(());
        }
        for batches in batches.chunks(TOGETHER) {
            let end = batches.last().map_or(0, |batch| batch.end);
            self.store(&mut stored, batches, end, at)?;
            let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
            recent.frozen.retain(|batch| batch.end > end);
        }
        Ok(())
    }

    /// Moves batches, the last of which ends at `end`.
    fn store(
        &self,
        stored: &mut Stored,
        batches: &[Arc<Batch>],
        end: u64,
        at: u64,
    ) -> Result<(), LogError> {
        let broken = |problem: Problem| {
            LogError::Dedup(DedupError {
                path: self.directory.clone(),
                problem: problem.to_string(),
            })
        };
        let store = match self.store.get() {
            Some(store) => Arc::clone(store),
            None => {
                // An existing store is unusable, or `load` would have opened it.
                remove(&self.directory)
                    .map_err(|error| broken(Problem::Broken(error.to_string())))?;
                let store = Arc::new(Store::open(&self.directory).map_err(broken)?);
                Arc::clone(self.store.get_or_init(|| store))
            }
        };
        let levels = levels(&*self.storage, end, at)?;
        let not_whole = || broken(Problem::Broken(format!("size {end} has no frontier")));
        let range = frontier(end, &levels).ok_or_else(not_whole)?;
        let mut facts = Facts::default();
        for batch in batches {
            for (leaf, index) in &batch.leaves {
                facts.index(Kind::Leaf, leaf, *index);
            }
            for (payload, index) in &batch.events.payloads {
                facts.index(Kind::Payload, payload, *index);
            }
            for (name, binding) in &batch.events.names {
                facts.index(Kind::Name, name, binding.at);
            }
            for index in &batch.events.keys {
                facts.key_event(*index, leaf(&*self.storage, *index)?);
            }
        }
        let watermark = Watermark {
            head: TreeHead {
                size: end,
                root: range.root(),
            },
            facts: self.facts.load(Ordering::Relaxed) + facts.count(),
            origin: self.origin,
        };
        store.add(facts, &watermark).map_err(broken)?;
        self.facts.store(watermark.facts, Ordering::Relaxed);
        stored.size = end;
        Ok(())
    }
}

/// Removes a store; a missing one is not an error.
pub(super) fn remove(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
