//! The entries that a monitor tells of.

use glasslog_core::event::LookupKey;
use glasslog_core::merkle::Hash;

/// A watch: an artifact, an actor or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The watch as the user wrote it.
    pub text: String,
    hash: Hash,
}

impl Watch {
    /// Watches the entries with this lookup key.
    #[must_use]
    pub fn new(text: String, key: &LookupKey) -> Self {
        let hash = key.hash();
        Self { text, hash }
    }
}

/// Watches; without any, every entry is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watches(pub Vec<Watch>);

impl Watches {
    /// Returns the watches that an entry with these keys meets, as their texts; `*` if there are no watches.
    pub(super) fn matching(&self, keys: &[Hash]) -> Vec<&str> {
        if self.0.is_empty() {
            return vec!["*"];
        }
        let met = self.0.iter().filter(|watch| keys.contains(&watch.hash));
        met.map(|watch| watch.text.as_str()).collect()
    }
}
