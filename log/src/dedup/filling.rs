//! Fills the filter with the hashes of an opened store, in a thread.

use super::filter::Filter;
use super::store::Store;
use super::{Batch, Dedup, locked};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};

/// A thread that reads the store's hashes into the filter.
#[derive(Debug, Default)]
pub(super) struct Filling {
    pub(super) thread: Option<JoinHandle<()>>,
    has_begun: bool,
}

impl Dedup {
    /// Begins to build the filter: until it has all hashes of the store, every look-up reads the store.
    pub(super) fn begin_filter(&self, store: &Arc<Store>) {
        let mut filling = locked(&self.filling);
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        if filling.has_begun || recent.filter.is_some() {
            return;
        }
        filling.has_begun = true;
        // Facts that are moved into the store from now on are in a batch here, or are frozen later.
        let facts = self.facts.load(Ordering::Relaxed) as usize;
        let mut filter = Filter::new(facts + facts / 2);
        filter.reserve(facts);
        recent
            .frozen
            .iter()
            .for_each(|batch| add_all(&mut filter, batch));
        let Some(layer) = filter.first() else { return };
        recent.filter = Some(filter);
        let (store, stop) = (Arc::clone(store), Arc::clone(&self.stop));
        let is_complete = Arc::clone(&self.is_complete);
        let thread = thread::Builder::new().name("filter".into());
        // Without a thread, or with an unreadable store, the filter stays incomplete and every look-up reads the store.
        filling.thread = thread
            .spawn(move || {
                if store.fill(&layer, &stop) == Ok(true) {
                    is_complete.store(true, Ordering::Release);
                }
            })
            .ok();
    }
}

/// Adds the hashes of a batch.
pub(super) fn add_all(filter: &mut Filter, batch: &Batch) {
    batch.leaves.keys().for_each(|hash| filter.add(hash));
    batch
        .events
        .payloads
        .keys()
        .for_each(|hash| filter.add(hash));
    batch.events.names.keys().for_each(|hash| filter.add(hash));
}
