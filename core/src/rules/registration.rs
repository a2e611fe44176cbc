//! Registrations: the first one of `name@version` binds it to digests (docs/formats/events.md, "Registration").
//!
//! Admission refuses a second one with other digests; verifiers derive the conflict all the same, for an operator could
//! have admitted it.

use crate::event::action::Action;
use crate::event::event::ParsedEntry;
use crate::event::lookup_key;
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};

/// What names are bound to, as of some position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registrations {
    bound: BTreeMap<String, Binding>,
}

/// What the first registration of a name said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Index of that registration.
    pub at: u64,
    /// Hex SHA-256 of every subject that it gives the name to.
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
    /// Starts with nothing bound.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bound: BTreeMap::new(),
        }
    }

    /// Starts from what was bound before.
    pub(crate) const fn from_bound(bound: BTreeMap<String, Binding>) -> Self {
        Self { bound }
    }

    /// All names and what they are bound to.
    pub(crate) const fn bound(&self) -> &BTreeMap<String, Binding> {
        &self.bound
    }

    /// Returns what a name is bound to.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bound.get(name)
    }

    /// Tells whether the entry would bind a name otherwise than it is bound.
    ///
    /// # Errors
    /// [`RegisterConflict`] with the first such name.
    pub fn check(&self, entry: &ParsedEntry) -> Result<(), RegisterConflict> {
        check(entry, |name| self.bound.get(name).map(Cow::Borrowed))
    }

    /// Binds a name, unless it is bound.
    pub fn bind(&mut self, name: &str, binding: Binding) {
        self.bound.entry(name.to_string()).or_insert(binding);
    }

    /// Takes in the entry at `index`, which a valid key signed. Entries must come in log order.
    ///
    /// Names that are bound stay so; other names of a conflicting registration are bound.
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

/// Tells whether the entry would bind a name otherwise than it is `bound`.
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

/// Name, version and digests that a successful registration binds; a name without a version is bound to nothing.
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
