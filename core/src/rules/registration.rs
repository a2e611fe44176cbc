//! Registrations: the registration that binds a name, as a fold over the entries of a log (docs/formats/bindings.md).
//!
//! The first registration with effect binds `name@version` to digests, and makes its actor the owner of the bare name. A
//! registration by a key that was compromised is withdrawn from the report on: it frees its names, which their owner or
//! the admins may bind again. Admission refuses what the rules forbid. Verifiers derive it themselves, because an operator
//! could have admitted it.

use crate::event::action::Action;
use crate::event::event::ParsedEntry;
use crate::event::lookup_key::base_name;
use crate::rules::keyring::Keyring;
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The bindings of names at some position of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registrations {
    bound: BTreeMap<String, Binding>,
}

/// The registration that binds a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Index of that registration.
    pub at: u64,
    /// Hex SHA-256 of every subject with the name; empty for a bare name, which has an owner and no content.
    pub digests: BTreeSet<String>,
    /// The actor of that registration, who owns a bare name.
    pub actor: String,
    /// The keys that its signatures name. Their state decides whether it is withdrawn.
    pub signers: Vec<String>,
}

impl Binding {
    /// Returns the index of the key event that withdrew the registration: the report that its signers' keys were compromised
    /// at its index. `None` while one of the keys was not, as of the position of the keyring.
    pub(crate) fn withdrawn_at(&self, keyring: &Keyring) -> Option<u64> {
        let mut withdrawn = None;
        for keyid in &self.signers {
            let status = keyring.key_validity_at(self.at, keyid, Some(&self.actor));
            if status.is_valid() {
                return None;
            }
            withdrawn = withdrawn.max(status.withdrawn_at());
        }
        withdrawn
    }
}

/// A rule about names that a registration breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterConflict {
    /// A name is bound to other digests.
    Bound {
        /// The name and version.
        name: String,
        /// Index of the registration that binds it.
        first: u64,
    },
    /// A name was freed, and the actor is not its owner.
    Freed {
        /// The name and version.
        name: String,
        /// Index of the registration that was withdrawn.
        withdrawn: u64,
        /// The owner of the bare name; `None` leaves the name to the admins.
        owner: Option<String>,
    },
}

impl RegisterConflict {
    /// Returns the name and version.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Bound { name, .. } | Self::Freed { name, .. } => name,
        }
    }
}

/// The effect of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// The names that it binds: versions, and the bare names that it makes owned.
    pub bound: Vec<(String, Binding)>,
    /// The first rule that it breaks. Its other names are bound all the same.
    pub conflict: Option<RegisterConflict>,
    /// True if it makes a bare name owned; the event then states `newName`.
    pub is_new_name: bool,
}

impl Registered {
    /// Tells whether the event states `newName` exactly if it makes a bare name owned.
    #[must_use]
    pub fn states_new_name(&self, entry: &ParsedEntry) -> bool {
        entry.access().is_some_and(|access| access.new_name) == self.is_new_name
    }
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

    /// Returns all names with their bindings, also those that were withdrawn.
    pub(crate) const fn bound(&self) -> &BTreeMap<String, Binding> {
        &self.bound
    }

    /// Returns the last binding of a version, or of a bare name by its [key](owned). It may be withdrawn since.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bound.get(name)
    }

    /// Returns the binding in force at the position of the keyring.
    #[must_use]
    pub fn in_force(&self, name: &str, keyring: &Keyring) -> Option<&Binding> {
        let binding = self.bound.get(name)?;
        binding.withdrawn_at(keyring).is_none().then_some(binding)
    }

    /// Binds a name; an earlier binding of it has ended.
    pub fn bind(&mut self, name: &str, binding: Binding) {
        self.bound.insert(name.to_string(), binding);
    }

    /// Applies the entry at `index`, which a key valid there must have signed, and which must be no copy of an earlier one.
    /// Entries must come in log order; the keyring may be of a later position.
    pub fn apply(&mut self, index: u64, entry: &ParsedEntry, keyring: &Keyring) -> Registered {
        let registered = effect(index, entry, keyring, |name| {
            self.bound.get(name).map(Cow::Borrowed)
        });
        for (name, binding) in &registered.bound {
            self.bind(name, binding.clone());
        }
        registered
    }
}

