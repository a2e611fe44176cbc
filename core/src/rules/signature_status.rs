//! Verdicts on the signatures of an event at its position (docs/formats/valid-signature.md).

use crate::crypto::ed25519::PublicKey;
use alloc::string::String;

/// What is known of an event's signatures at its position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureStatus {
    /// A key signed that was valid for this actor at this position; enough admins, where it is theirs to sign.
    Valid {
        /// The key.
        keyid: String,
        /// For whom it is enrolled; nobody, for admins.
        actor: Option<String>,
    },
    /// As [`SignatureStatus::Valid`], and later the key was reported compromised from an earlier position on.
    CompromisedLater {
        /// The key.
        keyid: String,
        /// For whom it is enrolled.
        actor: String,
        /// From this index on it may have been in other hands.
        since: u64,
        /// Index of the revocation that says so.
        reported_at: u64,
    },
    /// There is no signature.
    Unsigned,
    /// No key signed that was enrolled before this position, or too few admins did.
    UnknownKey {
        /// The key that is claimed.
        keyid: String,
    },
    /// The key was revoked before this position.
    Revoked {
        /// The key.
        keyid: String,
        /// Index of the revocation.
        at: u64,
    },
    /// The key is valid, for somebody else.
    ActorMismatch {
        /// The key.
        keyid: String,
        /// Whose key it is.
        enrolled: String,
        /// Who is said to have acted.
        claimed: String,
    },
    /// Signed for another log.
    OtherLog {
        /// The log that it names.
        claimed: String,
    },
    /// The key is known and the signature is false.
    Bad {
        /// The key.
        keyid: String,
    },
}

impl SignatureStatus {
    /// Tells whether the event counts: a key valid at its position signed it, for this actor and this log.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid { .. } | Self::CompromisedLater { .. })
    }

    /// Returns the name in reports.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Valid { .. } => "valid",
            Self::CompromisedLater { .. } => "compromised-key",
            Self::Unsigned => "none",
            Self::UnknownKey { .. } => "unknown-key",
            Self::Revoked { .. } => "revoked-key",
            Self::ActorMismatch { .. } => "actor-mismatch",
            Self::OtherLog { .. } => "other-log",
            Self::Bad { .. } => "invalid",
        }
    }

    /// The one name in reports that this is, of a signature that is not valid.
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

    /// An event for another log counts for none here, unless its signature is false anyway.
    pub(crate) fn or_other_log(self, claimed: Option<String>) -> Self {
        match claimed {
            Some(claimed) if self.rank() <= 6 => Self::OtherLog { claimed },
            _ => self,
        }
    }

    /// Of several signatures on one event the weightiest decides: a false one, then a valid one, then the nearest miss.
    const fn rank(&self) -> u8 {
        match self {
            Self::Bad { .. } => 7,
            Self::OtherLog { .. } => 6,
            Self::Valid { .. } => 5,
            Self::CompromisedLater { .. } => 4,
            Self::ActorMismatch { .. } => 3,
            Self::Revoked { .. } => 2,
            Self::UnknownKey { .. } => 1,
            Self::Unsigned => 0,
        }
    }
}

/// What one signature is worth if it is good.
pub(crate) struct SignatureClaim {
    pub(crate) status: SignatureStatus,
    /// The key that it has to be good by; without one there is nothing to verify.
    pub(crate) key: Option<PublicKey>,
}

impl SignatureClaim {
    /// What it is worth, now that it was verified.
    pub(crate) fn resolve(self, is_bad: bool) -> SignatureStatus {
        match self.status {
            SignatureStatus::UnknownKey { keyid }
            | SignatureStatus::Revoked { keyid, .. }
            | SignatureStatus::ActorMismatch { keyid, .. }
            | SignatureStatus::CompromisedLater { keyid, .. }
            | SignatureStatus::Valid { keyid, .. }
                if is_bad =>
            {
                SignatureStatus::Bad { keyid }
            }
            status => status,
        }
    }
}

/// Of several signatures on one event the weightiest decides.
pub(crate) fn weightiest(statuses: impl Iterator<Item = SignatureStatus>) -> SignatureStatus {
    statuses
        .max_by_key(SignatureStatus::rank)
        .unwrap_or(SignatureStatus::Unsigned)
}
