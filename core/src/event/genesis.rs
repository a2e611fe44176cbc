//! The genesis event: entry 0 of a log, which names its origin, its admins and the number of them that must sign
//! (docs/formats/events.md, "Genesis").
//!
//! A parsed genesis is a claim. [`Genesis::verify`] checks that it is for this log and signed by every admin, which
//! makes it the root of trust for keys.

use crate::event::fields::{MemberError, Members};
use crate::event::spki::{Spki, SpkiError};
use crate::event::statement::{Statement, Subject};
use crate::merkle::hash::{self, Hash};
use crate::merkle::tree::TreeHead;
use crate::text::json_value::Value;
use crate::text::limits::MAX_SIGNATURES;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Predicate type of the genesis event.
pub(crate) const PREDICATE_TYPE: &str = "https://glasslog.dev/genesis/v1";

/// The only format version.
pub(crate) const FORMAT_VERSION: u64 = 1;

/// The first statement of a log about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Origin of the log.
    pub log: String,
    /// Keys that may sign key events.
    pub admins: Vec<Spki>,
    /// Number of admins that must sign a key event.
    pub threshold: usize,
    /// The closed log that this one continues.
    pub succeeds: Option<Box<Predecessor>>,
}

/// The final state of a closed log, to which the genesis of its successor commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Its origin.
    pub log: String,
    /// Size and root of its final checkpoint.
    pub head: TreeHead,
    /// Digest of its keys at its end ([`Keyring::digest`](crate::rules::Keyring::digest)).
    pub keys: Hash,
}

/// The reason why an event is not a genesis, or not the genesis of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// An admin's key is refused.
    #[error("admin {position}: {error}")]
    Admin {
        /// Position in the list.
        position: usize,
        /// The reason.
        error: SpkiError,
    },
    /// A key is in the list twice.
    #[error("admin `{keyid}` is listed twice")]
    DuplicateAdmin {
        /// The key.
        keyid: String,
    },
    /// The threshold is not between 1 and the number of admins.
    #[error("a threshold of {threshold} does not fit {admins} admins")]
    Threshold {
        /// The threshold.
        threshold: u64,
        /// Number of admins.
        admins: usize,
    },
    /// A log cannot succeed itself.
    #[error("`{origin}` cannot succeed itself")]
    OwnSuccessor {
        /// The origin.
        origin: String,
    },
    /// The subject is not the origin with its SHA-256.
    #[error("the subject must be `{origin}` with its SHA-256 alone")]
    Subject {
        /// The origin.
        origin: String,
    },
    /// The entry is another event.
    #[error("entry 0 is not a genesis event")]
    NotGenesis,
    /// The genesis is that of another log.
    #[error("entry 0 is the genesis of `{claimed}`, not of `{expected}`")]
    OtherLog {
        /// The origin that it names.
        claimed: String,
        /// The origin of this log.
        expected: String,
    },
    /// An admin did not sign.
    #[error("admin `{keyid}` did not sign the genesis")]
    Unsigned {
        /// The admin's key.
        keyid: String,
    },
    /// An admin's signature is false.
    #[error("the signature of admin `{keyid}` on the genesis is false")]
    BadSignature {
        /// The admin's key.
        keyid: String,
    },
}

impl GenesisError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Member(error) => error.code(),
            Self::Admin { .. } => "genesis-admin-key",
            Self::DuplicateAdmin { .. } => "genesis-duplicate-admin",
            Self::Threshold { .. } => "genesis-threshold",
            Self::OwnSuccessor { .. } => "genesis-own-successor",
            Self::Subject { .. } => "genesis-subject",
            Self::NotGenesis => "genesis-missing",
            Self::OtherLog { .. } => "genesis-other-log",
            Self::Unsigned { .. } => "genesis-unsigned",
            Self::BadSignature { .. } => "genesis-bad-signature",
        }
    }
}

impl Genesis {
    /// Converts a Statement of this predicate type.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, GenesisError> {
        let members = Members::of(&statement.predicate, "predicate")?;
        let log = members.name("log")?;
        if members.count("formatVersion")? != FORMAT_VERSION {
            return Err(members.refuse("formatVersion", "1").into());
        }
        let mut admins: Vec<Spki> = Vec::new();
        for (position, item) in members.list("admins", MAX_SIGNATURES)?.iter().enumerate() {
            let pem = item
                .as_str()
                .ok_or_else(|| members.refuse("admins", "a list of PEM blocks"))?;
            let admin = Spki::parse_pem_block(pem)
                .map_err(|error| GenesisError::Admin { position, error })?;
            if admins.contains(&admin) {
                return Err(GenesisError::DuplicateAdmin {
                    keyid: admin.key_id(),
                });
            }
            admins.push(admin);
        }
        let claimed = members.count("threshold")?;
        let threshold = usize::try_from(claimed)
            .ok()
            .filter(|threshold| (1..=admins.len()).contains(threshold))
            .ok_or(GenesisError::Threshold {
                threshold: claimed,
                admins: admins.len(),
            })?;
        let succeeds = members.maybe("succeeds", |members, name| {
            Predecessor::parse(&members.object(name, "predicate.succeeds")?).map(Box::new)
        })?;
        if succeeds.as_ref().is_some_and(|before| before.log == log) {
            return Err(GenesisError::OwnSuccessor { origin: log });
        }
        let genesis = Self {
            log,
            admins,
            threshold,
            succeeds,
        };
        if statement.subjects == [genesis.subject()] {
            Ok(genesis)
        } else {
            Err(GenesisError::Subject {
                origin: genesis.log,
            })
        }
    }

    /// Makes the Statement; [`encode`](crate::event::encode) makes it a payload.
    #[must_use]
    pub fn to_statement(&self) -> Statement<'_> {
        let admins = self
            .admins
            .iter()
            .map(|admin| Value::from(admin.pem_block()))
            .collect();
        let threshold = i64::try_from(self.threshold).unwrap_or(i64::MAX);
        let succeeds = self.succeeds.as_deref().map(Predecessor::to_value);
        Statement {
            subjects: [self.subject()].into(),
            predicate_type: PREDICATE_TYPE.into(),
            predicate: Value::sparse_object([
                ("log", Some(Value::from(self.log.as_str()))),
                ("formatVersion", Some(Value::Int(1))),
                ("admins", Some(Value::Array(admins))),
                ("threshold", Some(Value::Int(threshold))),
                ("succeeds", succeeds),
            ]),
        }
    }

    fn subject(&self) -> Subject {
        Subject::new(&self.log, &hash::sha256(self.log.as_bytes()))
    }
}

