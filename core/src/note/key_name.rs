//! Names, ids and types of the keys that sign notes ([C2SP signed-note](https://github.com/C2SP/C2SP/blob/5ba5ee8/signed-note.md#verifier-keys), 2026-07-22).

use crate::crypto::ed25519::{self, KeyError};
use crate::crypto::ml_dsa::{self, MlDsaError};
use crate::merkle::hash::sha256;
use crate::text::wire;
use alloc::format;
use alloc::string::String;
use core::fmt;

/// The name of a key: not empty, without Unicode spaces, `+` and ASCII control characters.
///
/// The specification forbids control characters in notes, so a key with such a name could never sign one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NoteKeyError::EmptyName`] or [`NoteKeyError::NameCharacter`].
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        if text.is_empty() {
            return Err(NoteKeyError::EmptyName);
        }
        let refused =
            |character: char| character == '+' || character < ' ' || character.is_whitespace();
        match text.chars().find(|character| refused(*character)) {
            Some(character) => Err(NoteKeyError::NameCharacter { character }),
            None => Ok(Self(text.into())),
        }
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Four bytes that tell keys of one name apart. They prove nothing: anyone can make a key with a given id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// Wraps the bytes of an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, in their order before a signature.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// Computes the id of a key: the first bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ public key)`; the type is its byte and,
    /// for 0xff, its identifier.
    pub(crate) fn compute(name: &KeyName, signature_type: SignatureType, public: &[u8]) -> Self {
        Self::of_material(name, &[signature_type.prefix(), public].concat())
    }

    /// As [`compute`](Self::compute), of a type and a public key in one.
    pub(crate) fn of_material(name: &KeyName, material: &[u8]) -> Self {
        let named = [name.as_str().as_bytes(), b"\n", material].concat();
        let [a, b, c, d, ..] = *sha256(&named).as_bytes();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&wire::hex_encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The algorithm of a key's signatures, and the message that they cover. Other assigned types are refused by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureType {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: Ed25519 over a time and the text of a checkpoint ([`crate::note::cosignature`]).
    CosignatureV1,
    /// 0x06: ML-DSA-44 over the cosigner's name, a time, and the origin, size and root of a checkpoint
    /// ([`crate::note::cosignature`]).
    SubtreeV1,
    /// 0xff and the identifier `tlog-index-audit/v1`: Ed25519 over an audit statement
    /// ([`crate::note::audit_statement`]).
    IndexAuditV1,
    /// 0xff and the identifier `tlog-index-audit-ml-dsa-44/v1`: ML-DSA-44 over an audit statement.
    IndexAuditMlDsaV1,
}

/// A signature algorithm. Its secret keys are made from 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ed25519,
    MlDsa44,
}

impl SignatureType {
    /// Every type that this version knows.
    pub const ALL: [Self; 5] = [
        Self::Ed25519,
        Self::CosignatureV1,
        Self::SubtreeV1,
        Self::IndexAuditV1,
        Self::IndexAuditMlDsaV1,
    ];

    /// Returns the bytes of the type, which precede the public key: one assigned byte, or 0xff and an identifier that
    /// ends with a line feed.
    #[must_use]
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => &[0x01],
            Self::CosignatureV1 => &[0x04],
            Self::SubtreeV1 => &[0x06],
            Self::IndexAuditV1 => b"\xfftlog-index-audit/v1\n",
            Self::IndexAuditMlDsaV1 => b"\xfftlog-index-audit-ml-dsa-44/v1\n",
        }
    }

    /// Returns the algorithm of the type.
    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Ed25519 | Self::CosignatureV1 | Self::IndexAuditV1 => Algorithm::Ed25519,
            Self::SubtreeV1 | Self::IndexAuditMlDsaV1 => Algorithm::MlDsa44,
        }
    }

    /// Returns the bytes of a signature of this type.
    pub(crate) const fn signature_size(self) -> usize {
        match self.algorithm() {
            Algorithm::Ed25519 => ed25519::SIGNATURE_SIZE,
            Algorithm::MlDsa44 => ml_dsa::SIGNATURE_SIZE,
        }
    }

    /// Splits the material of a key into its type and the key.
    ///
    /// # Errors
    /// [`NoteKeyError::NoType`] or [`NoteKeyError::UnsupportedType`].
    pub(crate) fn split(material: &[u8]) -> Result<(Self, &[u8]), NoteKeyError> {
        let byte = *material.first().ok_or(NoteKeyError::NoType)?;
        let split = |known: Self| Some((known, material.strip_prefix(known.prefix())?));
        let mut found = Self::ALL.into_iter().filter_map(split);
        found.next().ok_or(NoteKeyError::UnsupportedType { byte })
    }
}

impl fmt::Display for SignatureType {
    /// Writes the byte of the type, with the identifier after 0xff.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "0x01",
            Self::CosignatureV1 => "0x04",
            Self::SubtreeV1 => "0x06",
            Self::IndexAuditV1 => "0xff (tlog-index-audit/v1)",
            Self::IndexAuditMlDsaV1 => "0xff (tlog-index-audit-ml-dsa-44/v1)",
        })
    }
}

