//! The messages that cosigners sign, by the type of their keys ([C2SP
//! tlog-cosignature](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-cosignature.md), 2026-07-22); their form is shown in
//! [`crate::note::cosignature`].

use crate::merkle::tree::TreeHead;
use crate::note::key::{NoteSignatureError, SignerKey, VerifierKey};
use crate::note::key_name::SignatureType;
use crate::note::signature_line::Signature;
use alloc::format;
use alloc::vec::Vec;

/// Bytes of the time before a signature.
pub(super) const TIME_SIZE: usize = 8;

/// The latest time that the specification allows.
pub(super) const MAX_TIME: u64 = u64::MAX >> 1;

/// The parts of a checkpoint that cosigners sign.
pub(super) struct Cosigned<'a> {
    pub(super) text: &'a str,
    pub(super) origin: &'a str,
    pub(super) head: TreeHead,
}

/// Signs the parts of a checkpoint, which needs no signature yet, at `time`.
///
/// # Errors
/// As [`message`], or [`CosignatureError::Signature`].
pub(super) fn sign(
    cosigned: &Cosigned<'_>,
    key: &SignerKey,
    time: u64,
) -> Result<Signature, CosignatureError> {
    let verifier = key.verifier();
    let message = message(cosigned, verifier, time)?;
    let signature = key.sign(&message).map_err(NoteSignatureError::MlDsa44);
    let signature = signature.map_err(CosignatureError::Signature)?;
    let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
    // The bytes are never empty, so this never fails.
    Signature::new(verifier.name().clone(), verifier.id(), bytes)
        .map_err(|_| CosignatureError::OtherKey)
}

/// Returns the message that a cosigner of this key signs.
pub(super) fn message(
    cosigned: &Cosigned<'_>,
    key: &VerifierKey,
    time: u64,
) -> Result<Vec<u8>, CosignatureError> {
    let signature_type = key.signature_type();
    if !matches!(
        signature_type,
        SignatureType::CosignatureV1 | SignatureType::SubtreeV1
    ) {
        return Err(CosignatureError::WrongType);
    }
    if time > MAX_TIME {
        return Err(CosignatureError::TimeTooLate { time });
    }
    if signature_type == SignatureType::CosignatureV1 {
        let text = cosigned.text;
        return Ok(format!("cosignature/v1\ntime {time}\n{text}").into_bytes());
    }
    let (name, origin) = (key.name().as_str(), cosigned.origin);
    let (head, start) = (cosigned.head, 0u64);
    // An origin has at most 255 bytes, a name any number.
    let length = |text: &str| u8::try_from(text.len()).map_err(|_| CosignatureError::NameTooLong);
    Ok([
        b"subtree/v1\n\0".as_slice(),
        &[length(name)?],
        name.as_bytes(),
        &time.to_be_bytes(),
        &[length(origin)?],
        origin.as_bytes(),
        &start.to_be_bytes(),
        &head.size.to_be_bytes(),
        head.root.as_bytes(),
    ]
    .concat())
}

/// The reason why a cosignature is refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CosignatureError {
    /// The key is not the key of a cosigner.
    #[error("the key is not a cosigner's, whose signature type is 0x04 or 0x06")]
    WrongType,
    /// The line has another name or id than the key.
    #[error("the cosignature claims to be by another key")]
    OtherKey,
    /// The length is not that of a time and a signature.
    #[error("a cosignature by this key has {expected} bytes, not {length}")]
    WrongLength {
        /// Bytes given.
        length: usize,
        /// Bytes of a cosignature by the key.
        expected: usize,
    },
    /// The time is 2^63 or later.
    #[error("the time {time} of the cosignature is not below 2^63")]
    TimeTooLate {
        /// Seconds since the epoch.
        time: u64,
    },
    /// The name of the cosigner is longer than 255 bytes, the most that an ML-DSA-44 cosignature covers.
    #[error("the name of an ML-DSA-44 cosigner has at most 255 bytes")]
    NameTooLong,
    /// The signature does not verify.
    #[error(transparent)]
    Signature(NoteSignatureError),
}

impl CosignatureError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongType => "cosignature-wrong-type",
            Self::OtherKey => "cosignature-other-key",
            Self::WrongLength { .. } => "cosignature-wrong-length",
            Self::TimeTooLate { .. } => "cosignature-time-too-late",
            Self::NameTooLong => "cosignature-name-too-long",
            Self::Signature(error) => error.code(),
        }
    }
}
