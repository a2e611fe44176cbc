//! Events: the contents of log entries, by the type of the predicate (docs/formats/events.md, "Entry").
//!
//! An entry is an envelope around a Statement. Parsing does not verify signatures; [`Keyring`](crate::rules::Keyring)
//! does.

use crate::event::access::{self, AccessError, AccessEvent};
use crate::event::access_keys::{key_hashes, key_hashes_of};
use crate::event::acknowledgement::{self, Acknowledgement, AcknowledgementError};
use crate::event::dsse::{Envelope, EnvelopeError, PAYLOAD_TYPE};
use crate::event::genesis::{self, Genesis, GenesisError};
use crate::event::key_event::{self, KeyEvent, KeyEventError};
use crate::event::log_key::{self, LogKeyEvent, LogKeyEventError};
use crate::event::statement::{Statement, StatementError, Subject};
use crate::merkle::hash::{self, Hash};
use crate::text::escape;
use crate::text::json;
use crate::text::json_value::Value;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The meaning of a Statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The log's first entry.
    Genesis(Genesis),
    /// An enrolment or revocation, or an amendment of one.
    Key(Box<KeyEvent>),
    /// The log changes its key.
    LogKey(Box<LogKeyEvent>),
    /// The admins know of entries that should not be in the log.
    Acknowledgement(Acknowledgement),
    /// An access to artifacts.
    Access(Box<AccessEvent>),
    /// A Statement with a predicate of another type.
    Other(OtherEvent),
}

/// The known part of an event of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherEvent {
    /// URI of the predicate's type.
    pub predicate_type: String,
    /// The origin of the log that the predicate names, if it names one.
    pub log: Option<String>,
}

impl Event {
    /// Returns `genesis`, `key`, `log-key`, `acknowledge`, `access` or `other`.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Genesis(_) => "genesis",
            Self::Key(_) => "key",
            Self::LogKey(_) => "log-key",
            Self::Acknowledgement(_) => "acknowledge",
            Self::Access(_) => "access",
            Self::Other(_) => "other",
        }
    }

    /// Returns the origin of the log that the event is signed for; an event of another type need not name one.
    #[must_use]
    pub fn log(&self) -> Option<&str> {
        match self {
            Self::Genesis(genesis) => Some(&genesis.log),
            Self::Key(key) => Some(&key.log),
            Self::LogKey(event) => Some(&event.log),
            Self::Acknowledgement(event) => Some(&event.log),
            Self::Access(access) => Some(&access.log),
            Self::Other(other) => other.log.as_deref(),
        }
    }

    /// Returns the URI of the predicate's type.
    #[must_use]
    pub fn predicate_type(&self) -> &str {
        match self {
            Self::Genesis(_) => genesis::PREDICATE_TYPE,
            Self::Key(_) => key_event::PREDICATE_TYPE,
            Self::LogKey(_) => log_key::PREDICATE_TYPE,
            Self::Acknowledgement(_) => acknowledgement::PREDICATE_TYPE,
            Self::Access(_) => access::PREDICATE_TYPE,
            Self::Other(other) => &other.predicate_type,
        }
    }

    fn parse(statement: &Statement<'_>) -> Result<Self, EventError> {
        Ok(match statement.predicate_type.as_str() {
            genesis::PREDICATE_TYPE => Self::Genesis(Genesis::parse(statement)?),
            key_event::PREDICATE_TYPE => Self::Key(Box::new(KeyEvent::parse(statement)?)),
            log_key::PREDICATE_TYPE => Self::LogKey(Box::new(LogKeyEvent::parse(statement)?)),
            acknowledgement::PREDICATE_TYPE => {
                Self::Acknowledgement(Acknowledgement::parse(statement)?)
            }
            access::PREDICATE_TYPE => Self::Access(Box::new(AccessEvent::parse(statement)?)),
            other => Self::Other(OtherEvent {
                predicate_type: other.into(),
                log: statement
                    .predicate
                    .member("log")
                    .and_then(Value::as_str)
                    .map(String::from),
            }),
        })
    }
}

/// A log entry that parses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedEntry {
    /// The envelope, whose signatures are not verified.
    pub envelope: Envelope,
    /// The artifacts, actors or log that it is about.
    pub subjects: Vec<Subject>,
    /// The meaning of its Statement.
    pub event: Event,
}

impl ParsedEntry {
    /// Returns the RFC 6962 leaf hash of the entry.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        hash::leaf_hash(&self.envelope.encode())
    }

    /// Returns the claimed key of the first signature; empty if there is no signature.
    #[must_use]
    pub fn keyid(&self) -> &str {
        let first = self.envelope.signatures().first();
        first.map_or("", |signature| &signature.keyid)
    }

    /// Returns the access event, if it is one.
    #[must_use]
    pub fn access(&self) -> Option<&AccessEvent> {
        match &self.event {
            Event::Access(access) => Some(access),
            _ => None,
        }
    }
}