/// The role of a key in a policy. A public key has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Signs the checkpoints of a log or of an index.
    Log,
    /// Cosigns checkpoints.
    Witness,
    /// Vouches for indexes.
    Auditor,
}

impl Role {
    /// Returns the types of this role's keys: by Ed25519, and by ML-DSA-44. A log signs by ML-DSA-44 as a cosigner does.
    #[must_use]
    pub const fn types(self) -> [SignatureType; 2] {
        match self {
            Self::Log => [SignatureType::Ed25519, SignatureType::SubtreeV1],
            Self::Witness => [SignatureType::CosignatureV1, SignatureType::SubtreeV1],
            Self::Auditor => [
                SignatureType::IndexAuditV1,
                SignatureType::IndexAuditMlDsaV1,
            ],
        }
    }

    /// Returns true if a key of this type may have the role.
    #[must_use]
    pub fn allows(self, signature_type: SignatureType) -> bool {
        self.types().contains(&signature_type)
    }
}

impl fmt::Display for Role {
    /// Writes the holder: `a log`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "a log",
            Self::Witness => "a witness",
            Self::Auditor => "an auditor",
        })
    }
}

/// The reason why a key of notes is refused. It never holds more of a signer key than its id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteKeyError {
    /// A key's name is empty.
    #[error("the key name is empty")]
    EmptyName,
    /// A key's name has a character that names cannot have.
    #[error("a key name cannot have the character `{}`", .character.escape_default())]
    NameCharacter {
        /// The first such character.
        character: char,
    },
    /// The text does not have the three parts of a verifier key.
    #[error("a verifier key has three parts, NAME+ID+KEY")]
    NotVerifierKey,
    /// The text does not have the words and three parts of a signer key.
    #[error("a signer key has five parts, PRIVATE+KEY+NAME+ID+KEY")]
    NotSignerKey,
    /// The id is not 8 lower-case hex digits.
    #[error("the key id is not 8 lower-case hex digits")]
    BadId,
    /// The last part is not canonical base64.
    #[error("the last part of the key is not canonical base64")]
    BadBase64,
    /// The last part is empty.
    #[error("the last part of the key is empty")]
    NoType,
    /// The type is not one of those supported.
    #[error("unsupported signature type {}; 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported", describe_type(*.byte))]
    UnsupportedType {
        /// The byte before the key.
        byte: u8,
    },
    /// The length does not fit the type.
    #[error("the key has {claimed} bytes, but its type needs {expected}")]
    WrongLength {
        /// Bytes given.
        claimed: usize,
        /// Bytes of a key of this type.
        expected: usize,
    },
    /// The key is not admitted.
    #[error(transparent)]
    Key(KeyError),
    /// The ML-DSA-44 key is not admitted.
    #[error(transparent)]
    MlDsa(MlDsaError),
    /// The id in the text is not that of the key.
    #[error("the key id is {claimed}, but this key has {computed}")]
    IdMismatch {
        /// The id in the text.
        claimed: KeyId,
        /// The id of the key.
        computed: KeyId,
    },
}

impl NoteKeyError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyName => "key-name-empty",
            Self::NameCharacter { .. } => "key-name-character",
            Self::NotVerifierKey => "not-a-verifier-key",
            Self::NotSignerKey => "not-a-signer-key",
            Self::BadId => "key-id-malformed",
            Self::BadBase64 => "key-base64",
            Self::NoType => "key-without-type",
            Self::UnsupportedType { .. } => "key-type-unsupported",
            Self::WrongLength { .. } => "key-wrong-length",
            Self::Key(error) => error.code(),
            Self::MlDsa(error) => error.code(),
            Self::IdMismatch { .. } => "key-id-mismatch",
        }
    }
}

/// Spells a signature type, with its name if the specification gives one.
pub(super) fn describe_type(byte: u8) -> String {
    let name = match byte {
        0x02 => " (ECDSA)",
        0x05 => " (RFC 6962 tree heads)",
        0xff => " with an identifier unknown here",
        _ => "",
    };
    format!("0x{}{name}", wire::hex_encode(&[byte]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "example.com/foo", "é/ü", "a=b", "\u{7f}", "oid/1.2.3"] {
            assert_eq!(KeyName::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(KeyName::parse(""), Err(NoteKeyError::EmptyName));
        for bad in [
            '+', ' ', '\t', '\n', '\r', '\0', '\u{1f}', '\u{85}', '\u{a0}', '\u{1680}', '\u{2003}',
            '\u{2028}', '\u{202f}', '\u{3000}',
        ] {
            assert_eq!(
                KeyName::parse(&format!("a{bad}b")),
                Err(NoteKeyError::NameCharacter { character: bad })
            );
        }
    }
}
