//! The key function `access/v2` (`docs/formats/mapfn/access-v2.txt`): from the bytes of an entry to its lookup keys.
//!
//! The function is total and deterministic: every entry has at least one key, and an entry without an
//! [outline](crate::event::outline) has the key *malformed*, so no entry stays hidden.

use crate::event::fields::is_name;
use crate::event::lookup_key::{KeyKind, LookupKey, base_name, hash_of};
use crate::event::outline::{OuterPart, Outline, Type, is_digest};
use crate::merkle::hash::Hash;
use crate::text::heapsort;
use crate::text::json_value::Value;
use crate::text::limits::MAX_NAME;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Receives the kind, and the parts of the identifier, of each key.
type Found<'a> = &'a mut dyn FnMut(KeyKind, &[&str]);

/// Returns the keys of an entry.
#[must_use]
pub fn keys_of(entry: &[u8]) -> BTreeSet<LookupKey> {
    let mut keys = BTreeSet::new();
    each_key(entry, &mut |kind, id| {
        keys.insert(LookupKey::new(kind, id.concat()));
    });
    keys
}

/// Returns the hashes of the keys of an entry, each once, in ascending order.
#[must_use]
pub fn key_hashes(entry: &[u8]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(8);
    each_key(entry, &mut |kind, id| hashes.push(hash_of(kind, id)));
    each_once(hashes)
}

/// As [`key_hashes`], for an entry whose envelope and payload are read already.
pub(crate) fn key_hashes_of<'a>(
    keyids: impl Iterator<Item = &'a str>,
    payload: &Value<'_>,
) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(8);
    each_key_of(keyids, payload, &mut |kind, id| {
        hashes.push(hash_of(kind, id));
    });
    each_once(hashes)
}

fn each_once(mut hashes: Vec<Hash>) -> Vec<Hash> {
    heapsort::sort(&mut hashes);
    hashes.dedup();
    hashes
}

/// Returns true if these are the keys of an entry that has none but *malformed*.
pub(crate) fn is_malformed(keys: &[Hash]) -> bool {
    keys == [LookupKey::new(KeyKind::Malformed, "").hash()]
}

/// Shows each key; a key may come twice.
fn each_key(entry: &[u8], found: Found<'_>) {
    let outer = OuterPart::read(entry);
    let payload = outer.as_ref().and_then(OuterPart::json);
    match (&outer, &payload) {
        (Some(outer), Some(payload)) => each_key_of(outer.keyids(), payload, found),
        _ => found(KeyKind::Malformed, &[]),
    }
}

fn each_key_of<'a>(keyids: impl Iterator<Item = &'a str>, payload: &Value<'_>, found: Found<'_>) {
    let mut has_none = true;
    if let Some(outline) = Outline::of(payload) {
        let mut found = |kind, id: &[&str]| {
            has_none = false;
            found(kind, id);
        };
        for keyid in keyids {
            found(KeyKind::SigningKey, &[keyid]);
        }
        subjects(&outline, &mut found);
        actors(&outline, &mut found);
        match outline.predicate_type {
            Type::Trust => found(KeyKind::Trust, &[]),
            Type::Access => access(outline.predicate, &mut found),
            Type::Key | Type::Grant | Type::Decision | Type::Foreign => {}
        }
    }
    if has_none {
        found(KeyKind::Malformed, &[]);
    }
}

/// The keys of subjects: artifacts, or the keys or actors that a control event is about.
fn subjects(outline: &Outline<'_>, found: Found<'_>) {
    let kind = outline.predicate_type;
    let is_state = !is_routine(outline);
    for subject in &outline.subjects {
        if kind.is_about_artifacts() {
            let base = base_name(subject.name);
            found(KeyKind::Version, &[subject.name]);
            found(KeyKind::Name, &[base]);
            if is_state {
                found(KeyKind::VersionState, &[subject.name]);
                found(KeyKind::NameState, &[base]);
            }
        }
        if matches!(kind, Type::Key | Type::Grant) {
            found(KeyKind::Authority, &[subject.name]);
        }
        for (algorithm, hex) in &subject.digests {
            let digest = [algorithm, ":", hex];
            if kind.is_about_artifacts() {
                found(KeyKind::Digest, &digest);
                if is_state {
                    found(KeyKind::DigestState, &digest);
                }
            }
            if kind == Type::Key {
                found(KeyKind::SigningKey, &digest);
                found(KeyKind::KeyState, &digest);
            }
        }
    }
}

/// Returns true for an access that changes nothing.
fn is_routine(outline: &Outline<'_>) -> bool {
    outline.predicate_type == Type::Access
        && matches!(
            action(outline.predicate),
            Some("read" | "execute" | "verify")
        )
}

fn action<'a>(predicate: &'a Value<'_>) -> Option<&'a str> {
    predicate.member("action").and_then(Value::as_str)
}

/// The keys of all actors whom a predicate names, and of those whose rights it changes.
fn actors(outline: &Outline<'_>, found: Found<'_>) {
    let predicate = outline.predicate;
    let actor = predicate.member("actor");
    let grantee = predicate.member("grantee");
    let inside = |name| actor.and_then(|actor| actor.member(name));
    let approvers = predicate.member("exception");
    let approvers = approvers.and_then(|exception| exception.member("approvedBy"));
    let lists = [predicate.member("approvals"), approvers];
    let listed = lists.into_iter().flatten().flat_map(Value::items);
    let single = [actor, inside("id"), inside("onBehalfOf"), grantee];
    for id in single.into_iter().flatten().chain(listed) {
        each_name(Some(id), KeyKind::Actor, found);
    }
    match outline.predicate_type {
        Type::Key => each_name(actor, KeyKind::Authority, found),
        Type::Grant => each_name(grantee, KeyKind::Authority, found),
        Type::Access if matches!(action(predicate), Some("grant" | "revoke")) => {
            each_name(grantee, KeyKind::Authority, found);
        }
        _ => {}
    }
}

fn each_name(member: Option<&Value<'_>>, kind: KeyKind, found: Found<'_>) {
    let name = member.and_then(Value::as_str);
    if let Some(name) = name.filter(|name| is_name(name)) {
        found(kind, &[name]);
    }
}

/// The keys that only accesses have.
fn access(predicate: &Value<'_>, found: Found<'_>) {
    let has = |name, value: &dyn Fn(&Value<'_>) -> bool| predicate.member(name).is_some_and(value);
    let action = action(predicate);
    if action == Some("register") {
        let files = predicate.member("files").map_or(&[][..], Value::items);
        let digests = files
            .iter()
            .filter_map(|file| file.member("digest")?.as_str());
        for digest in digests.filter(|digest| is_digest(digest)) {
            found(KeyKind::File, &[digest]);
        }
        if has("newName", &|value| *value == Value::Bool(true)) {
            found(KeyKind::Catalogue, &[]);
        }
    }
    match action {
        Some("retire") => found(KeyKind::Catalogue, &[]),
        Some("hold" | "release" | "accept") => found(KeyKind::Attention, &[]),
        Some("deploy" | "undeploy") => {
            let context = predicate.member("context");
            let environment = context.and_then(|context| context.member("environment"));
            let environment = environment.and_then(Value::as_str);
            let is_label = |text: &&str| (1..=MAX_NAME).contains(&text.len());
            match environment.filter(is_label) {
                Some(environment) => found(KeyKind::Environment, &[environment]),
                None => found(KeyKind::Environment, &[]),
            }
        }
        _ => {}
    }
    if has("exception", &|value| matches!(value, Value::Object(_))) {
        found(KeyKind::Attention, &[]);
    }
}
