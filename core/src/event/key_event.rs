//! Key events: admins enrol an actor's key, revoke it, or state since when it was compromised (docs/formats/events.md, "Key event").
//!
//! The effect of an event depends on its position and its signatures; [`crate::rules`] decides it.

use crate::event::fields::{MemberError, Members};
use crate::event::spki::{Spki, SpkiError};
use crate::event::statement::{Statement, Subject};
use crate::merkle::hash::Hash;
use crate::text::json_value::Value;
use alloc::string::String;

/// Predicate type of key events.
pub(crate) const PREDICATE_TYPE: &str = "https://glasslog.dev/key/v1";

/// The operation of a key event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOp {
    /// Binds the key to the actor.
    Enrol,
    /// Ends the key for good.
    Revoke,
    /// States or lowers the index from which a revoked key counts as compromised.
    Amend,
}

impl KeyOp {
    /// Returns the word as events spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enrol => "enrol",
            Self::Revoke => "revoke",
            Self::Amend => "amend",
        }
    }
}

/// An enrolment, a revocation, or an amendment of a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEvent {
    /// Origin of the log that it is signed for.
    pub log: String,
    /// The operation.
    pub op: KeyOp,
    /// The owner of the key.
    pub actor: String,
    /// The key.
    pub spki: Spki,
    /// The reason, for people; only an enrolment may lack one.
    pub reason: Option<String>,
    /// Leaf hash of the enrolment that a revocation ends, or of the revocation or amendment that an amendment changes.
    pub acts_on: Option<Hash>,
    /// The first index at which events by the key are not to be trusted; an amendment must have one, an enrolment none.
    pub compromised_since: Option<u64>,
}

/// The reason why a Statement is not a key event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyEventError {
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The key is refused.
    #[error(transparent)]
    Key(SpkiError),
    /// The subject is not the actor with the SHA-256 of the key's SPKI.
    #[error("the subject must be `{actor}` with `{keyid}` alone")]
    Subject {
        /// The actor.
        actor: String,
        /// The key.
        keyid: String,
    },
}

impl KeyEventError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Member(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Subject { .. } => "key-event-subject",
        }
    }
}

