//! Rotations of a log's key: the conditions under which one holds (docs/formats/events.md, "Log key").
//!
//! The log that admits a rotation and the reader who follows it ask the same function.

use crate::event::event::{Event, ParsedEntry};
use crate::event::log_key::{LogKeyEvent, log_key_id};
use crate::note::key::VerifierKey;
use crate::rules::keyring::Keyring;
use crate::rules::signature_status::SignatureStatus;
use alloc::string::String;

/// The reason why an entry does not rotate the key of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// The entry is another event.
    #[error("the entry is not a rotation of the log's key")]
    NotARotation,
    /// It was signed for another log, or for one with this origin that began otherwise.
    #[error("it was signed for another log, or for one that began with another entry")]
    OtherLog,
    /// It was signed for another position.
    #[error("it rotates the key at size {size}, but is entry {index}")]
    Misplaced {
        /// The size that it states.
        size: u64,
        /// Its index.
        index: u64,
    },
    /// It ends another key than the one that signs.
    #[error("it ends the key `{claimed}`, but the key that signs is `{current}`")]
    OtherKey {
        /// The key that it ends, `NAME+ID`.
        claimed: String,
        /// The key that signs, `NAME+ID`.
        current: String,
    },
    /// Too few admins signed it.
    #[error("{signed} admins of this log signed it, but {threshold} must sign")]
    NotByAdmins {
        /// Number of admins that signed.
        signed: usize,
        /// Number of admins that must sign.
        threshold: usize,
    },
    /// The key that it ends did not sign it.
    #[error("the key that it ends, `{key}`, did not sign it")]
    NotByOldKey {
        /// The key, `NAME+ID`.
        key: String,
    },
    /// A signature of an admin or of the old key is false.
    #[error("the signature by key `{keyid}` on it is false")]
    BadSignature {
        /// The key.
        keyid: String,
    },
}

impl RotationError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotARotation => "rotation-missing",
            Self::OtherLog => "rotation-of-other-log",
            Self::Misplaced { .. } => "rotation-misplaced",
            Self::OtherKey { .. } => "rotation-of-other-key",
            Self::NotByAdmins { .. } => "rotation-not-by-admins",
            Self::NotByOldKey { .. } => "rotation-not-by-old-key",
            Self::BadSignature { .. } => "rotation-bad-signature",
        }
    }
}

impl Keyring {
    /// Checks that the entry at `index` rotates the log's key, which is `current`: enough admins and that key signed it, for
    /// this log and this position. The caller must prove the index.
    ///
    /// # Errors
    /// [`RotationError`].
    pub fn check_rotation<'a>(
        &self,
        index: u64,
        entry: &'a ParsedEntry,
        current: &VerifierKey,
    ) -> Result<&'a LogKeyEvent, RotationError> {
        let Event::LogKey(event) = &entry.event else {
            return Err(RotationError::NotARotation);
        };
        self.check_place(index, event)?;
        if event.old != *current {
            return Err(RotationError::OtherKey {
                claimed: event.old.name_and_id(),
                current: current.name_and_id(),
            });
        }
        let signed = self
            .count_admins(entry)
            .map_err(|keyid| RotationError::BadSignature { keyid })?;
        let threshold = self.genesis().threshold;
        if signed < threshold {
            return Err(RotationError::NotByAdmins { signed, threshold });
        }
        match by_old_key(event, entry) {
            None => Err(RotationError::NotByOldKey {
                key: event.old.name_and_id(),
            }),
            Some(false) => Err(RotationError::BadSignature {
                keyid: log_key_id(&event.old),
            }),
            Some(true) => Ok(event),
        }
    }

    /// Checks that a rotation is for this log and this position; any other changes nothing.
    ///
    /// # Errors
    /// [`RotationError::OtherLog`] or [`RotationError::Misplaced`].
    pub(crate) fn check_place(&self, index: u64, event: &LogKeyEvent) -> Result<(), RotationError> {
        if event.log != self.origin() || event.genesis != self.genesis_leaf() {
            return Err(RotationError::OtherLog);
        }
        let size = event.size;
        match index.checked_add(1) == Some(size) {
            true => Ok(()),
            false => Err(RotationError::Misplaced { size, index }),
        }
    }

    /// Judges the signatures of a rotation: those of the admins, and that of the old key.
    pub(crate) fn judge_rotation(
        &self,
        event: &LogKeyEvent,
        entry: &ParsedEntry,
    ) -> SignatureStatus {
        let keyid = log_key_id(&event.old);
        let by_admins = self.judge_admins(entry, true, self.genesis().threshold);
        match (by_admins, by_old_key(event, entry)) {
            (status, Some(true)) => status,
            (bad @ SignatureStatus::Bad { .. }, _) => bad,
            (_, Some(false)) => SignatureStatus::Bad { keyid },
            (_, None) => SignatureStatus::UnknownKey { keyid },
        }
    }
}

/// Tells whether the signature of the key that a rotation ends is good; `None` without one.
fn by_old_key(event: &LogKeyEvent, entry: &ParsedEntry) -> Option<bool> {
    let keyid = log_key_id(&event.old);
    let mut signatures = entry.envelope.signatures().iter();
    let signature = signatures.find(|signature| signature.keyid == keyid)?;
    let public = event.old.public();
    Some(public.verify(&entry.envelope.pae(), &signature.sig).is_ok())
}
