//! The keys that a history looks up beside its question (`docs/formats/queries.md`, "Closure").
//!
//! A version is linked to the digests of the registration that binds it, a bare name to those of its versions. Nothing is
//! followed from there, so a history ends after a few waves, whatever others register.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::event::ParsedEntry;
use crate::event::lookup_key::{KeyKind, LookupKey, base_name};
use crate::rules::registration::{owned, versions};
use crate::text::limits::{LINKED_PAGE, MAX_LINKED_DIGESTS, MAX_SUBJECTS, MAX_VERSIONS_OF_DIGEST};
use crate::verify::key_history::KeyHistory;
use crate::verify::matches::{Matches, Part};

use super::bindings::{Bindings, in_force, is_version_of};
use super::sharing::Sharing;

/// The next wave of a history.
pub(super) enum Ask {
    /// Registrations with these keys, each before an index.
    Consult(BTreeMap<LookupKey, u64>),
    /// Events with these digests.
    Linked(Vec<LookupKey>),
    /// Events with these names, which belong to the question.
    Names(Vec<LookupKey>),
    /// Events with these names, in order of rank, as far as there is room for them.
    FurtherNames(Vec<LookupKey>),
    Nothing,
}

/// The state of a closure.
pub(super) struct Closure {
    question: LookupKey,
    stage: Stage,
    /// True if routine accesses are left out.
    state: bool,
    /// True once the registrations that decide who owns the version in question were asked for.
    knows_owner: bool,
    /// Digests that were not looked up, because there are too many.
    left_out: u64,
    /// Digests, in hex, that registrations in force give to what was asked.
    bound: BTreeSet<String>,
}

enum Stage {
    /// The events of the question were found.
    Question,
    /// The registrations that decide about bindings were found.
    Consulted,
    /// These digests remain, the last one first.
    Linked(Vec<String>),
    /// All events of the answer were found.
    Found,
    Done,
}

/// Returns the key to look up: for a history of the state, the one that routine accesses do not have.
pub(super) fn looked_up(key: LookupKey, state: bool) -> LookupKey {
    match key.kind.state().filter(|_| state) {
        Some(kind) => LookupKey::new(kind, key.id),
        None => key,
    }
}

impl Closure {
    /// The closure of a question; an exact one has none.
    pub(super) fn new(question: LookupKey, exact: bool, state: bool) -> Self {
        let stage = if exact { Stage::Done } else { Stage::Question };
        Self {
            question,
            stage,
            state,
            knows_owner: false,
            left_out: 0,
            bound: BTreeSet::new(),
        }
    }

    /// The keys of the question. Events on a bare name are about each of its versions.
    pub(super) fn keys(question: &LookupKey, exact: bool, state: bool) -> Vec<LookupKey> {
        let mut keys = Vec::from([question.clone()]);
        let bare = base_name(&question.id);
        if question.kind == KeyKind::Version && bare != question.id && !exact {
            keys.push(LookupKey::new(KeyKind::Version, bare));
        }
        keys.into_iter().map(|key| looked_up(key, state)).collect()
    }

    pub(super) const fn question(&self) -> &LookupKey {
        &self.question
    }

    /// The number of digests that were not looked up.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Returns true if the event has content that a registration in force gives to what was asked.
    pub(super) fn binds(&self, parsed: &ParsedEntry) -> bool {
        let mut subjects = parsed.subjects.iter();
        subjects.any(|subject| self.bound.contains(subject.sha256()))
    }

    /// Returns the next wave, once all signing keys of the events found are known.
    pub(super) fn next(&mut self, matches: &Matches, key_history: &KeyHistory) -> Ask {
        loop {
            match &mut self.stage {
                Stage::Question => {
                    self.stage = Stage::Consulted;
                    let consult = self.consult(matches, key_history);
                    if !consult.is_empty() {
                        return Ask::Consult(consult);
                    }
                }
                Stage::Consulted => {
                    let mut digests = self.digests(matches, key_history);
                    let count = digests.len().saturating_sub(MAX_LINKED_DIGESTS);
                    self.left_out += u64::try_from(count).unwrap_or(u64::MAX);
                    digests.truncate(MAX_LINKED_DIGESTS);
                    digests.reverse();
                    self.stage = Stage::Linked(digests);
                }
                Stage::Linked(rest) => {
                    let page = rest.split_off(rest.len().saturating_sub(LINKED_PAGE));
                    if !page.is_empty() {
                        let state = self.state;
                        let key =
                            |digest| looked_up(LookupKey::new(KeyKind::Digest, digest), state);
                        return Ask::Linked(page.into_iter().rev().map(key).collect());
                    }
                    self.stage = Stage::Found;
                }
                Stage::Found => {
                    self.stage = Stage::Done;
                    let consult = self.consult_owner(matches, key_history);
                    if !consult.is_empty() {
                        return Ask::Consult(consult);
                    }
                }
                Stage::Done => return Ask::Nothing,
            }
        }
    }

