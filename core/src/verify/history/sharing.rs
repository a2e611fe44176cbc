//! Events found by content alone: those that belong to the answer, and those about another version that shares the content
//! (`docs/formats/queries.md`, "Which events belong to the answer").
//!
//! A registration takes an event out of the answer if it gave the event's name the content before. It does so by the rights of
//! its actor: nothing that strangers register hides an event of the holder or of the admins.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};

use crate::event::event::ParsedEntry;
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::rules::holder::Holder;
use crate::rules::keyring::Keyring;
use crate::rules::registration::{registers, versions};
use crate::verify::key_history::KeyHistory;
use crate::verify::matches::{Matches, Part};

use super::bindings::{Bindings, in_force, is_version_of};

/// Decides which events with a linked digest belong to the answer.
pub(super) struct Sharing<'a> {
    keyring: Option<&'a Keyring>,
    /// The linked digests, in hex.
    linked: BTreeSet<String>,
    /// Of each name and digest, the registrations in force that gave the name the digest.
    given: BTreeMap<(String, String), Given>,
    holder: Holder,
    /// Each digest that a registration bound to what was asked, with its actors.
    bound: BTreeSet<(String, String)>,
}

/// The first index at which a name was given a digest, by each party.
struct Given {
    by_anybody: u64,
    by_admins: Option<u64>,
    by_actors: BTreeMap<String, u64>,
}

impl<'a> Sharing<'a> {
    pub(super) fn new(
        question: &LookupKey,
        matches: &Matches,
        key_history: &'a KeyHistory,
    ) -> Self {
        let keys = matches.keys().iter();
        let digests = keys.filter(|key| matches!(key.kind, KeyKind::Digest | KeyKind::DigestState));
        let hex = digests.filter_map(|key| key.id.strip_prefix("sha256:"));
        let mut sharing = Self {
            keyring: key_history.keyring(),
            linked: hex.map(ToString::to_string).collect(),
            given: BTreeMap::new(),
            holder: Holder::Nobody,
            bound: BTreeSet::new(),
        };
        // Nothing is found by content in most histories, and then nothing is to be decided.
        if sharing.linked.is_empty() {
            return sharing;
        }
        let fold = Bindings::fold(matches, key_history);
        sharing.holder = Holder::of(question, fold.bound());
        let bound = fold.bound().iter();
        for bound in bound.filter(|bound| is_version_of(question, &bound.name)) {
            let digests = bound.digests.iter();
            let pairs = digests.map(|digest| (digest.clone(), bound.actor.clone()));
            sharing.bound.extend(pairs);
        }
        for (index, _, parsed) in matches.registrations() {
            if in_force(key_history, index, &parsed) {
                sharing.add(index, &parsed);
            }
        }
        sharing
    }

    /// Takes up a registration in force.
    fn add(&mut self, index: u64, parsed: &ParsedEntry) {
        let is_by_admins = self.is_by_admins(parsed);
        for (name, binding) in versions(index, parsed) {
            for digest in binding.digests {
                let claim = (name.to_string(), digest);
                let given = self.given.entry(claim).or_insert_with(|| Given {
                    by_anybody: index,
                    by_admins: None,
                    by_actors: BTreeMap::new(),
                });
                if is_by_admins {
                    given.by_admins.get_or_insert(index);
                }
                let actor = binding.actor.clone();
                given.by_actors.entry(actor).or_insert(index);
            }
        }
    }

    fn is_by_admins(&self, parsed: &ParsedEntry) -> bool {
        self.keyring
            .is_some_and(|keyring| keyring.is_countersigned(parsed))
    }

    /// Returns true if the event at `index`, which has a linked digest, belongs to the answer: it records the content under
    /// a name to which no registration that counts against it has given that content. Other events are about another version
    /// that shares it, and a registration is about its own names.
    pub(super) fn belongs(&self, index: u64, parsed: &ParsedEntry) -> bool {
        let Some(access) = parsed.access().filter(|_| !registers(parsed)) else {
            return false;
        };
        let actor = access.actor.id.as_str();
        let is_by_admins = self.is_by_admins(parsed);
        self.claims(parsed).any(|claim| {
            let Some(given) = self.given.get(&claim) else {
                return true;
            };
            let is_before = |at: u64| at <= index;
            let holder = self.holder.actor();
            let has_rights =
                holder == Some(actor) || self.bound.contains(&(claim.1, actor.to_string()));
            let is_hidden = if is_by_admins {
                given.by_admins.is_some_and(is_before)
            } else if has_rights {
                let parties = [Some(actor), holder].into_iter().flatten();
                parties.filter_map(|party| given.by(party)).any(is_before)
            } else {
                is_before(given.by_anybody)
            };
            !is_hidden
        })
    }

    /// Returns true if it depends on the holder whether an event found by content belongs to the answer: others than its actor
    /// and the admins gave its name the content before.
    pub(super) fn is_disputed(&self, matches: &Matches) -> bool {
        let mut linked = matches.events(Part::Linked);
        linked.any(|(index, parsed)| {
            let Some(access) = parsed.access().filter(|_| !registers(&parsed)) else {
                return false;
            };
            let is_disputed = |given: &Given| {
                let own = given.by(&access.actor.id);
                given.by_anybody <= index && own.is_none_or(|at| at > index)
            };
            let claims = self.claims(&parsed);
            let mut given = claims.filter_map(|claim| self.given.get(&claim));
            given.any(is_disputed) && !self.is_by_admins(&parsed)
        })
    }

    /// The names of an event with a linked digest, each with the digest.
    fn claims(&self, parsed: &ParsedEntry) -> impl Iterator<Item = (String, String)> {
        let subjects = parsed.subjects.iter();
        let claims = subjects.map(|subject| (subject.name.clone(), subject.sha256().to_string()));
        claims.filter(|(_, digest)| self.linked.contains(digest))
    }
}

impl Given {
    /// The first index at which the actor, or the admins, gave the name the digest.
    fn by(&self, actor: &str) -> Option<u64> {
        let given = self.by_admins.iter().chain(self.by_actors.get(actor));
        given.min().copied()
    }
}