/// Returns the effect that the entry has at `index` if `bound` gives the last binding of each name before it.
pub(crate) fn effect<'a>(
    index: u64,
    entry: &ParsedEntry,
    keyring: &Keyring,
    bound: impl Fn(&str) -> Option<Cow<'a, Binding>>,
) -> Registered {
    let mut registered = Registered::default();
    let Some(access) = entry.access().filter(|_| registers(entry)) else {
        return registered;
    };
    // A report takes effect after its index, so a registration at a later one finds the name free.
    let stands = |binding: &Binding| binding.withdrawn_at(keyring).is_none_or(|at| at > index);
    let by_admins = keyring.is_countersigned(entry);
    let mut bare_names = BTreeMap::new();
    for (name, binding) in versions(index, entry) {
        let bare = owned(base_name(name));
        let conflict = match bound(name) {
            None => None,
            Some(first) if stands(&first) => {
                if first.digests != binding.digests {
                    let (name, first) = (name.to_string(), first.at);
                    let conflict = RegisterConflict::Bound { name, first };
                    registered.conflict.get_or_insert(conflict);
                }
                continue;
            }
            Some(freed) => {
                // A reader that has not read the bare name's registrations does not know its owner.
                let owner = bound(&bare).map(|owner| stands(&owner).then(|| owner.actor.clone()));
                let is_owner = owner
                    .as_ref()
                    .is_none_or(|owner| owner.as_ref() == Some(&access.actor.id));
                (!by_admins && !is_owner).then(|| RegisterConflict::Freed {
                    name: name.to_string(),
                    withdrawn: freed.at,
                    owner: owner.flatten(),
                })
            }
        };
        match conflict {
            Some(conflict) => {
                registered.conflict.get_or_insert(conflict);
            }
            None => {
                let owner = Binding {
                    digests: BTreeSet::new(),
                    ..binding.clone()
                };
                bare_names.insert(bare, owner);
                registered.bound.push((name.to_string(), binding));
            }
        }
    }
    for (bare, owner) in bare_names {
        let becomes_owned = match bound(&bare) {
            None => true,
            // Without its owner, a freed bare name is the admins' to give.
            Some(owner) => by_admins && !stands(&owner),
        };
        if becomes_owned {
            registered.is_new_name = true;
            registered.bound.push((bare, owner));
        }
    }
    registered
}

/// Returns the key of a bare name's owner among the bindings: the name and a space, which no name contains.
#[must_use]
pub fn owned(bare_name: &str) -> String {
    let mut key = bare_name.to_string();
    key.push(' ');
    key
}

/// Returns each `name@version` that the entry at `at` could bind, with its binding; none unless it is a successful
/// registration.
#[must_use]
pub fn versions(at: u64, entry: &ParsedEntry) -> BTreeMap<&str, Binding> {
    let mut found: BTreeMap<&str, Binding> = BTreeMap::new();
    let Some(access) = entry.access().filter(|_| registers(entry)) else {
        return found;
    };
    let signatures = entry.envelope.signatures().iter();
    let empty = Binding {
        at,
        digests: BTreeSet::new(),
        actor: access.actor.id.clone(),
        signers: signatures
            .map(|signature| signature.keyid.clone())
            .collect(),
    };
    for subject in &entry.subjects {
        if base_name(&subject.name) != subject.name {
            let binding = found.entry(&subject.name).or_insert_with(|| empty.clone());
            binding.digests.insert(subject.sha256().to_string());
        }
    }
    found
}

/// Returns the binding that the entry at `at` could give the name with this key; see [`owned`].
#[must_use]
pub fn candidate(at: u64, entry: &ParsedEntry, is_key: impl Fn(&str) -> bool) -> Option<Binding> {
    versions(at, entry).into_iter().find_map(|(name, binding)| {
        let digests = if is_key(name) {
            binding.digests
        } else if is_key(&owned(base_name(name))) {
            BTreeSet::new()
        } else {
            return None;
        };
        Some(Binding { digests, ..binding })
    })
}

/// Tells whether the entry is a successful registration.
pub(crate) fn registers(entry: &ParsedEntry) -> bool {
    entry
        .access()
        .is_some_and(|access| access.action == Action::Register && access.is_success())
}