/// The reason why an entry cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The entry is not a canonical envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The payload is of another type than a Statement.
    #[error("the payload type is `{}`, not `{PAYLOAD_TYPE}`", escape::excerpt(.found))]
    PayloadType {
        /// The type.
        found: String,
    },
    /// The payload is not a Statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The genesis event is malformed.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The key event is malformed.
    #[error(transparent)]
    Key(#[from] KeyEventError),
    /// The rotation is malformed.
    #[error(transparent)]
    LogKey(#[from] LogKeyEventError),
    /// The acknowledgement is malformed.
    #[error(transparent)]
    Acknowledgement(#[from] AcknowledgementError),
    /// The access event is malformed.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl EventError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Envelope(error) => error.code(),
            Self::PayloadType { .. } => "envelope-payload-type",
            Self::Statement(error) => error.code(),
            Self::Genesis(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::LogKey(error) => error.code(),
            Self::Acknowledgement(error) => error.code(),
            Self::Access(error) => error.code(),
        }
    }
}

/// Parses a log entry.
///
/// Statements of other predicate types parse, as [`Event::Other`].
///
/// # Errors
/// [`EventError`]
pub fn parse(entry: &[u8]) -> Result<ParsedEntry, EventError> {
    let envelope = Envelope::parse(entry)?;
    if envelope.payload_type() != PAYLOAD_TYPE {
        return Err(EventError::PayloadType {
            found: envelope.payload_type().into(),
        });
    }
    let statement = Statement::parse(envelope.payload())?;
    let event = Event::parse(&statement)?;
    Ok(ParsedEntry {
        subjects: statement.subjects,
        envelope,
        event,
    })
}

/// Reads an entry once for both its readers: the hashes of its lookup keys, as
/// [`key_hashes`](crate::event::key_hashes) gives them, and the event, if it is one.
#[must_use]
pub fn read(entry: &[u8]) -> (Vec<Hash>, Option<ParsedEntry>) {
    let envelope = Envelope::parse(entry).ok();
    let Some(envelope) = envelope.filter(|envelope| envelope.payload_type() == PAYLOAD_TYPE) else {
        return (key_hashes(entry), None);
    };
    let Ok(payload) = json::parse(envelope.payload()) else {
        return (key_hashes(entry), None);
    };
    let signatures = envelope.signatures().iter();
    let keyids = signatures.map(|signature| signature.keyid.as_str());
    let keys = key_hashes_of(keyids, &payload);
    let statement = Statement::from_json(payload).ok();
    let read = statement.and_then(|statement| {
        let event = Event::parse(&statement).ok()?;
        Some((event, statement.subjects))
    });
    let parsed = read.map(|(event, subjects)| ParsedEntry {
        envelope,
        subjects,
        event,
    });
    (keys, parsed)
}

/// Encodes a Statement as a payload, and checks that it parses again.
///
/// # Errors
/// The [`EventError`] that a reader of the payload would get.
pub fn encode(statement: &Statement<'_>) -> Result<Vec<u8>, EventError> {
    let payload = statement.encode();
    Event::parse(&Statement::parse(&payload)?)?;
    Ok(payload)
}

impl AccessEvent {
    /// Makes the payload to sign, and checks that it parses: a malformed event is refused before it is signed.
    ///
    /// # Errors
    /// [`EventError`]
    pub fn to_payload(&self, subjects: &[Subject]) -> Result<Vec<u8>, EventError> {
        encode(&self.to_statement(subjects))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString as _;

    /// Reading once gives what reading twice gives.
    #[test]
    fn one_reading_for_keys_and_events() {
        let good = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m@1","digest":{"sha256":"9a271f2a916b0b6ee6cecb2426f0b3206ef074578be55d9bc94f6f3fe3ab86aa"}}],"predicateType":"https://example.com/x/v1","predicate":{"actor":"ann"}}"#;
        let entry = |payload: &str| Envelope::unsigned(payload.as_bytes().to_vec()).encode();
        let envelope = String::from_utf8(entry(good)).unwrap_or_default();
        let signature = r#"{"keyid":"sha256:bd8c3c62f39ce805c6f744f28e269784d55228e197afeabd961a45db31b7f002","sig":""}"#;
        let mut entries = Vec::from([
            entry(good),
            entry(&good.replace("x/v1", "x v1")),
            entry(&good.replace("sha256", "sha512")),
            entry(&good.replace("example.com/x", "glasslog.dev/key")),
            entry("{}"),
            entry("x"),
            Vec::new(),
        ]);
        for changed in [
            envelope.replace("+json", ""),
            format!("{envelope}\n"),
            envelope.replace("[]", &format!("[{signature},{signature}]")),
        ] {
            assert_ne!(changed, envelope);
            entries.push(changed.to_string().into_bytes());
        }
        for entry in entries {
            assert_eq!(read(&entry), (key_hashes(&entry), parse(&entry).ok()));
        }
        assert!(parse(&entry(good)).is_ok());
    }
}
