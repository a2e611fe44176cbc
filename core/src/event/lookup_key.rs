//! The keys by which an entry is found: the function `access/v1` (docs/formats/events.md, "Lookup keys").
//!
//! The function is total and deterministic: every entry has at least one key, and an unreadable entry has the key
//! *malformed*, so no entry stays hidden. It applies to Statements of every predicate type.

use crate::event::event::{Event, ParsedEntry};
use crate::merkle::hash::{FileHasher, Hash};
use crate::text::heapsort;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// Prefix that separates these hashes from all other uses of SHA-256.
const DOMAIN: &[u8] = b"tlog-index-key/v1\n";

/// The kind of identifier that a key holds; its number is part of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// A subject's name, exact bytes.
    Version = 1,
    /// A subject's name before its last `@`, or the whole name if there is none.
    Name = 2,
    /// A digest, `alg:hex`.
    Digest = 3,
    /// An actor, the actor on whose behalf it acts, or an approver of an exception.
    Actor = 4,
    /// A signing key by its keyid, as claimed by envelopes and as named in key events.
    SigningKey = 5,
    /// Genesis and changes of admins, policies and retention; no identifier.
    Trust = 6,
    /// An entry that cannot be read; no identifier.
    Malformed = 7,
    /// An entry whose payload is stored elsewhere; no identifier.
    Detached = 8,
}

impl KeyKind {
    /// Returns the name of the kind in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Name => "name",
            Self::Digest => "digest",
            Self::Actor => "actor",
            Self::SigningKey => "key",
            Self::Trust => "trust",
            Self::Malformed => "malformed",
            Self::Detached => "detached",
        }
    }

    /// Returns the kind of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let kinds = [
            Self::Version,
            Self::Name,
            Self::Digest,
            Self::Actor,
            Self::SigningKey,
            Self::Trust,
            Self::Malformed,
            Self::Detached,
        ];
        kinds.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the number that is hashed.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Version => 1,
            Self::Name => 2,
            Self::Digest => 3,
            Self::Actor => 4,
            Self::SigningKey => 5,
            Self::Trust => 6,
            Self::Malformed => 7,
            Self::Detached => 8,
        }
    }
}

/// One key: a kind and an identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookupKey {
    /// The kind of identifier.
    pub kind: KeyKind,
    /// The identifier's exact bytes, at most 65,535; empty for kinds that have none.
    pub id: String,
}

impl LookupKey {
    /// Makes a key of this kind.
    pub fn new(kind: KeyKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// Computes `H("tlog-index-key/v1\n" ‖ u8 kind ‖ u16 length ‖ id)`, the length big-endian.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash_of(self.kind, &[&self.id])
    }
}

/// Computes the hash of the key whose identifier is the concatenation of these parts.
fn hash_of(kind: KeyKind, id: &[&str]) -> Hash {
    // Identifiers come from entries, whose length fits 16 bits.
    let length: usize = id.iter().map(|part| part.len()).sum();
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    let mut hasher = FileHasher::new();
    hasher.update(DOMAIN);
    hasher.update(&[kind.number()]);
    hasher.update(&length.to_be_bytes());
    for part in id {
        hasher.update(part.as_bytes());
    }
    hasher.finish()
}

/// Returns the part of a subject's name that all its versions share: the text before the last `@`, or the whole name.
#[must_use]
pub fn base_name(name: &str) -> &str {
    match name.rsplit_once('@') {
        Some((base, _)) if !base.is_empty() => base,
        _ => name,
    }
}

/// Returns the keys of an entry; `None` is an entry that cannot be read.
#[must_use]
pub fn keys_of(entry: Option<&ParsedEntry>) -> BTreeSet<LookupKey> {
    let mut keys = BTreeSet::new();
    each_key(entry, |kind, id| {
        keys.insert(LookupKey::new(kind, id.concat()));
    });
    keys
}

/// Returns the hashes of the keys of an entry, each once, in ascending order; `None` is an entry that cannot be read.
#[must_use]
pub fn key_hashes(entry: Option<&ParsedEntry>) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(8);
    each_key(entry, |kind, id| hashes.push(hash_of(kind, id)));
    heapsort::sort(&mut hashes);
    hashes.dedup();
    hashes
}

/// Calls `found` with kind and parts of the identifier of each key; a key may come twice.
fn each_key(entry: Option<&ParsedEntry>, mut found: impl FnMut(KeyKind, &[&str])) {
    let Some(entry) = entry else {
        return found(KeyKind::Malformed, &[]);
    };
    // The subject of a key event is the actor, with the digest of the key.
    let is_about_key = matches!(entry.event, Event::Key(_));
    for subject in &entry.subjects {
        found(KeyKind::Version, &[&subject.name]);
        found(KeyKind::Name, &[base_name(&subject.name)]);
        for (algorithm, hex) in &subject.digests {
            found(KeyKind::Digest, &[algorithm, ":", hex]);
            if is_about_key {
                found(KeyKind::SigningKey, &[algorithm, ":", hex]);
            }
        }
    }
    for actor in &entry.actors {
        found(KeyKind::Actor, &[actor]);
    }
    for signature in entry.envelope.signatures() {
        found(KeyKind::SigningKey, &[&signature.keyid]);
    }
    if matches!(entry.event, Event::Genesis(_)) {
        found(KeyKind::Trust, &[]);
    }
}
