//! Rotations of a log's key: the old key and the admins state the new one, and the size from which it signs
//! (docs/formats/events.md, "Log key").
//!
//! The old key signs the envelope beside the admins. A log's key signs checkpoints otherwise, whose texts begin with its
//! name; what an envelope's signature covers begins with `DSSEv1` and a space, which no name has. So neither passes for the
//! other.

use crate::event::dsse::{Envelope, EnvelopeError, EnvelopeSignature};
use crate::event::fields::{MemberError, Members};
use crate::event::statement::{Statement, Subject};
use crate::merkle::hash::{Hash, sha256};
use crate::note::key::{SignerKey, VerifierKey};
use crate::note::key_name::{NoteKeyError, Role};
use crate::text::json_value::Value;
use alloc::format;
use alloc::string::{String, ToString as _};

/// Predicate type of rotations.
pub(crate) const PREDICATE_TYPE: &str = "https://glasslog.dev/log-key/v1";

/// The statement that a log changes its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeyEvent {
    /// Origin of the log that it is signed for.
    pub log: String,
    /// Leaf hash of entry 0 of that log.
    pub genesis: Hash,
    /// Size of the last tree that the old key signs and the first that the new key signs; this entry is the last of it.
    pub size: u64,
    /// The key that signs trees up to this size.
    pub old: VerifierKey,
    /// The key that signs trees from this size on.
    pub new: VerifierKey,
    /// The reason, for people.
    pub reason: String,
}

/// The reason why a Statement is not a rotation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogKeyEventError {
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A key is malformed, or not admitted.
    #[error("`{member}`: {error}")]
    Key {
        /// `old` or `new`.
        member: &'static str,
        /// The reason.
        error: NoteKeyError,
    },
    /// A key is not one of a log with this origin.
    #[error("`{member}` must be a log's key with the name `{log}`")]
    NotOfLog {
        /// `old` or `new`.
        member: &'static str,
        /// The origin.
        log: String,
    },
    /// Both keys are the same.
    #[error("`old` and `new` are one key")]
    SameKey,
    /// The subject is not the origin with the SHA-256 of the new key's text.
    #[error("the subject must be `{log}` with the SHA-256 of the text of `new` alone")]
    Subject {
        /// The origin.
        log: String,
    },
}

impl LogKeyEventError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Member(error) => error.code(),
            Self::Key { .. } => "log-key-malformed",
            Self::NotOfLog { .. } => "log-key-of-other-log",
            Self::SameKey => "log-key-same",
            Self::Subject { .. } => "log-key-subject",
        }
    }
}

impl LogKeyEvent {
    /// Converts a Statement of this predicate type.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, LogKeyEventError> {
        let members = Members::of(&statement.predicate, "predicate")?;
        let log = members.name("log")?;
        let key = |member: &'static str| {
            let parsed = VerifierKey::parse(members.string(member)?);
            let key = parsed.map_err(|error| LogKeyEventError::Key { member, error })?;
            let is_of_log =
                Role::Log.allows(key.signature_type()) && key.name().as_str() == log.as_str();
            match is_of_log {
                true => Ok(key),
                false => Err(LogKeyEventError::NotOfLog {
                    member,
                    log: log.clone(),
                }),
            }
        };
        let event = Self {
            genesis: members.leaf_hash("genesis")?,
            size: members.count("size")?,
            old: key("old")?,
            new: key("new")?,
            reason: members.words("reason")?,
            log: log.clone(),
        };
        if event.old.public() == event.new.public() {
            return Err(LogKeyEventError::SameKey);
        }
        match statement.subjects == [event.subject()] {
            true => Ok(event),
            false => Err(LogKeyEventError::Subject { log }),
        }
    }

    /// Makes the Statement; [`encode`](crate::event::encode) makes it a payload.
    #[must_use]
    pub fn to_statement(&self) -> Statement<'_> {
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        Statement {
            subjects: [self.subject()].into(),
            predicate_type: PREDICATE_TYPE.into(),
            predicate: Value::object([
                ("log", Value::from(self.log.as_str())),
                ("genesis", Value::from(self.genesis.to_base64())),
                ("size", Value::Int(size)),
                ("old", Value::from(self.old.to_string())),
                ("new", Value::from(self.new.to_string())),
                ("reason", Value::from(self.reason.as_str())),
            ]),
        }
    }

    fn subject(&self) -> Subject {
        Subject::new(&self.log, &sha256(self.new.to_string().as_bytes()))
    }
}

