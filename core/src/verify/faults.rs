//! Entries that an honest operator would not have let in: no events, or events that were not validly signed when they were
//! logged (`docs/formats/valid-signature.md`, "Faulty entries").
//!
//! Each counts against the log until the admins acknowledge it. The list is bounded; entries beyond it are counted, and
//! nothing acknowledges them.

use alloc::collections::BTreeMap;

use crate::merkle::hash::Hash;
use crate::rules::acknowledgements::Acknowledgements;
use crate::text::limits::MAX_FAULTS;

/// The verdict on an entry that is no event.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Faulty entries, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) entries: BTreeMap<u64, Fault>,
    /// Number of those that are not in the list.
    pub(crate) more: u64,
    /// The first of these.
    pub(crate) first_more: Option<u64>,
}

/// A faulty entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) leaf_hash: Hash,
    /// [`UNREADABLE`], or the verdict on its signatures.
    pub(crate) verdict: &'static str,
}

impl Faults {
    /// Takes in the entry at `index` with this verdict.
    pub(crate) fn add(&mut self, index: u64, leaf_hash: Hash, verdict: &'static str) {
        if self.entries.contains_key(&index) {
            return;
        }
        if self.entries.len() < MAX_FAULTS {
            self.entries.insert(index, Fault { leaf_hash, verdict });
        } else {
            self.add_unread(1, index);
        }
    }

    /// Takes in entries of which only the number is known, the first of them at `first`.
    pub(crate) fn add_unread(&mut self, count: u64, first: u64) {
        self.more = self.more.saturating_add(count);
        let earliest = self.first_more.map_or(first, |other| other.min(first));
        self.first_more = Some(earliest);
    }

    /// Returns the number of all.
    pub(crate) fn count(&self) -> u64 {
        let listed = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        listed.saturating_add(self.more)
    }

    /// Returns the index of the first.
    pub(crate) fn first(&self) -> Option<u64> {
        let listed = self.entries.keys().next().copied();
        [listed, self.first_more].into_iter().flatten().min()
    }

    /// Returns those in the list that the admins did not acknowledge.
    pub(crate) fn unacknowledged(
        &self,
        acknowledgements: &Acknowledgements,
    ) -> impl Iterator<Item = (u64, &'static str)> {
        self.entries
            .iter()
            .filter(|(index, fault)| acknowledgements.of(**index, &fault.leaf_hash).is_none())
            .map(|(index, fault)| (*index, fault.verdict))
    }

    /// Returns the number of those that the admins acknowledged.
    pub(crate) fn acknowledged(&self, acknowledgements: &Acknowledgements) -> u64 {
        let open = u64::try_from(self.unacknowledged(acknowledgements).count());
        self.count()
            .saturating_sub(self.more)
            .saturating_sub(open.unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::leaf_hash;

    #[test]
    fn beyond_the_bound_entries_are_counted() {
        let mut faults = Faults::default();
        let bound = u64::try_from(MAX_FAULTS).unwrap();
        for index in 0..bound + 7 {
            faults.add(index * 2, leaf_hash(b""), UNREADABLE);
            faults.add(0, leaf_hash(b""), UNREADABLE);
        }
        assert_eq!((faults.count(), faults.first()), (bound + 7, Some(0)));
        assert_eq!((faults.more, faults.first_more), (7, Some(bound * 2)));
        let none = Acknowledgements::default();
        assert_eq!(faults.unacknowledged(&none).count(), MAX_FAULTS);
        assert_eq!(faults.acknowledged(&none), 0);
    }
}
