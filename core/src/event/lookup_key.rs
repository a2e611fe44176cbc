//! Lookup keys: the kinds of identifiers by which entries are found, and their hashes (docs/formats/events.md, "Lookup
//! keys"). [`access_keys`](crate::event::access_keys) has the function from an entry to its keys.

use crate::merkle::hash::{FileHasher, Hash};
use alloc::string::String;

/// Prefix that separates these hashes from all other uses of SHA-256.
const DOMAIN: &[u8] = b"tlog-index-key/v1\n";

/// Declares the kinds: variant, the number that is hashed, and the name in reports.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal $name:literal,)+) => {
        /// The kind of identifier that a key holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KeyKind {
            $($(#[$doc])* $kind,)+
        }

        impl KeyKind {
            /// Every kind, in the order of the numbers.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Returns the name of the kind in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// Returns the number that is hashed.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$kind => $number,)+
                }
            }
        }
    };
}

kinds! {
    /// An artifact's name, exact bytes.
    Version = 1 "version",
    /// An artifact's name before its last `@`, or the whole name if there is none.
    Name = 2 "name",
    /// A digest of an artifact, `alg:hex`.
    Digest = 3 "digest",
    /// An actor, the actor on whose behalf it acts, an approver, or a grantee.
    Actor = 4 "actor",
    /// A signing key by its keyid, as claimed by envelopes and as named in key events.
    SigningKey = 5 "key",
    /// Genesis and changes of admins, policies, issuers, rules, time; acknowledgements. No identifier.
    Trust = 6 "trust",
    /// An entry that has no outline; no identifier.
    Malformed = 7 "malformed",
    /// A signing key by its keyid, in key events alone.
    KeyState = 9 "key-state",
    /// As [`Version`](Self::Version), without routine accesses.
    VersionState = 10 "version-state",
    /// As [`Name`](Self::Name), without routine accesses.
    NameState = 11 "name-state",
    /// As [`Digest`](Self::Digest), without routine accesses.
    DigestState = 12 "digest-state",
    /// An actor whose keys or rights an event changes.
    Authority = 13 "authority",
    /// A digest of a file of a registered model.
    File = 14 "file",
    /// Registrations of new names, and retirements; no identifier.
    Catalogue = 15 "catalogue",
    /// Holds, releases and exceptions; no identifier.
    Attention = 16 "attention",
    /// An environment, in deployments and their ends; empty where they name none.
    Environment = 17 "environment",
}

impl KeyKind {
    /// The kinds that every reader looks up.
    pub const RESERVED: [Self; 2] = [Self::Trust, Self::Malformed];

    /// Returns the kind of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|kind| kind.as_str() == name).copied()
    }

    /// Returns the kind with the same identifiers that leaves out what changes nothing: routine accesses of an artifact, the
    /// accesses of an actor, what a key signed. `None` for all others.
    #[must_use]
    pub const fn state(self) -> Option<Self> {
        match self {
            Self::Version => Some(Self::VersionState),
            Self::Name => Some(Self::NameState),
            Self::Digest => Some(Self::DigestState),
            Self::Actor => Some(Self::Authority),
            Self::SigningKey => Some(Self::KeyState),
            _ => None,
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
pub(crate) fn hash_of(kind: KeyKind, id: &[&str]) -> Hash {
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
