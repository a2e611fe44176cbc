//! Facts about consecutive entries that are in memory and not yet in the store.

use glasslog_core::merkle::Hash;
use glasslog_core::rules::Binding;
use std::collections::HashMap;
use std::mem;

/// Facts about the entries `first..end`.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) first: u64,
    pub(crate) end: u64,
    /// Indices by leaf hash.
    pub(crate) leaves: HashMap<Hash, u64>,
    /// Facts about events, in a log of events.
    pub(crate) events: Events,
}

/// Facts about events.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// First indices by payload digest.
    pub(crate) payloads: HashMap<Hash, u64>,
    /// Bindings by the SHA-256 of the name.
    pub(crate) names: HashMap<Hash, Binding>,
    /// Indices of key events.
    pub(crate) keys: Vec<u64>,
}

impl Events {
    /// Takes the facts about entries before `end`.
    pub(crate) fn split(&mut self, end: u64) -> Self {
        let (keys, rest) = mem::take(&mut self.keys)
            .into_iter()
            .partition(|index| *index < end);
        self.keys = rest;
        let rest = self.payloads.extract_if(|_, index| *index >= end).collect();
        let payloads = mem::replace(&mut self.payloads, rest);
        let rest = self
            .names
            .extract_if(|_, binding| binding.at >= end)
            .collect();
        let names = mem::replace(&mut self.names, rest);
        Self {
            payloads,
            names,
            keys,
        }
    }
}
