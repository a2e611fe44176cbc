//! Acknowledgements: the admins state that they know of entries that should not be in the log (docs/formats/events.md,
//! "Acknowledgement").
//!
//! The effect depends on position and signatures; [`crate::rules`] decides it.

use crate::event::fields::{MemberError, Members};
use crate::event::statement::{Statement, Subject};
use crate::merkle::hash::Hash;
use crate::text::json_value::Value;
use crate::text::wire::{hex_decode, parse_decimal};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Predicate type of acknowledgements.
pub(crate) const PREDICATE_TYPE: &str = "https://glasslog.dev/acknowledge/v1";

/// Prefix of the subjects' names; the index follows.
const NAME: &str = "entry:";

/// The statement of the admins that they know of these entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Origin of the log that it is signed for.
    pub log: String,
    /// Index and leaf hash of each entry, by rising index.
    pub entries: Vec<(u64, Hash)>,
    /// The reason, for people.
    pub reason: String,
}

/// The reason why a Statement is not an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcknowledgementError {
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A subject is not an entry with its leaf hash.
    #[error("subject {position} must be `entry:INDEX`, with the leaf hash as its only digest")]
    Subject {
        /// Position in the list.
        position: usize,
    },
    /// The indices of the subjects do not rise.
    #[error("the indices of the subjects must rise, but subject {position} is `entry:{index}`")]
    Order {
        /// Position in the list.
        position: usize,
        /// The index that is not greater than the one before.
        index: u64,
    },
}

impl AcknowledgementError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Member(error) => error.code(),
            Self::Subject { .. } => "acknowledgement-subject",
            Self::Order { .. } => "acknowledgement-order",
        }
    }
}

impl Acknowledgement {
    /// Converts a Statement of this predicate type.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, AcknowledgementError> {
        let members = Members::of(&statement.predicate, "predicate")?;
        let mut entries: Vec<(u64, Hash)> = Vec::new();
        for (position, subject) in statement.subjects.iter().enumerate() {
            let (index, hash) =
                parse_subject(subject).ok_or(AcknowledgementError::Subject { position })?;
            if entries.last().is_some_and(|(last, _)| *last >= index) {
                return Err(AcknowledgementError::Order { position, index });
            }
            entries.push((index, hash));
        }
        Ok(Self {
            log: members.name("log")?,
            entries,
            reason: members.words("reason")?,
        })
    }

    /// Makes the Statement; [`encode`](crate::event::encode) makes it a payload.
    #[must_use]
    pub fn to_statement(&self) -> Statement<'_> {
        let subjects = self.entries.iter();
        let subjects = subjects.map(|(index, hash)| Subject::new(&format!("{NAME}{index}"), hash));
        Statement {
            subjects: subjects.collect(),
            predicate_type: PREDICATE_TYPE.into(),
            predicate: Value::object([
                ("log", Value::from(self.log.as_str())),
                ("reason", Value::from(self.reason.as_str())),
            ]),
        }
    }
}

/// Reads index and leaf hash of a subject.
fn parse_subject(subject: &Subject) -> Option<(u64, Hash)> {
    let index = parse_decimal(subject.name.strip_prefix(NAME)?)?;
    let digest: [u8; 32] = hex_decode(subject.sha256())?.try_into().ok()?;
    let hash = Hash::from_bytes(digest);
    (*subject == Subject::new(&subject.name, &hash)).then_some((index, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::leaf_hash;
    use proptest::prelude::*;

    fn acknowledgement() -> Acknowledgement {
        Acknowledgement {
            log: "models.example.com/access".into(),
            entries: Vec::from([(7, leaf_hash(b"x")), (12, leaf_hash(b""))]),
            reason: "a test entry of the operator".into(),
        }
    }

    #[test]
    fn bad_acknowledgements() {
        let encoded = acknowledgement().to_statement().encode();
        let good = core::str::from_utf8(&encoded).unwrap();
        let first = leaf_hash(b"x").to_hex();
        for (from, to, code) in [
            ("entry:7", "entry:07", "acknowledgement-subject"),
            ("entry:7", "entry:-7", "acknowledgement-subject"),
            ("entry:7", "7", "acknowledgement-subject"),
            (
                "entry:7",
                "entry:99999999999999999999",
                "acknowledgement-subject",
            ),
            ("entry:7", "entry:12", "acknowledgement-order"),
            ("entry:7", "entry:13", "acknowledgement-order"),
            (
                "{\"sha256\":",
                "{\"sha1\":\"00\",\"sha256\":",
                "acknowledgement-subject",
            ),
            ("\"reason\":", "\"because\":", "member-missing"),
            ("a test entry of the operator", " ", "member-malformed"),
            ("\"log\":", "\"lag\":", "member-missing"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let statement = Statement::parse(text.as_bytes()).unwrap();
            let error = Acknowledgement::parse(&statement).unwrap_err();
            assert_eq!(error.code(), code, "{to}: {error}");
        }
        assert!(good.contains(&first));
    }

    proptest! {
        #[test]
        fn acknowledgements_round_trip(indices in prop::collection::btree_set(any::<u64>(), 1..=32), reason in "x.{0,99}") {
            let entries = indices.into_iter().map(|index| (index, leaf_hash(&index.to_be_bytes())));
            let event = Acknowledgement { entries: entries.collect(), reason, ..acknowledgement() };
            let encoded = event.to_statement().encode();
            prop_assert_eq!(Acknowledgement::parse(&Statement::parse(&encoded).unwrap()), Ok(event));
        }
    }
}
