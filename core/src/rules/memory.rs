//! Memory of admission: which payloads a log has, and which names are bound.

use crate::merkle::hash::Hash;
use crate::rules::registration::{Binding, Registrations};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;

/// What a log remembers of its events, besides their keys. It grows with the log, so a log may keep it elsewhere.
///
/// A memory that fails says that it knows nothing; whoever gave it must then take no answer that came from it.
pub trait Memory {
    /// Returns the index of the first event with this payload.
    fn payload(&self, digest: &Hash) -> Option<u64>;

    /// Returns what a name is bound to.
    fn binding(&self, name: &str) -> Option<Cow<'_, Binding>>;

    /// Remembers the index of a payload, unless it has one.
    fn note_payload(&mut self, digest: Hash, index: u64);

    /// Remembers what a name is bound to, unless it is bound.
    fn bind(&mut self, name: &str, binding: Binding);

    /// Remembers that the entry at `index` is the genesis or a key event: from these the keys can be known again.
    fn note_key_event(&mut self, _index: u64) {}
}

/// A memory of maps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InMemory {
    payloads: BTreeMap<Hash, u64>,
    pub(crate) registrations: Registrations,
}

impl Memory for InMemory {
    fn payload(&self, digest: &Hash) -> Option<u64> {
        self.payloads.get(digest).copied()
    }

    fn binding(&self, name: &str) -> Option<Cow<'_, Binding>> {
        self.registrations.binding(name).map(Cow::Borrowed)
    }

    fn note_payload(&mut self, digest: Hash, index: u64) {
        self.payloads.entry(digest).or_insert(index);
    }

    fn bind(&mut self, name: &str, binding: Binding) {
        self.registrations.bind(name, binding);
    }
}
