//! Registrations: the first registration of `name@version` binds it to digests (docs/formats/events.md,
//! "Registration").
//!
//! Admission refuses a later registration with other digests. Verifiers derive the conflict themselves, because an
//! operator could have admitted it.

use crate::event::action::Action;
use crate::event::event::ParsedEntry;
use crate::event::lookup_key;
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};

/// The bindings of names at some position of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registrations {
    bound: BTreeMap<String, Binding>,
}

/// The first registration of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Index of that registration.
    pub at: u64,
    /// Hex SHA-256 of every subject with the name.
    pub digests: BTreeSet<String>,
}

/// A registration of a name that is bound to other digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterConflict {
    /// The name and version.
    pub name: String,
    /// Index of the registration that binds it.
    pub first: u64,
}

impl Registrations {
    /// Starts without bindings.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bound: BTreeMap::new(),
        }
    }

    /// Starts from earlier bindings.
    pub(crate) const fn from_bound(bound: BTreeMap<String, Binding>) -> Self {
        Self { bound }
    }

    /// Returns all names with their bindings.
    pub(crate) const fn bound(&self) -> &BTreeMap<String, Binding> {
        &self.bound
    }

    /// Returns the binding of a name.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bound.get(name)
    }

    /// Checks that the entry binds no bound name to other digests.
    ///
    /// # Errors
    /// [`RegisterConflict`] with the first such name.
    pub fn check(&self, entry: &ParsedEntry) -> Result<(), RegisterConflict> {
        check(entry, |name| self.bound.get(name).map(Cow::Borrowed))
    }

    /// Binds a name, unless it is bound already.
    pub fn bind(&mut self, name: &str, binding: Binding) {
        self.bound.entry(name.to_string()).or_insert(binding);
    }

    /// Applies the entry at `index`, which a valid key must have signed. Entries must come in log order.
    ///
    /// Bound names keep their binding; the other names of a conflicting registration are bound.
    ///
    /// # Errors
    /// [`RegisterConflict`] with the first name that is bound to other digests.
    pub fn apply(&mut self, index: u64, entry: &ParsedEntry) -> Result<(), RegisterConflict> {
        let checked = self.check(entry);
        for (name, digests) in bindings(entry) {
            self.bind(name, Binding { at: index, digests });
        }
        checked
    }
}

/// Checks that the entry binds no name to other digests than those in `bound`.
///
/// # Errors
/// [`RegisterConflict`] with the first such name.
pub(crate) fn check<'a>(
    entry: &ParsedEntry,
    bound: impl Fn(&str) -> Option<Cow<'a, Binding>>,
) -> Result<(), RegisterConflict> {
    for (name, digests) in bindings(entry) {
        if let Some(binding) = bound(name)
            && binding.digests != digests
        {
            return Err(RegisterConflict {
                name: name.to_string(),
                first: binding.at,
            });
        }
    }
    Ok(())
}

/// Returns each `name@version` with the digests that a successful registration binds it to; names without a version are
/// not bound.
#[must_use]
pub fn bindings(entry: &ParsedEntry) -> BTreeMap<&str, BTreeSet<String>> {
    let mut bound: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    if registers(entry) {
        for subject in &entry.subjects {
            if lookup_key::base_name(&subject.name) != subject.name {
                let digests = bound.entry(&subject.name).or_default();
                digests.insert(subject.sha256().to_string());
            }
        }
    }
    bound
}

/// Returns name and SHA-256 of each subject of a successful registration; names without a version are among them.
pub(crate) fn registrations(entry: &ParsedEntry) -> impl Iterator<Item = (&str, String)> {
    let subjects = entry.subjects.iter().filter(move |_| registers(entry));
    subjects.map(|subject| (subject.name.as_str(), subject.sha256().to_string()))
}

fn registers(entry: &ParsedEntry) -> bool {
    entry
        .access()
        .is_some_and(|access| access.action == Action::Register && access.is_success())
}
