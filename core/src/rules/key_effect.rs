//! Effects of key events: what an enrolment, revocation or amendment changed, or why it changed nothing (docs/formats/events.md,
//! "Key event").

use crate::merkle::hash::Hash;
use alloc::string::String;

/// The effect of a key event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyEffect {
    /// The key is enrolled.
    Enrolled,
    /// The key is revoked.
    Revoked,
    /// The revoked key counts as compromised from an earlier index on than before.
    Amended,
    /// The event changed nothing, for this reason.
    None(NoEffect),
}

/// The reason why a key event changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoEffect {
    /// It is not a key event.
    #[error("it is not a key event")]
    NotAKeyEvent,
    /// It was signed for another log.
    #[error("it was signed for log `{claimed}`")]
    OtherLog {
        /// The log that it names.
        claimed: String,
    },
    /// An admin's signature on it is false.
    #[error("the signature of admin `{keyid}` on it is false")]
    BadSignature {
        /// The admin's key.
        keyid: String,
    },
    /// Too few admins signed it.
    #[error("{signed} admins of this log signed it, but {threshold} must sign")]
    NotByAdmins {
        /// Number of admins that signed.
        signed: usize,
        /// Number of admins that must sign.
        threshold: usize,
    },
    /// A copy of it is at an earlier index.
    #[error("a copy of it is at index {first}")]
    Replayed {
        /// Index of the first copy.
        first: u64,
    },
    /// The key is enrolled already; the first enrolment counts.
    #[error("the key was enrolled at index {at}, and the first enrolment counts")]
    AlreadyEnrolled {
        /// Index of that enrolment.
        at: u64,
    },
    /// The key belongs to an admin, and a key has one role only.
    #[error("the key is an admin's, and a key has one role only")]
    AdminKey,
    /// The key to revoke or amend is not enrolled.
    #[error("the key is not enrolled")]
    NotEnrolled,
    /// The key is revoked, which is final.
    #[error("the key was revoked at index {at}, which is final")]
    AlreadyRevoked {
        /// Index of that revocation.
        at: u64,
    },
    /// The key to revoke or amend belongs to another actor.
    #[error("the key is enrolled for `{enrolled}`")]
    OtherActor {
        /// The owner of the key.
        enrolled: String,
    },
    /// It acts on another event than the enrolment in force.
    #[error("it acts on another event than the enrolment in force, `{current}`")]
    OtherEnrolment {
        /// Leaf hash of the enrolment in force.
        current: Hash,
    },
    /// The key to amend is not revoked.
    #[error("the key is not revoked")]
    NotRevoked,
    /// It acts on another event than the revocation or the last amendment.
    #[error("it acts on another event than the last one about the revocation, `{current}`")]
    OtherRevocation {
        /// Leaf hash of the revocation or of its last amendment.
        current: Hash,
    },
    /// The index from which the key counts as compromised is not before the one that is stated already.
    #[error(
        "the key counts as compromised since {current} already, and that index can only be lowered"
    )]
    NotLowered {
        /// The index that is stated.
        current: u64,
    },
    /// The index from which the key counts as compromised is beyond the end of the log.
    #[error("`compromisedSince` is {since}, but the log has {size} entries")]
    SinceBeyondEnd {
        /// The index.
        since: u64,
        /// Number of entries before the event.
        size: u64,
    },
}

impl NoEffect {
    /// Returns the stable code of this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAKeyEvent => "not-a-key-event",
            Self::OtherLog { .. } => "key-event-for-other-log",
            Self::BadSignature { .. } => "key-event-bad-signature",
            Self::NotByAdmins { .. } => "key-event-not-by-admins",
            Self::Replayed { .. } => "key-event-replayed",
            Self::AlreadyEnrolled { .. } => "key-already-enrolled",
            Self::AdminKey => "key-is-an-admins",
            Self::NotEnrolled => "key-not-enrolled",
            Self::AlreadyRevoked { .. } => "key-already-revoked",
            Self::OtherActor { .. } => "key-of-another-actor",
            Self::OtherEnrolment { .. } => "key-of-another-enrolment",
            Self::NotRevoked => "key-not-revoked",
            Self::OtherRevocation { .. } => "key-of-another-revocation",
            Self::NotLowered { .. } => "key-compromise-not-lowered",
            Self::SinceBeyondEnd { .. } => "key-compromise-beyond-end",
        }
    }

    /// Tells whether the admins did not sign it for this log; such an event does not count as a first copy.
    #[must_use]
    pub const fn is_about_signatures(&self) -> bool {
        matches!(
            self,
            Self::OtherLog { .. } | Self::BadSignature { .. } | Self::NotByAdmins { .. }
        )
    }
}
