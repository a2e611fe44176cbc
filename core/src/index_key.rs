//! The keys under which an entry is looked up: the function `access/v1` (docs/formats/events.md, "Lookup keys").
//!
//! The function is total and deterministic: every entry has at least one key, and one that cannot be read has the key
//! *malformed*, so that nothing hides. It looks at any Statement, whatever its predicate type.

use crate::{
    event::ParsedEntry,
    genesis,
    hash::{Hash, sha256},
    json::Value,
    key_event,
    member::is_name,
};
use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

/// Separates these hashes from every other use of SHA-256.
const DOMAIN: &[u8] = b"tlog-index-key/v1\n";

/// What kind of identifier a key holds; the number is part of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// A subject's name, exact bytes.
    Version = 1,
    /// A subject's name before its last `@`, or the whole name where there is none.
    Name = 2,
    /// A digest, `alg:hex`.
    Digest = 3,
    /// An actor, also on whose behalf it acts and who approved an exception.
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
    /// The kind's name in reports.
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

    /// The kind of this name in reports.
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

    /// The number that is hashed.
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
    /// What kind of identifier.
    pub kind: KeyKind,
    /// The identifier's exact bytes, at most 65,535; empty for kinds that have none.
    pub id: String,
}

impl LookupKey {
    /// A key of this kind.
    pub fn new(kind: KeyKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// `H("tlog-index-key/v1\n" ‖ u8 kind ‖ u16 length ‖ id)`, the length big-endian.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let id = self.id.as_bytes();
        // Identifiers come from entries, whose length fits 16 bits.
        let length = u16::try_from(id.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(DOMAIN.len() + 3 + id.len());
        bytes.extend_from_slice(DOMAIN);
        bytes.push(self.kind.number());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(id);
        sha256(&bytes)
    }
}

/// The part of a subject's name that all its versions share: what stands before the last `@`, or the whole name.
#[must_use]
pub fn base_name(name: &str) -> &str {
    match name.rsplit_once('@') {
        Some((base, _)) if !base.is_empty() => base,
        _ => name,
    }
}

/// The keys of an entry; `None` stands for an entry that cannot be read.
#[must_use]
pub fn keys_of(entry: Option<&ParsedEntry>) -> BTreeSet<LookupKey> {
    let mut keys = BTreeSet::new();
    let Some(entry) = entry else {
        keys.insert(LookupKey::new(KeyKind::Malformed, ""));
        return keys;
    };
    let statement = &entry.statement;
    for subject in &statement.subjects {
        keys.insert(LookupKey::new(KeyKind::Version, subject.name.as_str()));
        keys.insert(LookupKey::new(KeyKind::Name, base_name(&subject.name)));
        for (algorithm, hex) in &subject.digests {
            keys.insert(LookupKey::new(
                KeyKind::Digest,
                format!("{algorithm}:{hex}"),
            ));
        }
    }
    for actor in actors(&statement.predicate) {
        keys.insert(LookupKey::new(KeyKind::Actor, actor));
    }
    for signature in entry.envelope.signatures() {
        keys.insert(LookupKey::new(
            KeyKind::SigningKey,
            signature.keyid.as_str(),
        ));
    }
    match statement.predicate_type.as_str() {
        genesis::PREDICATE_TYPE => {
            keys.insert(LookupKey::new(KeyKind::Trust, ""));
        }
        key_event::PREDICATE_TYPE => {
            // The subject of a key event is the actor, with the digest of the key.
            for subject in &statement.subjects {
                for (algorithm, hex) in &subject.digests {
                    let keyid = format!("{algorithm}:{hex}");
                    keys.insert(LookupKey::new(KeyKind::SigningKey, keyid));
                }
            }
        }
        _ => {}
    }
    keys
}

/// Everyone whom a predicate names: `actor.id`, `actor.onBehalfOf`, the `actor` of a key event and
/// `exception.approvedBy`.
fn actors(predicate: &Value) -> impl Iterator<Item = &str> {
    let actor = predicate.member("actor");
    let inside = |name| actor.and_then(|actor| actor.member(name));
    let approvers = predicate
        .member("exception")
        .and_then(|exception| exception.member("approvedBy"));
    let approvers = match approvers {
        Some(Value::Array(approvers)) => approvers.as_slice(),
        _ => &[],
    };
    [actor, inside("id"), inside("onBehalfOf")]
        .into_iter()
        .flatten()
        .chain(approvers)
        .filter_map(Value::as_str)
        .filter(|id| is_name(id))
}
