//! Cosignatures: the timed statement of a cosigner that a checkpoint extends all earlier ones that it saw ([C2SP
//! tlog-cosignature](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-cosignature.md), 2026-07-22).
//!
//! An Ed25519 cosignature (`cosignature/v1`) is a big-endian `uint64` time before a signature over two lines and the
//! text of the checkpoint:
//!
//! ```text
//! cosignature/v1
//! time 1679315147
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! ```
//!
//! [`verify`] is the only function that verifies one. ML-DSA-44 cosignatures will be another [`SignatureType`]; an
//! auditor's statement about an index is another one ([`crate::note::audit_statement`]).

use crate::crypto::ed25519::{SIGNATURE_SIZE, SignatureError};
use crate::note::checkpoint::Checkpoint;
use crate::note::key::{SignerKey, VerifierKey};
use crate::note::key_name::SignatureType;
use crate::note::signature_line::Signature;
use alloc::format;
use alloc::string::String;

/// Bytes of the time before a signature.
const TIME_SIZE: usize = 8;

/// The latest time that the specification allows.
pub(super) const MAX_TIME: u64 = u64::MAX >> 1;

/// Cosigns a checkpoint at `time`, in seconds since the epoch.
///
/// The caller must have checked that the log signed the checkpoint, and that it extends the last cosigned one.
///
/// # Errors
/// [`CosignatureError::WrongType`] or [`CosignatureError::TimeTooLate`].
pub fn cosign(
    checkpoint: &Checkpoint,
    key: &SignerKey,
    time: u64,
) -> Result<Signature, CosignatureError> {
    let verifier = key.verifier();
    match verifier.signature_type() {
        SignatureType::Ed25519 | SignatureType::IndexAuditV1 => Err(CosignatureError::WrongType),
        SignatureType::CosignatureV1 => {
            check_time(time)?;
            let signature = key.secret().sign(message(checkpoint, time).as_bytes());
            let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
            // The bytes are never empty, so this never fails.
            Signature::new(verifier.name().clone(), verifier.id(), bytes)
                .map_err(|_| CosignatureError::WrongLength { length: 0 })
        }
    }
}

/// Verifies a cosignature and returns its time, in seconds since the epoch; 0 if the cosigner states no time.
///
/// # Errors
/// The [`CosignatureError`] that names the broken rule. All but [`CosignatureError::WrongType`] and
/// [`CosignatureError::OtherKey`] mean that a line with the name and id of this key is not by it.
pub fn verify(
    checkpoint: &Checkpoint,
    key: &VerifierKey,
    signature: &Signature,
) -> Result<u64, CosignatureError> {
    if !signature.is_claimed_by(key) {
        return Err(CosignatureError::OtherKey);
    }
    match key.signature_type() {
        SignatureType::Ed25519 | SignatureType::IndexAuditV1 => Err(CosignatureError::WrongType),
        SignatureType::CosignatureV1 => {
            let bytes: &[u8; TIME_SIZE + SIGNATURE_SIZE] =
                signature
                    .bytes()
                    .try_into()
                    .map_err(|_| CosignatureError::WrongLength {
                        length: signature.bytes().len(),
                    })?;
            let (time, rest) = bytes.split_at(TIME_SIZE);
            let time = time
                .iter()
                .fold(0, |time, byte| (time << 8) | u64::from(*byte));
            check_time(time)?;
            key.public()
                .verify(message(checkpoint, time).as_bytes(), rest)
                .map_err(CosignatureError::Signature)?;
            Ok(time)
        }
    }
}

fn message(checkpoint: &Checkpoint, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{}", checkpoint.note().text())
}

fn check_time(time: u64) -> Result<(), CosignatureError> {
    if time > MAX_TIME {
        return Err(CosignatureError::TimeTooLate { time });
    }
    Ok(())
}

/// The reason why a cosignature is refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CosignatureError {
    /// The key is not the key of a cosigner.
    #[error("the key is not a cosigner's, whose signature type is 0x04")]
    WrongType,
    /// The line has another name or id than the key.
    #[error("the cosignature claims to be by another key")]
    OtherKey,
    /// The length is not that of a time and a signature.
    #[error("an Ed25519 cosignature has {} bytes, not {length}", TIME_SIZE + SIGNATURE_SIZE)]
    WrongLength {
        /// Bytes given.
        length: usize,
    },
    /// The time is 2^63 or later.
    #[error("the time {time} of the cosignature is not below 2^63")]
    TimeTooLate {
        /// Seconds since the epoch.
        time: u64,
    },
    /// The signature does not verify.
    #[error(transparent)]
    Signature(SignatureError),
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
            Self::Signature(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::hash::leaf_hash;
    use crate::merkle::tree::TreeHead;
    use crate::note::checkpoint::Origin;
    use crate::note::key_name::KeyName;
    use crate::note::note::KeyVerdict;
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

    fn key(name: &str, signature_type: SignatureType, seed: u8) -> SignerKey {
        SignerKey::new(
            KeyName::parse(name).unwrap(),
            signature_type,
            SecretKey::from_seed(&[seed; 32]),
        )
    }

    fn checkpoint(size: u64) -> Checkpoint {
        let key = key("log.example", SignatureType::Ed25519, 1);
        let root = leaf_hash(b"entry");
        Checkpoint::sign(
            &Origin::parse("log.example").unwrap(),
            TreeHead { size, root },
            &key,
        )
        .unwrap()
    }

    #[test]
    fn what_is_signed_is_what_the_specification_shows() {
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let note = format!("{text}\n— n AQEBAQE=\n");
        let checkpoint = Checkpoint::parse(note.as_bytes()).unwrap();
        assert_eq!(
            message(&checkpoint, 1_679_315_147),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
        let key = key("w.example", SignatureType::CosignatureV1, 2);
        let line = cosign(&checkpoint, &key, 1_679_315_147).unwrap();
        assert_eq!(line.bytes()[..8], [0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb]);
        let message = message(&checkpoint, 1_679_315_147);
        assert_eq!(line.bytes()[8..], key.secret().sign(message.as_bytes()));
    }

    #[test]
    fn what_is_cosigned_verifies() {
        let key = key("w.example", SignatureType::CosignatureV1, 2);
        for time in [0, 1, 1_795_467_600, MAX_TIME] {
            let cosigned = checkpoint(7);
            let cosigned = cosigned
                .with_signature(cosign(&cosigned, &key, time).unwrap())
                .unwrap();
            let read = Checkpoint::parse(&cosigned.encode()).unwrap();
            let lines: Vec<&Signature> = read.note().signatures_by(key.verifier()).collect();
            assert_eq!(lines.len(), 1);
            assert_eq!(verify(&read, key.verifier(), lines[0]), Ok(time));
            // A cosignature is no signature over the text.
            assert_eq!(read.note().verify(key.verifier()), KeyVerdict::BadSignature);
        }
    }

    #[test]
    fn every_bit_counts() {
        let key = key("w.example", SignatureType::CosignatureV1, 2);
        let good = cosign(&checkpoint(7), &key, 5).unwrap();
        assert_eq!(
            verify(&checkpoint(8), key.verifier(), &good),
            Err(CosignatureError::Signature(SignatureError::Invalid))
        );
        for bit in 0..good.bytes().len() * 8 {
            let mut bytes = good.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let bad = Signature::new(good.name().clone(), good.id(), bytes).unwrap();
            let expected = match bit {
                7 => CosignatureError::TimeTooLate {
                    time: (1 << 63) + 5,
                },
                _ => CosignatureError::Signature(SignatureError::Invalid),
            };
            assert_eq!(
                verify(&checkpoint(7), key.verifier(), &bad),
                Err(expected),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn what_is_refused() {
        let checkpoint = checkpoint(7);
        let witness = key("w.example", SignatureType::CosignatureV1, 2);
        let plain = key("w.example", SignatureType::Ed25519, 2);
        assert_eq!(
            cosign(&checkpoint, &plain, 5),
            Err(CosignatureError::WrongType)
        );
        assert_eq!(
            cosign(&checkpoint, &witness, MAX_TIME + 1),
            Err(CosignatureError::TimeTooLate { time: 1 << 63 })
        );
        let line = |key: &SignerKey, bytes: Vec<u8>| {
            let verifier = key.verifier();
            Signature::new(verifier.name().clone(), verifier.id(), bytes).unwrap()
        };
        let good = cosign(&checkpoint, &witness, 5).unwrap();
        let text = checkpoint.note().text().as_bytes();
        let bare = Vec::from(witness.secret().sign(text));
        let longer = [good.bytes(), &[0]].concat();
        let ml_dsa = vec![0; 8 + 2_420];
        for (key, line, message) in [
            (
                &plain,
                line(&plain, good.bytes().into()),
                "the key is not a cosigner's, whose signature type is 0x04",
            ),
            (
                &plain,
                good.clone(),
                "the cosignature claims to be by another key",
            ),
            (
                &witness,
                line(&plain, good.bytes().into()),
                "the cosignature claims to be by another key",
            ),
            (
                &witness,
                line(&witness, bare),
                "an Ed25519 cosignature has 72 bytes, not 64",
            ),
            (
                &witness,
                line(&witness, longer),
                "an Ed25519 cosignature has 72 bytes, not 73",
            ),
            (
                &witness,
                line(&witness, ml_dsa),
                "an Ed25519 cosignature has 72 bytes, not 2428",
            ),
            (
                &witness,
                line(&witness, vec![0; 72]),
                "the Ed25519 signature does not verify",
            ),
            (
                &witness,
                line(&witness, vec![0xff; 72]),
                "the time 18446744073709551615 of the cosignature is not below 2^63",
            ),
        ] {
            let error = verify(&checkpoint, key.verifier(), &line).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
