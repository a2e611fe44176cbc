//! Whose events must count for a history to be verified (docs/formats/valid-signature.md, "Whose events must count").
//!
//! An actor without rights over an artifact never changes the outcome of its history. The operator is no actor:
//! an event that was not validly signed when it was logged is the operator's doing, and always counts against the log.

use crate::event::lookup_key::{KeyKind, LookupKey, base_name};
use crate::rules::keyring::Keyring;
use crate::rules::registration::{Registered, owned};
use crate::rules::signature_status::SignatureStatus;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// A registration that bound a name when it was logged, or made a bare name owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) name: String,
    /// Hex SHA-256 of every subject with the name.
    pub(crate) digests: BTreeSet<String>,
    pub(crate) actor: String,
    pub(crate) at: u64,
    /// True if a key event withdrew it later.
    pub(crate) is_withdrawn: bool,
}

impl Bound {
    /// The names that a registration bound, withdrawn or not as of the position of the keyring.
    pub(crate) fn by(registered: &Registered, keyring: &Keyring) -> impl Iterator<Item = Self> {
        let bound = registered.bound.iter().cloned();
        bound.map(|(name, binding)| Self {
            name,
            is_withdrawn: binding.withdrawn_at(keyring).is_some(),
            digests: binding.digests,
            actor: binding.actor,
            at: binding.at,
        })
    }
}

/// The party whose events decide about the subject of a history, the admins apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nobody has rights over it.
    Nobody,
    /// An actor, from this index on.
    Actor(String, u64),
    /// The owner of this key.
    Key(String),
}

/// The weight of an event in the outcome of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It counts.
    Counts,
    /// It is shown and decides nothing.
    Remark,
    /// Because of it, the history is not decided.
    Undecided,
    /// It is false.
    False,
}

impl Holder {
    /// Returns the holder of a key that was asked for; `bound` are the registrations in log order.
    ///
    /// A version is held by the actor who owned its bare name when it was bound. Without one, and for a bare name or a content, the holder is the
    /// actor of the first registration that binds it and is in force, or else of the last one that was withdrawn: until it
    /// is bound anew, its history is not decided. Content that several actors registered has no holder: the first one
    /// could otherwise spoil the history of another actor's file.
    pub(crate) fn of(key: &LookupKey, bound: &[Bound]) -> Self {
        let named = |name: String| bound.iter().filter(move |bound| bound.name == name);
        let bare_name = owned(base_name(&key.id));
        match key.kind {
            KeyKind::Actor => Self::Actor(key.id.clone(), 0),
            KeyKind::SigningKey => Self::Key(key.id.clone()),
            KeyKind::Version => {
                let Some(own) = deciding(named(key.id.clone())) else {
                    return Self::Nobody;
                };
                let mut owners = named(bare_name).filter(|bound| bound.at <= own.at);
                let owner = owners.find(|bound| !bound.is_withdrawn);
                Self::from(owner.unwrap_or(own))
            }
            KeyKind::Name => first(named(bare_name)),
            KeyKind::Digest => {
                let hex = key.id.strip_prefix("sha256:").unwrap_or_default();
                let has = |bound: &&Bound| bound.digests.contains(hex);
                let in_force = bound.iter().filter(has).filter(|bound| !bound.is_withdrawn);
                let actors: BTreeSet<&str> = in_force.map(|bound| bound.actor.as_str()).collect();
                match actors.len() {
                    0 | 1 => first(bound.iter().filter(has)),
                    _ => Self::Nobody,
                }
            }
            _ => Self::Nobody,
        }
    }

    /// Returns the actor who is the holder.
    pub(crate) fn actor(&self) -> Option<&str> {
        match self {
            Self::Actor(holder, _) => Some(holder),
            Self::Nobody | Self::Key(_) => None,
        }
    }

    /// Tells whether an event at `index` with this status, which counted when it was logged, is the holder's.
    fn made(&self, index: u64, status: &SignatureStatus) -> bool {
        match (self, status) {
            (Self::Actor(holder, from), SignatureStatus::Compromised { actor, .. }) => {
                holder == actor && index >= *from
            }
            (Self::Key(held), status) => status.keyid() == Some(held),
            _ => false,
        }
    }
}

impl From<&Bound> for Holder {
    fn from(bound: &Bound) -> Self {
        Self::Actor(bound.actor.clone(), bound.at)
    }
}

/// Returns the actor of the registration that decides.
fn first<'a>(bound: impl Iterator<Item = &'a Bound>) -> Holder {
    deciding(bound).map_or(Holder::Nobody, Holder::from)
}

/// Returns the first registration that is in force, or else the last one.
fn deciding<'a>(bound: impl Iterator<Item = &'a Bound>) -> Option<&'a Bound> {
    let bound: Vec<&Bound> = bound.collect();
    let in_force = bound.iter().find(|bound| !bound.is_withdrawn);
    in_force.or(bound.last()).copied()
}

/// Weighs the event at `index` with this status.
pub(crate) fn weigh(
    holders: &[Holder],
    index: u64,
    status: &SignatureStatus,
    is_acknowledged: bool,
) -> Weight {
    match status {
        SignatureStatus::Valid { .. } => Weight::Counts,
        _ if is_acknowledged => Weight::Remark,
        SignatureStatus::Bad { .. } => Weight::False,
        SignatureStatus::Compromised { .. } => {
            let is_holders = holders.iter().any(|holder| holder.made(index, status));
            match is_holders {
                true => Weight::Undecided,
                false => Weight::Remark,
            }
        }
        _ => Weight::Undecided,
    }
}