impl Predecessor {
    fn parse(members: &Members<'_>) -> Result<Self, MemberError> {
        Ok(Self {
            log: members.name("log")?,
            head: TreeHead {
                size: members.count("size")?,
                root: members.leaf_hash("root")?,
            },
            keys: members.leaf_hash("keys")?,
        })
    }

    fn to_value(&self) -> Value<'_> {
        Value::object([
            ("log", Value::from(self.log.as_str())),
            (
                "size",
                Value::Int(i64::try_from(self.head.size).unwrap_or(i64::MAX)),
            ),
            ("root", Value::from(self.head.root.to_base64())),
            ("keys", Value::from(self.keys.to_base64())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn genesis(seeds: &[u8], threshold: usize) -> Genesis {
        Genesis {
            log: "models.example.com/access".into(),
            admins: seeds
                .iter()
                .map(|seed| Spki::new(secret(*seed).public()))
                .collect(),
            threshold,
            succeeds: None,
        }
    }

    #[test]
    fn a_successor_commits_to_the_log_before_it() {
        let mut genesis = genesis(&[1], 1);
        let before = Predecessor {
            log: "models.example.com/2025".into(),
            head: TreeHead {
                size: 7,
                root: hash::sha256(b"root"),
            },
            keys: hash::sha256(b"keys"),
        };
        genesis.succeeds = Some(Box::new(before.clone()));
        assert_eq!(Genesis::parse(&genesis.to_statement()), Ok(genesis.clone()));
        let good = genesis.to_statement().encode();
        let good = core::str::from_utf8(&good).unwrap();
        let root = before.head.root.to_base64();
        for (text, code) in [
            (
                good.replace("\"size\":7", "\"size\":-7"),
                "member-malformed",
            ),
            (good.replace("\"size\":7,", ""), "member-missing"),
            (
                good.replace(&root, root.trim_end_matches('=')),
                "member-malformed",
            ),
            (good.replace("\"keys\"", "\"kees\""), "member-missing"),
            (
                good.replace("\"succeeds\":{", "\"succeeds\":null,\"x\":{"),
                "member-malformed",
            ),
            (
                good.replace("models.example.com/2025", "models.example.com/access"),
                "genesis-own-successor",
            ),
        ] {
            assert_ne!(text, good);
            let statement = Statement::parse(text.as_bytes()).unwrap();
            let error = Genesis::parse(&statement).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    }

    #[test]
    fn bad_genesis_events() {
        let good = genesis(&[1, 2], 1).to_statement().encode();
        let good = core::str::from_utf8(&good).unwrap();
        let (one, two) = (
            genesis(&[1], 1).admins[0].pem_block().replace('\n', "\\n"),
            genesis(&[2], 1).admins[0].pem_block().replace('\n', "\\n"),
        );
        assert!(Genesis::parse(&Statement::parse(good.as_bytes()).unwrap()).is_ok());
        for (text, code) in [
            (
                good.replace("\"threshold\":1", "\"threshold\":0"),
                "genesis-threshold",
            ),
            (
                good.replace("\"threshold\":1", "\"threshold\":3"),
                "genesis-threshold",
            ),
            (
                good.replace("\"threshold\":1", "\"threshold\":-1"),
                "member-malformed",
            ),
            (
                good.replace("\"threshold\":1", "\"threshold\":\"1\""),
                "member-malformed",
            ),
            (good.replace(",\"threshold\":1", ""), "member-missing"),
            (
                good.replace("\"formatVersion\":1", "\"formatVersion\":2"),
                "member-malformed",
            ),
            (good.replace(&two, &one), "genesis-duplicate-admin"),
            (good.replace(&two, "x"), "genesis-admin-key"),
            (
                good.replace(&alloc::format!("\"{two}\""), "7"),
                "member-malformed",
            ),
            (
                good.replace("\"name\":\"models", "\"name\":\"other"),
                "genesis-subject",
            ),
            (
                good.replace("\"log\":\"models", "\"log\":\"other"),
                "genesis-subject",
            ),
        ] {
            assert_ne!(text, good);
            let statement = Statement::parse(text.as_bytes()).unwrap();
            let error = Genesis::parse(&statement).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
        let (none, many) = (genesis(&[], 0), genesis(&(1..=17).collect::<Vec<u8>>(), 1));
        assert_eq!(
            Genesis::parse(&none.to_statement()).map_err(|error| error.code()),
            Err("genesis-threshold")
        );
        assert_eq!(
            Genesis::parse(&many.to_statement()).map_err(|error| error.code()),
            Err("member-malformed")
        );
    }
}
