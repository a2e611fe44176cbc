//! The bindings that follow from the registrations found (`docs/formats/bindings.md`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::event::ParsedEntry;
use crate::event::lookup_key::{KeyKind, LookupKey, base_name};
use crate::report::report::VersionSummary;
use crate::rules::holder::Bound;
use crate::rules::keyring::Keyring;
use crate::rules::registration::{Binding, Registrations, versions};
use crate::rules::signature_status::SignatureStatus;
use crate::verify::key_history::KeyHistory;
use crate::verify::matches::Matches;

/// The bindings that follow from the registrations found.
pub(super) struct Bindings<'a> {
    registrations: Registrations,
    keyring: Option<&'a Keyring>,
    /// Of each version that was freed, the index of the last registration after that.
    after_freed: BTreeMap<String, u64>,
    /// The bindings that each registration made when it was logged, in log order.
    bound: Vec<Bound>,
}

impl<'a> Bindings<'a> {
    pub(super) fn fold(matches: &Matches, key_history: &'a KeyHistory) -> Self {
        let mut fold = Self {
            registrations: Registrations::new(),
            keyring: key_history.keyring(),
            after_freed: BTreeMap::new(),
            bound: Vec::new(),
        };
        let Some(keyring) = fold.keyring else {
            return fold;
        };
        let mut seen = BTreeSet::new();
        for (index, _, parsed) in matches.registrations() {
            if !key_history.signature(index, &parsed).had_effect()
                || !seen.insert(parsed.envelope.payload_digest())
            {
                continue;
            }
            for name in versions(index, &parsed).into_keys() {
                let earlier = fold.registrations.binding(name);
                let freed = earlier.and_then(|earlier| earlier.withdrawn_at(keyring));
                if freed.is_some_and(|at| at < index) {
                    fold.after_freed.insert(name.to_string(), index);
                }
            }
            let registered = fold.registrations.apply(index, &parsed, keyring);
            fold.bound.extend(Bound::by(&registered, keyring));
        }
        fold
    }

    /// Returns the bindings that each registration made when it was logged, in log order.
    pub(super) fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// The binding in force of a version, or of a bare name by its key.
    pub(super) fn of(&self, name: &str) -> Option<&Binding> {
        self.registrations.in_force(name, self.keyring?)
    }

    /// All versions with a binding in force.
    pub(super) fn in_force(&self) -> Vec<(&str, &Binding)> {
        let names = self.registrations.bound().keys();
        // A bare name's owner has no digests.
        let bound = names.filter_map(|name| Some((name.as_str(), self.of(name)?)));
        bound
            .filter(|(_, binding)| !binding.digests.is_empty())
            .collect()
    }

    /// The versions that the answer to a question is about, in log order of their registrations.
    pub(super) fn versions_of(&self, question: &LookupKey) -> Option<Vec<VersionSummary>> {
        let id = question.id.as_str();
        let hex = id.strip_prefix("sha256:").unwrap_or_default();
        let is_about = |name: &str, binding: &Binding| match question.kind {
            KeyKind::Digest => binding.digests.contains(hex),
            _ => is_version_of(question, name),
        };
        let mut bound = self.in_force();
        bound.retain(|(name, binding)| is_about(name, binding));
        bound.sort_by_key(|(_, binding)| binding.at);
        let summary = |(name, binding): (&str, &Binding)| VersionSummary {
            name: name.to_string(),
            index: binding.at,
            actor: binding.actor.clone(),
        };
        let is_artifact = !matches!(question.kind, KeyKind::Actor | KeyKind::SigningKey);
        is_artifact.then(|| bound.into_iter().map(summary).collect())
    }

    /// The index before which registrations decide who owns a version, where that matters: it was freed, or a key that signed
    /// an event found was compromised, or the events found by content depend on the owner.
    pub(super) fn owner_matters(
        &self,
        name: &str,
        matches: &Matches,
        is_disputed: impl Fn() -> bool,
    ) -> Option<u64> {
        let after = self.after_freed.get(name).copied();
        after.or_else(|| {
            let binding = self.registrations.binding(name)?;
            let keyring = self.keyring?;
            let is_so = |keyid: &str| keyring.is_compromised(keyid);
            let is_withdrawn = keyring.has_compromised_keys() && matches.is_signed_by(is_so);
            (is_withdrawn || is_disputed()).then_some(binding.at)
        })
    }
}

/// Returns true if the name is a version that the question is about, by its name.
pub(super) fn is_version_of(question: &LookupKey, name: &str) -> bool {
    match question.kind {
        KeyKind::Version => name == question.id,
        KeyKind::Name => base_name(name) == question.id,
        _ => false,
    }
}

/// Returns true if a key signed the event that is valid at its index and was not reported compromised there.
pub(super) fn in_force(key_history: &KeyHistory, index: u64, parsed: &ParsedEntry) -> bool {
    let status = key_history.signature(index, parsed);
    matches!(status, SignatureStatus::Valid { .. })
}
