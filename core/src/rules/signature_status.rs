//! Verdicts on the signatures of an event at its position (docs/formats/valid-signature.md).
//!
//! An event is judged by the entries before it, and that verdict never changes (*then*). A later key event may state
//! that the key was compromised; from its index on the event counts for nothing (*now*).

use crate::crypto::ed25519::PublicKey;
use alloc::string::String;

/// The status of an event's signatures at its position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureStatus {
    /// A key signed that was valid for this actor at this position, or enough admins signed an event of theirs.
    Valid {
        /// The key.
        keyid: String,
        /// The actor for whom it is enrolled; `None` for an admin.
        actor: Option<String>,
    },
    /// Valid at its position, but a later key event states that the key was compromised from this position or an
    /// earlier one on.
    Compromised {
        /// The key.
        keyid: String,
        /// The actor for whom it is enrolled.
        actor: String,
        /// First index from which another actor may have used it, as that key event states it.
        since: u64,
        /// Index of that key event: the event counts in the prefixes of the log up to here, and in no longer one.
        withdrawn_at: u64,
    },
    /// There is no signature.
    Unsigned,
    /// No key signed that was enrolled before this position, or too few admins signed.
    UnknownKey {
        /// The claimed key.
        keyid: String,
    },
    /// The key was revoked before this position.
    Revoked {
        /// The key.
        keyid: String,
        /// Index of the revocation.
        at: u64,
    },
    /// The key is valid, but for another actor.
    ActorMismatch {
        /// The key.
        keyid: String,
        /// The actor for whom it is enrolled.
        enrolled: String,
        /// The actor that the event names.
        claimed: String,
    },
    /// The event is signed for another log.
    OtherLog {
        /// The log that it names.
        claimed: String,
    },
    /// The key is known, but the signature is false.
    Bad {
        /// The key.
        keyid: String,
    },
}

impl SignatureStatus {
    /// Name in reports of [`SignatureStatus::Valid`].
    pub(crate) const VALID: &str = "valid";
    /// Name in reports of [`SignatureStatus::Compromised`].
    pub(crate) const COMPROMISED: &str = "compromised";
    /// Name in reports of [`SignatureStatus::Bad`].
    pub(crate) const BAD: &str = "invalid";

    /// Tells whether the event counts now: a key valid at its position signed it, for this actor and this log, and was
    /// not compromised there.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid { .. })
    }

    /// Tells whether the event counted when it was logged, by the entries before it alone.
    #[must_use]
    pub const fn had_effect(&self) -> bool {
        matches!(self, Self::Valid { .. } | Self::Compromised { .. })
    }

    /// Tells whether the event counts in the first `size` entries of the log.
    #[must_use]
    pub const fn counts_at(&self, size: u64) -> bool {
        match self {
            Self::Valid { .. } => true,
            Self::Compromised { withdrawn_at, .. } => size <= *withdrawn_at,
            _ => false,
        }
    }

    /// Returns the index of the key event from which on an event that counted counts no more.
    #[must_use]
    pub const fn withdrawn_at(&self) -> Option<u64> {
        match self {
            Self::Compromised { withdrawn_at, .. } => Some(*withdrawn_at),
            _ => None,
        }
    }

    /// Returns the name in reports of the verdict by the entries before the event alone.
    #[must_use]
    pub const fn then(&self) -> &'static str {
        match self {
            Self::Compromised { .. } => Self::VALID,
            status => status.as_str(),
        }
    }

    /// Returns the key that decided; for a valid event the one that vouches for it.
    #[must_use]
    pub fn keyid(&self) -> Option<&str> {
        match self {
            Self::Valid { keyid, .. }
            | Self::Compromised { keyid, .. }
            | Self::UnknownKey { keyid }
            | Self::Revoked { keyid, .. }
            | Self::ActorMismatch { keyid, .. }
            | Self::Bad { keyid } => Some(keyid),
            Self::Unsigned | Self::OtherLog { .. } => None,
        }
    }

    /// Returns the name in reports.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Valid { .. } => Self::VALID,
            Self::Compromised { .. } => Self::COMPROMISED,
            Self::Unsigned => "none",
            Self::UnknownKey { .. } => "unknown-key",
            Self::Revoked { .. } => "revoked-key",
            Self::ActorMismatch { .. } => "actor-mismatch",
            Self::OtherLog { .. } => "other-log",
            Self::Bad { .. } => Self::BAD,
        }
    }

    /// Returns the name in reports of a status that was never valid, if the text is one.
    pub(crate) fn name_of(text: &str) -> Option<&'static str> {
        let names = [
            "none",
            "unknown-key",
            "revoked-key",
            "actor-mismatch",
            "other-log",
            "invalid",
        ];
        names.into_iter().find(|name| *name == text)
    }

    /// Replaces the status if the event is signed for another log, unless its signature is false.
    pub(crate) fn or_other_log(self, claimed: Option<String>) -> Self {
        match claimed {
            Some(claimed) if self.rank() <= 6 => Self::OtherLog { claimed },
            _ => self,
        }
    }

    /// Returns the weight of the status. The weightiest of several signatures decides: first a false one, then a valid
    /// one, then the one that counted longest, then the nearest miss.
    const fn weight(&self) -> (u8, u64) {
        match self {
            Self::Compromised { withdrawn_at, .. } => (self.rank(), *withdrawn_at),
            _ => (self.rank(), 0),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Bad { .. } => 7,
            Self::OtherLog { .. } => 6,
            Self::Valid { .. } => 5,
            Self::Compromised { .. } => 4,
            Self::ActorMismatch { .. } => 3,
            Self::Revoked { .. } => 2,
            Self::UnknownKey { .. } => 1,
            Self::Unsigned => 0,
        }
    }
}

/// The claim of one signature: its status if it is good, and the key to verify it by.
pub(crate) struct SignatureClaim {
    pub(crate) status: SignatureStatus,
    /// The key to verify it by; `None` if the key is unknown.
    pub(crate) key: Option<PublicKey>,
}

impl SignatureClaim {
    /// Returns the status after verification.
    pub(crate) fn resolve(self, is_bad: bool) -> SignatureStatus {
        match self.status {
            SignatureStatus::UnknownKey { keyid }
            | SignatureStatus::Revoked { keyid, .. }
            | SignatureStatus::ActorMismatch { keyid, .. }
            | SignatureStatus::Compromised { keyid, .. }
            | SignatureStatus::Valid { keyid, .. }
                if is_bad =>
            {
                SignatureStatus::Bad { keyid }
            }
            status => status,
        }
    }
}

/// Returns the status of an event with several signatures: the weightiest.
pub(crate) fn weightiest(statuses: impl Iterator<Item = SignatureStatus>) -> SignatureStatus {
    statuses
        .max_by_key(SignatureStatus::weight)
        .unwrap_or(SignatureStatus::Unsigned)
}
