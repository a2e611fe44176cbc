//! Memory of admission: the payloads that a log has, and the names that are bound.

use crate::merkle::hash::Hash;
use crate::rules::registration::{Binding, Registrations};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;

/// The memory of a log about its events, without their keys. It grows with the log, so a log may keep it elsewhere.
///
/// A memory that fails answers that it knows nothing; the caller that supplied it must then discard every answer.
pub trait Memory {
    /// Returns the index of the first event with this payload.
    fn payload(&self, digest: &Hash) -> Option<u64>;

    /// Returns the last binding of a version, or of a bare name by its key (`registration::owned`).
    fn binding(&self, name: &str) -> Option<Cow<'_, Binding>>;

    /// Remembers the index of a payload, unless it has one.
    fn note_payload(&mut self, digest: Hash, index: u64);

    /// Remembers the binding of a name; an earlier one has ended.
    fn bind(&mut self, name: &str, binding: Binding);

    /// Remembers that the entry at `index` is the genesis or a key event; the keys are restored from these.
    fn note_key_event(&mut self, _index: u64) {}
}

/// A memory that consists of maps.
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