/// Returns the `keyid` under which a log's key signs an envelope: `sha256:` and the hex SHA-256 of its text.
#[must_use]
pub fn log_key_id(key: &VerifierKey) -> String {
    format!("sha256:{}", sha256(key.to_string().as_bytes()).to_hex())
}

/// Adds the signature of a log's key to a rotation.
///
/// # Errors
/// As [`Envelope::with_signature`]; a key that finds no signature signs with no bytes, which is false.
pub fn sign_with_log_key(envelope: Envelope, key: &SignerKey) -> Result<Envelope, EnvelopeError> {
    let sig = key.sign(&envelope.pae()).unwrap_or_default();
    let keyid = log_key_id(key.verifier());
    envelope.with_signature(EnvelopeSignature { keyid, sig })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::hash::leaf_hash;
    use crate::note::key_name::{KeyName, SignatureType};
    use proptest::prelude::*;

    const LOG: &str = "models.example.com/access";

    fn key(name: &str, kind: SignatureType, seed: u8) -> VerifierKey {
        let name = KeyName::parse(name).unwrap();
        let key = SignerKey::new(name, kind, SecretKey::from_seed(&[seed; 32]));
        key.verifier().clone()
    }

    fn rotation() -> LogKeyEvent {
        LogKeyEvent {
            log: LOG.into(),
            genesis: leaf_hash(b"genesis"),
            size: 7,
            old: key(LOG, SignatureType::Ed25519, 1),
            new: key(LOG, SignatureType::SubtreeV1, 2),
            reason: "a new machine".into(),
        }
    }

    #[test]
    fn bad_rotations() {
        let encoded = rotation().to_statement().encode();
        let good = core::str::from_utf8(&encoded).unwrap();
        let (old, new) = (rotation().old.to_string(), rotation().new.to_string());
        let witness = key(LOG, SignatureType::CosignatureV1, 1).to_string();
        let other = key("other.example", SignatureType::Ed25519, 1).to_string();
        let digest = sha256(new.as_bytes()).to_hex();
        for (from, to, code) in [
            (old.as_str(), witness.as_str(), "log-key-of-other-log"),
            (&old, &other, "log-key-of-other-log"),
            (&old, "x", "log-key-malformed"),
            (&new, &old, "log-key-same"),
            (&new, &other, "log-key-of-other-log"),
            (&digest, &leaf_hash(b"x").to_hex(), "log-key-subject"),
            ("\"name\":\"models", "\"name\":\"madels", "log-key-subject"),
            ("\"size\":7", "\"size\":-7", "member-malformed"),
            ("\"size\":7", "\"size\":\"7\"", "member-malformed"),
            ("\"genesis\":", "\"gene\":", "member-missing"),
            ("\"reason\":", "\"because\":", "member-missing"),
            ("a new machine", " ", "member-malformed"),
            ("\"log\":", "\"lag\":", "member-missing"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let statement = Statement::parse(text.as_bytes()).unwrap();
            let error = LogKeyEvent::parse(&statement).unwrap_err();
            assert_eq!(error.code(), code, "{to}: {error}");
        }
    }

    proptest! {
        #[test]
        fn rotations_round_trip(size in 0..=i64::MAX.cast_unsigned(), seed in 3u8..=255, reason in "x.{0,99}") {
            let event = LogKeyEvent {
                size,
                new: key(LOG, SignatureType::Ed25519, seed),
                reason,
                ..rotation()
            };
            let encoded = event.to_statement().encode();
            prop_assert_eq!(LogKeyEvent::parse(&Statement::parse(&encoded).unwrap()), Ok(event));
        }
    }
}