    /// The names whose earlier registrations decide about the bindings in question. Registrations are events of the state, and
    /// routine ones are not read for them.
    fn consult(&mut self, matches: &Matches, key_history: &KeyHistory) -> BTreeMap<LookupKey, u64> {
        let mut consult = BTreeMap::new();
        match self.question.kind {
            KeyKind::Version => return self.consult_owner(matches, key_history),
            // A registration with the digest binds the version unless an earlier one does.
            KeyKind::Digest => {
                for (index, _, parsed) in matches.registrations() {
                    for name in versions(index, &parsed).into_keys() {
                        let key = LookupKey::new(KeyKind::VersionState, name);
                        if consult.contains_key(&key) {
                            continue;
                        }
                        if consult.len() == MAX_VERSIONS_OF_DIGEST {
                            self.left_out += 1;
                            continue;
                        }
                        consult.insert(key, index);
                    }
                }
            }
            _ => {}
        }
        consult
    }

    /// The registrations of the bare name, which decide who may bind a version that was freed, and whose events count and are
    /// shown.
    fn consult_owner(
        &mut self,
        matches: &Matches,
        key_history: &KeyHistory,
    ) -> BTreeMap<LookupKey, u64> {
        let mut consult = BTreeMap::new();
        if self.question.kind == KeyKind::Version && !self.knows_owner {
            let fold = Bindings::fold(matches, key_history);
            let is_disputed =
                || Sharing::new(&self.question, matches, key_history).is_disputed(matches);
            if let Some(end) = fold.owner_matters(&self.question.id, matches, is_disputed) {
                self.knows_owner = true;
                let bare = base_name(&self.question.id);
                consult.insert(LookupKey::new(KeyKind::NameState, bare), end);
            }
        }
        consult
    }

    /// The digests that the question is linked to, those of its owner's newest versions first.
    fn digests(&mut self, matches: &Matches, key_history: &KeyHistory) -> Vec<String> {
        let fold = Bindings::fold(matches, key_history);
        let Self {
            question, left_out, ..
        } = self;
        let is_in_question = |name: &str| is_version_of(question, name);
        let mut bound: Vec<_> = fold.in_force();
        bound.retain(|(name, _)| is_in_question(name));
        let owner = fold.of(&owned(&question.id)).map(|owner| &owner.actor);
        bound.sort_by_key(|(_, binding)| {
            let is_owners = owner == Some(&binding.actor);
            (!is_owners, core::cmp::Reverse(binding.at))
        });
        let mut digests = Digests::default();
        for (_, binding) in &bound {
            for digest in &binding.digests {
                digests.add(digest);
            }
        }
        self.bound.clone_from(&digests.known);
        // Before a version is bound, and if it never is, it is linked to the digests that its own events give it.
        let end = match (question.kind, bound.first()) {
            (KeyKind::Version, Some((_, binding))) => binding.at,
            _ => u64::MAX,
        };
        let owner = owner.filter(|_| question.kind == KeyKind::Name);
        let keyring = key_history.keyring();
        let (mut seen, mut recorded) = (BTreeSet::new(), Vec::new());
        for (index, parsed) in matches
            .events(Part::Asked)
            .take_while(|(index, _)| *index < end)
        {
            let Some(access) = parsed.access() else {
                continue;
            };
            for subject in &parsed.subjects {
                let binding = fold.of(&subject.name);
                let is_unbound = is_in_question(&subject.name)
                    && binding.is_none_or(|binding| index < binding.at);
                if !is_unbound || !in_force(key_history, index, &parsed) {
                    continue;
                }
                let mut holders = binding.map(|binding| &binding.actor).into_iter();
                let is_others = !holders.any(|actor| *actor == access.actor.id)
                    && owner != Some(&access.actor.id)
                    && !keyring.is_some_and(|keyring| keyring.is_countersigned(&parsed));
                let given = (
                    is_others,
                    subject.name.clone(),
                    subject.sha256().to_string(),
                );
                if seen.insert(given.clone()) {
                    recorded.push(given);
                }
            }
        }
        // Digests that others record take no place from those of the holder and the admins.
        recorded.sort_by_key(|(is_others, ..)| *is_others);
        let (mut counts, mut beyond) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
        for (_, name, digest) in recorded {
            if digests.known.contains(&digest) {
                continue;
            }
            let count = counts.entry(name.clone()).or_default();
            if *count < MAX_SUBJECTS {
                *count += 1;
                digests.add(&digest);
            } else if beyond.insert((name, digest)) {
                *left_out += 1;
            }
        }
        digests.list
    }
}

/// Digests, each once, in order.
#[derive(Default)]
struct Digests {
    list: Vec<String>,
    known: BTreeSet<String>,
}

impl Digests {
    fn add(&mut self, hex: &str) {
        if self.known.insert(hex.to_string()) {
            self.list.push(format!("sha256:{hex}"));
        }
    }
}
