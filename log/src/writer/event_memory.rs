//! The facts about earlier events that the rules of admission need.

use crate::dedup::{Dedup, Events};
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::rules::{Binding, Memory};
use std::borrow::Cow;
use std::sync::Arc;

/// Facts about the events of a log: the newest in memory, the others in the table.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) dedup: Arc<Dedup>,
    pub(super) newest: Events,
}

impl Memory for Remembered {
    fn payload(&self, digest: &Hash) -> Option<u64> {
        let newest = self.newest.payloads.get(digest).copied();
        newest.or_else(|| self.dedup.payload(digest))
    }

    fn binding(&self, name: &str) -> Option<Cow<'_, Binding>> {
        let name = sha256(name.as_bytes());
        match self.newest.names.get(&name) {
            Some(binding) => Some(Cow::Borrowed(binding)),
            None => self.dedup.binding(&name).map(Cow::Owned),
        }
    }

    fn note_payload(&mut self, digest: Hash, index: u64) {
        // Admission has looked it up before.
        self.newest.payloads.entry(digest).or_insert(index);
    }

    fn bind(&mut self, name: &str, binding: Binding) {
        self.newest.names.insert(sha256(name.as_bytes()), binding);
    }

    fn note_key_event(&mut self, index: u64) {
        self.newest.keys.push(index);
    }
}
