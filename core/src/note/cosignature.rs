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
//! An ML-DSA-44 cosignature (`subtree/v1`) is the same time before a signature over the structure `cosigned_message`, integers
//! big-endian. It covers no extension lines:
//!
//! ```text
//! "subtree/v1" LF 0x00   u8 length, cosigner's name   u64 time
//! u8 length, origin      u64 start = 0                u64 end = size      32-byte root
//! ```
//!
//! [`verify`] is the only function that verifies one. An auditor's statement about an index is of another type
//! ([`crate::note::audit_statement`]). A log whose key is of ML-DSA-44 signs its checkpoints as such a cosigner.

use crate::note::checkpoint::Checkpoint;
use crate::note::cosigned_message::{Cosigned, TIME_SIZE, message, sign};
use crate::note::key::{SignerKey, VerifierKey};
use crate::note::signature_line::Signature;

pub use crate::note::cosigned_message::CosignatureError;

/// Cosigns a checkpoint at `time`, in seconds since the epoch.
///
/// The caller must have checked that the log signed the checkpoint, and that it extends the last cosigned one.
///
/// # Errors
/// [`CosignatureError::WrongType`], [`CosignatureError::TimeTooLate`] or [`CosignatureError::NameTooLong`].
pub fn cosign(
    checkpoint: &Checkpoint,
    key: &SignerKey,
    time: u64,
) -> Result<Signature, CosignatureError> {
    sign(&checkpoint.into(), key, time)
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
    let bytes = signature.bytes();
    let expected = key.signature_type().signature_size() + TIME_SIZE;
    let fields = bytes.split_first_chunk::<TIME_SIZE>();
    let (time, signature) = match fields {
        Some((time, signature)) if bytes.len() == expected => {
            (u64::from_be_bytes(*time), signature)
        }
        // The message is of no use then, but tells a key that is no cosigner's.
        _ => {
            message(&checkpoint.into(), key, 0)?;
            return Err(CosignatureError::WrongLength {
                length: bytes.len(),
                expected,
            });
        }
    };
    let message = message(&checkpoint.into(), key, time)?;
    let verified = key.public().verify(&message, signature);
    verified.map_err(CosignatureError::Signature)?;
    Ok(time)
}

impl<'a> From<&'a Checkpoint> for Cosigned<'a> {
    fn from(checkpoint: &'a Checkpoint) -> Self {
        Self {
            text: checkpoint.note().text(),
            origin: checkpoint.origin().as_str(),
            head: checkpoint.head(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::{SecretKey, SignatureError};
    use crate::crypto::ml_dsa::MlDsaError;
    use crate::merkle::hash::leaf_hash;
    use crate::merkle::tree::TreeHead;
    use crate::note::checkpoint::Origin;
    use crate::note::cosigned_message::MAX_TIME;
    use crate::note::key_name::{KeyName, SignatureType};
    use crate::note::note::KeyVerdict;
    use alloc::format;
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
        let key = key("w.example", SignatureType::CosignatureV1, 2);
        let message = message(&(&checkpoint).into(), key.verifier(), 1_679_315_147).unwrap();
        assert_eq!(
            core::str::from_utf8(&message).unwrap(),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
        let line = cosign(&checkpoint, &key, 1_679_315_147).unwrap();
        assert_eq!(line.bytes()[..8], [0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb]);
        assert_eq!(line.bytes()[8..], key.sign(&message).unwrap());
    }

    /// The structure of the specification, field by field; extension lines are not covered.
    #[test]
    fn the_message_of_ml_dsa_cosigners() {
        let text = format!("log.example\n258\n{}\nextension\n", leaf_hash(b"entry"));
        let note = format!("{text}\n— n AQEBAQE=\n");
        let checkpoint = Checkpoint::parse(note.as_bytes()).unwrap();
        let key = key("w.example", SignatureType::SubtreeV1, 2);
        let mut expected = b"subtree/v1\n\0\x09w.example".to_vec();
        expected.extend([0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb]);
        expected.extend(b"\x0blog.example");
        expected.extend([0; 8]);
        expected.extend([0, 0, 0, 0, 0, 0, 1, 2]);
        expected.extend(leaf_hash(b"entry").as_bytes());
        let message = message(&(&checkpoint).into(), key.verifier(), 1_679_315_147).unwrap();
        assert_eq!(message, expected);
        let line = cosign(&checkpoint, &key, 1_679_315_147).unwrap();
        assert_eq!(line.bytes().len(), 2_428);
        assert_eq!(
            verify(&checkpoint, key.verifier(), &line),
            Ok(1_679_315_147)
        );
        let other = Checkpoint::parse(note.replace("extension", "other").as_bytes()).unwrap();
        assert!(verify(&other, key.verifier(), &line).is_ok());
        // The name is covered: the same key under another name is another cosigner.
        let secret = SecretKey::from_seed(&[2; 32]);
        let renamed = KeyName::parse("v.example").unwrap();
        let renamed = SignerKey::new(renamed, SignatureType::SubtreeV1, secret);
        let (name, id) = (renamed.verifier().name().clone(), renamed.verifier().id());
        let moved = Signature::new(name, id, line.bytes().into()).unwrap();
        assert_eq!(
            verify(&checkpoint, renamed.verifier(), &moved),
            Err(CosignatureError::Signature(MlDsaError::Invalid.into()))
        );
    }

    #[test]
    fn a_cosigner_of_ml_dsa_has_a_short_name() {
        for (length, fits) in [(255, true), (256, false)] {
            let key = key(&"w".repeat(length), SignatureType::SubtreeV1, 2);
            let made = cosign(&checkpoint(7), &key, 5);
            assert_eq!(made.is_ok(), fits);
            assert!(fits || made == Err(CosignatureError::NameTooLong));
        }
    }

    #[test]
    fn what_is_cosigned_verifies() {
        for (kind, time) in [SignatureType::CosignatureV1, SignatureType::SubtreeV1]
            .into_iter()
            .flat_map(|kind| [0, 1, 1_795_467_600, MAX_TIME].map(|time| (kind, time)))
        {
            let key = key("w.example", kind, 2);
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
            Err(CosignatureError::Signature(SignatureError::Invalid.into()))
        );
        for bit in 0..good.bytes().len() * 8 {
            let mut bytes = good.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let bad = Signature::new(good.name().clone(), good.id(), bytes).unwrap();
            let expected = match bit {
                7 => CosignatureError::TimeTooLate {
                    time: (1 << 63) + 5,
                },
                _ => CosignatureError::Signature(SignatureError::Invalid.into()),
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
        let bare = witness.sign(text).unwrap();
        let longer = [good.bytes(), &[0]].concat();
        let ml_dsa = vec![0; 8 + 2_420];
        for (key, line, message) in [
            (
                &plain,
                line(&plain, good.bytes().into()),
                "the key is not a cosigner's, whose signature type is 0x04 or 0x06",
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
                "a cosignature by this key has 72 bytes, not 64",
            ),
            (
                &witness,
                line(&witness, longer),
                "a cosignature by this key has 72 bytes, not 73",
            ),
            (
                &witness,
                line(&witness, ml_dsa),
                "a cosignature by this key has 72 bytes, not 2428",
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
