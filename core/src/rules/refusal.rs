//! Refusals of admission (docs/formats/events.md, "Admission"): the rule that failed, and its class.

use crate::event::event::EventError;
use crate::event::genesis::GenesisError;
use crate::rules::key_effect::NoEffect;
use crate::rules::rotation::RotationError;
use alloc::format;
use alloc::string::String;

/// The reason why an entry is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The entry is larger than an entry may be.
    #[error("the entry has {size} bytes, more than {limit}")]
    TooLarge {
        /// Bytes of the entry.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The entry is not an event.
    #[error(transparent)]
    Malformed(#[from] EventError),
    /// The predicate is of a type that this log does not know.
    #[error("predicate type `{found}` is not known to this log")]
    PredicateType {
        /// The type.
        found: String,
    },
    /// The log's first entry must be its genesis.
    #[error(transparent)]
    Genesis(GenesisError),
    /// A genesis event after the first entry.
    #[error("a genesis event is allowed at index 0 only")]
    SecondGenesis,
    /// The event has no signature.
    #[error("the event is not signed")]
    Unsigned,
    /// The signature of a known key is false.
    #[error("the signature by key `{keyid}` is false")]
    BadSignature {
        /// The key.
        keyid: String,
    },
    /// The event is signed for another log.
    #[error("the event is signed for the log `{claimed}`, not for `{expected}`")]
    OtherLog {
        /// The log that it names.
        claimed: String,
        /// This log.
        expected: String,
    },
    /// The signing key is not enrolled, or has another role than the one that signs such an event.
    #[error("key `{keyid}` {}", role(.known_as))]
    UnknownKey {
        /// The key.
        keyid: String,
        /// The role that it has.
        known_as: KnownAs,
    },
    /// The signing key is revoked.
    #[error("key `{keyid}` was revoked at index {at}")]
    RevokedKey {
        /// The key.
        keyid: String,
        /// Index of the revocation.
        at: u64,
    },
    /// The key is enrolled for another actor.
    #[error("identity mismatch: key `{keyid}` is enrolled for `{enrolled}`, not `{claimed}`")]
    ActorMismatch {
        /// The key.
        keyid: String,
        /// The actor for whom it is enrolled.
        enrolled: String,
        /// The actor that the event names.
        claimed: String,
    },
    /// Too few admins signed an event of theirs.
    #[error("{signed} admins of this log signed, but {threshold} must sign")]
    NotByAdmins {
        /// Number of admins that signed.
        signed: usize,
        /// Number of admins that must sign.
        threshold: usize,
    },
    /// The key event would not have the effect that it states.
    #[error("the key event is refused: {0}")]
    NoEffect(NoEffect),
    /// A rotation of the log's key is no submission: the writer has to change the key at the size that it states.
    #[error("the log's key is rotated by `glasslog log rotate`, and not by a submission")]
    RotationSubmitted,
    /// The rotation does not hold for this log, or not here.
    #[error("the rotation of the log's key is refused: {0}")]
    Rotation(RotationError),
    /// The acknowledgement names an entry that the log does not have.
    #[error("it acknowledges entry {index}, but the log has {size} entries")]
    AcknowledgesNoEntry {
        /// The index.
        index: u64,
        /// Number of entries of the log.
        size: u64,
    },
    /// The log has the same signed payload in another envelope.
    #[error("the same signed payload is at index {first}")]
    Replayed {
        /// Its index.
        first: u64,
    },
    /// The name and version is bound to other digests.
    #[error("`{name}` was registered with other digests at index {first}")]
    RegisterConflict {
        /// The name and version.
        name: String,
        /// Index of the registration that binds it.
        first: u64,
    },
    /// The name and version was freed, and is its owner's or the admins' to bind.
    #[error(
        "`{name}` was freed when its registration at index {withdrawn} was withdrawn; {} may bind it again",
        may_bind(.owner.as_deref())
    )]
    RegisterNotOwner {
        /// The name and version.
        name: String,
        /// Index of the registration that was withdrawn.
        withdrawn: u64,
        /// The owner of the bare name; `None` leaves the name to the admins.
        owner: Option<String>,
    },
    /// The registration is the first of a bare name and does not say so.
    #[error("the registration is the first of its name, so it must state `newName`")]
    NewNameMissing,
    /// The registration says that it is the first of a bare name, and is not.
    #[error("the registration states `newName`, but it makes no name owned that had no owner")]
    NewNameFalse,
}

