//! Look-up of frozen facts: in the batches in memory, then in the store, whose answers are compared with the log.

use super::store::Kind;
use super::{Batch, Dedup, leaf, locked, public};
use crate::error::LogError;
use glasslog_core::event;
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::rules::{Binding, candidate};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// The source of a found fact.
enum Found<T> {
    Batch(T),
    Store(u64),
}

impl Dedup {
    /// Returns the index of the entry with this leaf hash, if it was frozen.
    pub(crate) fn leaf(&self, hash: &Hash) -> Option<u64> {
        let in_batch = |batch: &Batch| batch.leaves.get(hash).copied();
        match self.recall(Kind::Leaf, hash, in_batch)? {
            Found::Batch(index) => Some(index),
            Found::Store(index) => self.proven(leaf(&*self.storage, index).map(|leaf| {
                let is_there = leaf == *hash;
                is_there.then_some(index)
            })),
        }
    }

    /// Returns the first index of a payload, if it was frozen.
    pub(crate) fn payload(&self, digest: &Hash) -> Option<u64> {
        let in_batch = |batch: &Batch| batch.events.payloads.get(digest).copied();
        match self.recall(Kind::Payload, digest, in_batch)? {
            Found::Batch(index) => Some(index),
            Found::Store(index) => self.proven(public::entry(&*self.storage, index).map(|entry| {
                let entry = event::parse(&entry).ok();
                let is_there =
                    entry.is_some_and(|entry| entry.envelope.payload_digest() == *digest);
                is_there.then_some(index)
            })),
        }
    }

    /// Returns the last binding of the name with this SHA-256, if it was frozen.
    pub(crate) fn binding(&self, name: &Hash) -> Option<Binding> {
        let in_batch = |batch: &Batch| batch.events.names.get(name).cloned();
        match self.recall(Kind::Name, name, in_batch)? {
            Found::Batch(binding) => Some(binding),
            Found::Store(at) => self.proven(public::entry(&*self.storage, at).map(|entry| {
                let entry = event::parse(&entry).ok()?;
                candidate(at, &entry, |bound| sha256(bound.as_bytes()) == *name)
            })),
        }
    }

    fn recall<T>(
        &self,
        kind: Kind,
        hash: &Hash,
        in_batch: impl Fn(&Batch) -> Option<T>,
    ) -> Option<Found<T>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let is_complete = self.is_complete.load(Ordering::Acquire);
        if let Some(filter) = recent.filter.as_ref().filter(|_| is_complete)
            && !filter.may_have(hash)
        {
            return None;
        }
        if let Some(found) = recent.frozen.iter().rev().find_map(|batch| in_batch(batch)) {
            return Some(Found::Batch(found));
        }
        drop(recent);
        let store = self.store.get()?;
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.bounds.patience {
            self.begin_filter(store);
        }
        let found = store.get(kind, hash).unwrap_or_else(|problem| {
            self.fail(&problem.to_string());
            None
        });
        found.map(Found::Store)
    }

    /// Verifies a fact of the store in the log; a store that contradicts the log is not read again.
    fn proven<T>(&self, found: Result<Option<T>, LogError>) -> Option<T> {
        match found {
            Ok(Some(found)) => Some(found),
            Ok(None) => {
                self.fail("one of its facts is false");
                None
            }
            Err(error) => {
                locked(&self.failure).get_or_insert(error);
                None
            }
        }
    }
}