impl KeyEvent {
    /// Converts a Statement of this predicate type.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, KeyEventError> {
        let members = Members::of(&statement.predicate, "predicate")?;
        let op = match members.string("op")? {
            "enrol" => KeyOp::Enrol,
            "revoke" => KeyOp::Revoke,
            "amend" => KeyOp::Amend,
            _ => return Err(members.refuse("op", "`enrol`, `revoke` or `amend`").into()),
        };
        let event = Self {
            log: members.name("log")?,
            op,
            actor: members.name("actor")?,
            spki: Spki::parse_pem_block(members.string("spki")?).map_err(KeyEventError::Key)?,
            reason: members.maybe("reason", Members::words)?,
            acts_on: members.maybe("actsOn", Members::leaf_hash)?,
            compromised_since: members.maybe("compromisedSince", Members::count)?,
        };
        match op {
            KeyOp::Revoke | KeyOp::Amend if event.reason.is_none() => {
                return Err(members.missing("reason").into());
            }
            KeyOp::Revoke | KeyOp::Amend if event.acts_on.is_none() => {
                return Err(members.missing("actsOn").into());
            }
            KeyOp::Amend if event.compromised_since.is_none() => {
                return Err(members.missing("compromisedSince").into());
            }
            KeyOp::Enrol if event.acts_on.is_some() => {
                return Err(members.refuse("actsOn", "absent in an enrolment").into());
            }
            KeyOp::Enrol if event.compromised_since.is_some() => {
                return Err(members
                    .refuse("compromisedSince", "absent in an enrolment")
                    .into());
            }
            _ => {}
        }
        if statement.subjects == [event.subject()] {
            Ok(event)
        } else {
            Err(KeyEventError::Subject {
                actor: event.actor,
                keyid: event.spki.key_id(),
            })
        }
    }

    /// Makes the Statement; [`encode`](crate::event::encode) makes it a payload.
    #[must_use]
    pub fn to_statement(&self) -> Statement<'_> {
        let since = self
            .compromised_since
            .map(|since| Value::Int(i64::try_from(since).unwrap_or(i64::MAX)));
        Statement {
            subjects: [self.subject()].into(),
            predicate_type: PREDICATE_TYPE.into(),
            predicate: Value::sparse_object([
                ("log", Some(Value::from(self.log.as_str()))),
                ("op", Some(Value::from(self.op.as_str()))),
                ("actor", Some(Value::from(self.actor.as_str()))),
                ("spki", Some(Value::from(self.spki.pem_block()))),
                ("reason", self.reason.as_deref().map(Value::from)),
                (
                    "actsOn",
                    self.acts_on.map(|hash| Value::from(hash.to_base64())),
                ),
                ("compromisedSince", since),
            ]),
        }
    }

    fn subject(&self) -> Subject {
        Subject::new(&self.actor, &self.spki.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::hash;
    use proptest::prelude::*;

    fn enrolment() -> KeyEvent {
        KeyEvent {
            log: "models.example.com/access".into(),
            actor: "ci@example.org".into(),
            spki: Spki::new(SecretKey::from_seed(&[1; 32]).public()),
            op: KeyOp::Enrol,
            reason: None,
            acts_on: None,
            compromised_since: None,
        }
    }

    fn amendment() -> KeyEvent {
        KeyEvent {
            op: KeyOp::Amend,
            ..revocation()
        }
    }

    fn revocation() -> KeyEvent {
        KeyEvent {
            op: KeyOp::Revoke,
            reason: Some("left the company".into()),
            acts_on: Some(hash::leaf_hash(b"x")),
            compromised_since: Some(7),
            ..enrolment()
        }
    }

    #[test]
    fn bad_key_events() {
        let encoded = revocation().to_statement().encode();
        let good = core::str::from_utf8(&encoded).unwrap();
        let pem = enrolment().spki.pem_block().replace('\n', "\\n");
        let hash = hash::leaf_hash(b"x").to_base64();
        for (text, code) in [
            (
                good.replace("\"op\":\"revoke\"", "\"op\":\"rotate\""),
                "member-malformed",
            ),
            (good.replace("\"op\":\"revoke\",", ""), "member-missing"),
            (
                good.replace("\"reason\":\"left the company\",", ""),
                "member-missing",
            ),
            (
                good.replace("left the company", &"x".repeat(1025)),
                "member-malformed",
            ),
            (good.replace("left the company", " \\n"), "member-malformed"),
            (
                good.replace(&hash, hash.trim_end_matches("=")),
                "member-malformed",
            ),
            (
                good.replace(&alloc::format!("\"actsOn\":\"{hash}\","), ""),
                "member-missing",
            ),
            (
                good.replace("\"compromisedSince\":7", "\"compromisedSince\":-7"),
                "member-malformed",
            ),
            (
                good.replace("\"compromisedSince\":7", "\"compromisedSince\":null"),
                "member-malformed",
            ),
            (
                good.replace("\"actor\":\"ci@", "\"actor\":\"cd@"),
                "key-event-subject",
            ),
            (
                good.replace("\"name\":\"ci@", "\"name\":\"cd@"),
                "key-event-subject",
            ),
            (
                good.replace("\"op\":\"revoke\"", "\"op\":\"enrol\""),
                "member-malformed",
            ),
            (good.replace(&pem, "x"), "key-not-pem"),
            (
                good.replace(&pem, &alloc::format!("ci\\n{pem}")),
                "key-not-pem",
            ),
            (
                good.replace("\"actor\":\"ci@example.org\"", "\"actor\":\"a b\""),
                "member-malformed",
            ),
        ] {
            assert_ne!(text, good);
            let statement = Statement::parse(text.as_bytes()).unwrap();
            let error = KeyEvent::parse(&statement).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    }

    #[test]
    fn an_amendment_states_everything() {
        let encoded = amendment().to_statement().encode();
        let good = core::str::from_utf8(&encoded).unwrap();
        let hash = hash::leaf_hash(b"x").to_base64();
        for part in [
            ",\"compromisedSince\":7".into(),
            "\"reason\":\"left the company\",".into(),
            alloc::format!("\"actsOn\":\"{hash}\","),
        ] {
            let text = good.replace(&part, "");
            assert_ne!(text, good, "{part}");
            let statement = Statement::parse(text.as_bytes()).unwrap();
            let error = KeyEvent::parse(&statement).unwrap_err();
            assert_eq!(error.code(), "member-missing", "{part}");
        }
    }

    #[test]
    fn two_subjects_are_one_too_many() {
        let enrolment = enrolment();
        let mut statement = enrolment.to_statement();
        statement.subjects.push(statement.subjects[0].clone());
        assert_eq!(
            KeyEvent::parse(&statement).map_err(|error| error.code()),
            Err("key-event-subject")
        );
    }

    proptest! {
        #[test]
        fn key_events_round_trip(actor in "[!-~]{1,256}", seed in any::<[u8; 32]>(), reason in "x.{0,99}", since in any::<u32>(), op in prop::sample::select(vec![KeyOp::Enrol, KeyOp::Revoke, KeyOp::Amend]), states in any::<bool>()) {
            let event = KeyEvent {
                actor,
                spki: Spki::new(SecretKey::from_seed(&seed).public()),
                op,
                reason: Some(reason),
                acts_on: (op != KeyOp::Enrol).then(|| hash::leaf_hash(&seed)),
                compromised_since: (op == KeyOp::Amend || op == KeyOp::Revoke && states).then(|| since.into()),
                ..enrolment()
            };
            let encoded = event.to_statement().encode();
            prop_assert_eq!(KeyEvent::parse(&Statement::parse(&encoded).unwrap()), Ok(event));
        }
    }
}