/// The role of a key that may not sign an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownAs {
    /// It has none.
    Nobody,
    /// It is an admin's, and the event is an actor's.
    Admin,
    /// It is enrolled for this actor, and the event is the admins'.
    Actor(String),
}

fn role(known_as: &KnownAs) -> String {
    match known_as {
        KnownAs::Nobody => "is not enrolled".into(),
        KnownAs::Admin => {
            "is an admin's, which signs no access: the key of an actor must sign".into()
        }
        KnownAs::Actor(actor) => format!(
            "is enrolled for the actor `{actor}`, which signs no event of the admins: the key of an admin must sign"
        ),
    }
}

fn may_bind(owner: Option<&str>) -> String {
    match owner {
        Some(owner) => format!("only `{owner}` or the admins"),
        None => "only the admins".into(),
    }
}

/// The class of a refusal, from which the command line derives its exit code and the server its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// The submission breaks its format.
    Malformed,
    /// The submission is too large.
    TooLarge,
    /// A signature is false or absent.
    Signature,
    /// No key that is valid here vouches for it.
    Untrusted,
    /// It is well signed, but contradicts an entry of the log.
    Conflict,
}

impl Refusal {
    /// Returns the stable code of this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "entry-too-large",
            Self::Malformed(error) => error.code(),
            Self::PredicateType { .. } => "predicate-type-unknown",
            Self::Genesis(error) => error.code(),
            Self::SecondGenesis => "genesis-second",
            Self::Unsigned => "event-unsigned",
            Self::BadSignature { .. } => "event-bad-signature",
            Self::OtherLog { .. } => "event-for-other-log",
            Self::UnknownKey { .. } => "event-unknown-key",
            Self::RevokedKey { .. } => "event-revoked-key",
            Self::ActorMismatch { .. } => "event-actor-mismatch",
            Self::NotByAdmins { .. } => "event-not-by-admins",
            Self::NoEffect(reason) => reason.code(),
            Self::RotationSubmitted => "rotation-submitted",
            Self::Rotation(error) => error.code(),
            Self::AcknowledgesNoEntry { .. } => "acknowledges-no-entry",
            Self::Replayed { .. } => "event-replayed",
            Self::RegisterConflict { .. } => "register-conflict",
            Self::RegisterNotOwner { .. } => "register-name-freed",
            Self::NewNameMissing => "register-new-name-missing",
            Self::NewNameFalse => "register-new-name-false",
        }
    }

    /// Returns the class of this refusal.
    #[must_use]
    pub const fn class(&self) -> RefusalClass {
        match self {
            Self::TooLarge { .. } => RefusalClass::TooLarge,
            Self::Genesis(GenesisError::Unsigned { .. } | GenesisError::BadSignature { .. })
            | Self::Unsigned
            | Self::BadSignature { .. }
            | Self::Rotation(RotationError::BadSignature { .. }) => RefusalClass::Signature,
            Self::Malformed(_)
            | Self::PredicateType { .. }
            | Self::Genesis(_)
            | Self::SecondGenesis => RefusalClass::Malformed,
            Self::OtherLog { .. }
            | Self::UnknownKey { .. }
            | Self::RevokedKey { .. }
            | Self::ActorMismatch { .. }
            | Self::NotByAdmins { .. }
            | Self::Rotation(
                RotationError::NotByAdmins { .. }
                | RotationError::NotByOldKey { .. }
                | RotationError::OtherLog,
            ) => RefusalClass::Untrusted,
            Self::NoEffect(_)
            | Self::RotationSubmitted
            | Self::Rotation(_)
            | Self::AcknowledgesNoEntry { .. }
            | Self::Replayed { .. }
            | Self::RegisterConflict { .. }
            | Self::RegisterNotOwner { .. }
            | Self::NewNameMissing
            | Self::NewNameFalse => RefusalClass::Conflict,
        }
    }
}
