//! Audit statements: the timed statement of an auditor that every manifest of an index log is the index of a log
//! (`docs/formats/index.md`, "Audit statements").
//!
//! The statement is a signature line of the index log's checkpoint, of the type 0xff `tlog-index-audit/v1` ([C2SP
//! signed-note](https://github.com/C2SP/C2SP/blob/5ba5ee8/signed-note.md#signature-types), "Signature types"). The line holds the
//! time, the log's head and its origin, and a signature over two lines, the log's three lines, and the text of the checkpoint:
//!
//! ```text
//! tlog-index-audit/v1
//! time 1795467600
//! models.example.com/access
//! 20611
//! ZC0qkbIn+A6aE9vZt3B8Rzu7vZDhQUEGBHXqXn2dKYQ=
//! models.example.com/access/index
//! 702
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! ```
//!
//! An ML-DSA-44 key makes the same statement under a type and a first line of its own, `tlog-index-audit-ml-dsa-44/v1`.
//!
//! A witness's cosignature says only that a tree grew, and is another type by another key.

use crate::merkle::hash::{HASH_SIZE, Hash};
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::{Checkpoint, Origin};
use crate::note::cosigned_message::MAX_TIME;
use crate::note::key::{NoteSignatureError, SignerKey, VerifierKey};
use crate::note::key_name::SignatureType;
use crate::note::signature_line::Signature;
use alloc::format;
use alloc::string::String;

/// The content of an audit statement beside the index checkpoint: a time, and the head of the log that the newest manifest
/// embeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditStatement {
    /// Seconds since the epoch.
    pub time: u64,
    /// The log's origin.
    pub log: Origin,
    /// The log's size and root.
    pub head: TreeHead,
}

/// Signs a statement about an index checkpoint.
///
/// The caller must have recomputed the index, up to this checkpoint, from the log.
///
/// # Errors
/// [`AuditStatementError::WrongType`] or [`AuditStatementError::TimeTooLate`].
pub fn sign(
    index: &Checkpoint,
    key: &SignerKey,
    statement: &AuditStatement,
) -> Result<Signature, AuditStatementError> {
    let verifier = key.verifier();
    let message = message(index, verifier, statement)?;
    let AuditStatement { time, log, head } = statement;
    let origin = log.as_str().as_bytes();
    // An origin has at most 255 bytes.
    let length = u8::try_from(origin.len()).map_err(|_| AuditStatementError::Malformed)?;
    let signature = key.sign(message.as_bytes());
    let signature = signature.map_err(|error| AuditStatementError::Signature(error.into()))?;
    let bytes = [
        time.to_be_bytes().as_slice(),
        &head.size.to_be_bytes(),
        head.root.as_bytes(),
        &[length],
        origin,
        &signature,
    ]
    .concat();
    Signature::new(verifier.name().clone(), verifier.id(), bytes)
        .map_err(|_| AuditStatementError::Malformed)
}

/// Verifies a statement about an index checkpoint.
///
/// # Errors
/// The [`AuditStatementError`] that names the broken rule. All but [`AuditStatementError::WrongType`] and
/// [`AuditStatementError::OtherKey`] mean that a line with the name and id of this key is not by it.
pub fn verify(
    index: &Checkpoint,
    key: &VerifierKey,
    signature: &Signature,
) -> Result<AuditStatement, AuditStatementError> {
    if !signature.is_claimed_by(key) {
        return Err(AuditStatementError::OtherKey);
    }
    label(key)?;
    let size = key.signature_type().signature_size();
    let parsed = parse(signature.bytes(), size);
    let (statement, signature) = parsed.ok_or(AuditStatementError::Malformed)?;
    let message = message(index, key, &statement)?;
    key.public()
        .verify(message.as_bytes(), signature)
        .map_err(AuditStatementError::Signature)?;
    Ok(statement)
}

/// Reads time, size, root, origin and a signature of so many bytes; `None` if the bytes are not exactly these.
fn parse(bytes: &[u8], signature_size: usize) -> Option<(AuditStatement, &[u8])> {
    let (time, rest) = bytes.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    let (root, rest) = rest.split_first_chunk::<HASH_SIZE>()?;
    let (length, rest) = rest.split_first()?;
    let (origin, signature) = rest.split_at_checked(usize::from(*length))?;
    let origin = core::str::from_utf8(origin).ok()?;
    let statement = AuditStatement {
        time: u64::from_be_bytes(*time),
        log: Origin::parse(origin).ok()?,
        head: TreeHead {
            size: u64::from_be_bytes(*size),
            root: Hash::from_bytes(*root),
        },
    };
    (signature.len() == signature_size).then_some((statement, signature))
}

/// Returns the text that an auditor of this key signs.
fn message(
    index: &Checkpoint,
    key: &VerifierKey,
    statement: &AuditStatement,
) -> Result<String, AuditStatementError> {
    let label = label(key)?;
    let AuditStatement { time, log, head } = statement;
    if *time > MAX_TIME {
        return Err(AuditStatementError::TimeTooLate { time: *time });
    }
    Ok(format!(
        "{label}\ntime {time}\n{log}\n{}\n{}\n{}",
        head.size,
        head.root,
        index.note().text()
    ))
}

/// Returns the first line of the text.
fn label(key: &VerifierKey) -> Result<&'static str, AuditStatementError> {
    match key.signature_type() {
        SignatureType::IndexAuditV1 => Ok("tlog-index-audit/v1"),
        SignatureType::IndexAuditMlDsaV1 => Ok("tlog-index-audit-ml-dsa-44/v1"),
        _ => Err(AuditStatementError::WrongType),
    }
}

/// The reason why an audit statement is refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditStatementError {
    /// The key is not an auditor's.
    #[error(
        "the key is not an auditor's, whose signature type is 0xff (tlog-index-audit/v1 or tlog-index-audit-ml-dsa-44/v1)"
    )]
    WrongType,
    /// The line has another name or id than the key.
    #[error("the audit statement claims to be by another key")]
    OtherKey,
    /// The bytes are not a time, a size, a root, an origin and a signature.
    #[error("an audit statement has a time, a size, a root, an origin and a signature")]
    Malformed,
    /// The time is 2^63 or later.
    #[error("the time {time} of the audit statement is not below 2^63")]
    TimeTooLate {
        /// Seconds since the epoch.
        time: u64,
    },
    /// The signature does not verify.
    #[error(transparent)]
    Signature(NoteSignatureError),
}

impl AuditStatementError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongType => "audit-statement-wrong-type",
            Self::OtherKey => "audit-statement-other-key",
            Self::Malformed => "audit-statement-malformed",
            Self::TimeTooLate { .. } => "audit-statement-time-too-late",
            Self::Signature(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::{SecretKey, SignatureError};
    use crate::merkle::hash::leaf_hash;
    use crate::note::cosignature;
    use crate::note::key_name::KeyName;
    use crate::note::note::KeyVerdict;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn key(name: &str, signature_type: SignatureType, seed: u8) -> SignerKey {
        SignerKey::new(
            KeyName::parse(name).unwrap(),
            signature_type,
            SecretKey::from_seed(&[seed; 32]),
        )
    }

    fn auditor() -> SignerKey {
        key("a.example", SignatureType::IndexAuditV1, 2)
    }

    fn index(size: u64) -> Checkpoint {
        let root = leaf_hash(b"manifest");
        Checkpoint::sign(
            &Origin::parse("log.example/index").unwrap(),
            TreeHead { size, root },
            &key("log.example/index", SignatureType::Ed25519, 1),
        )
        .unwrap()
    }

    fn statement() -> AuditStatement {
        AuditStatement {
            time: 1_795_467_600,
            log: Origin::parse("log.example").unwrap(),
            head: TreeHead {
                size: 20_611,
                root: leaf_hash(b"entry"),
            },
        }
    }

    #[test]
    fn the_signed_text_is_that_of_the_format_page() {
        let line = sign(&index(702), &auditor(), &statement()).unwrap();
        let text = format!(
            "tlog-index-audit/v1\ntime 1795467600\nlog.example\n20611\n{}\nlog.example/index\n702\n{}\n",
            leaf_hash(b"entry"),
            leaf_hash(b"manifest")
        );
        let (fields, signature) = line.bytes().split_at(8 + 8 + 32 + 1 + 11);
        assert_eq!(signature, auditor().sign(text.as_bytes()).unwrap());
        let mut expected = 1_795_467_600u64.to_be_bytes().to_vec();
        expected.extend(20_611u64.to_be_bytes());
        expected.extend(leaf_hash(b"entry").as_bytes());
        expected.push(11);
        expected.extend(b"log.example");
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_statement_verifies_and_every_bit_counts() {
        let (index, auditor) = (index(702), auditor());
        let line = sign(&index, &auditor, &statement()).unwrap();
        let key = auditor.verifier();
        assert_eq!(verify(&index, key, &line), Ok(statement()));
        let other = super::tests::index(703);
        assert_eq!(
            verify(&other, key, &line),
            Err(AuditStatementError::Signature(
                SignatureError::Invalid.into()
            ))
        );
        for bit in 0..line.bytes().len() * 8 {
            let mut bytes = line.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let bad = Signature::new(line.name().clone(), line.id(), bytes).unwrap();
            assert!(verify(&index, key, &bad).is_err(), "bit {bit}");
        }
        for length in 1..line.bytes().len() {
            let cut = line.bytes()[..length].to_vec();
            let cut = Signature::new(line.name().clone(), line.id(), cut).unwrap();
            let error = verify(&index, key, &cut).unwrap_err();
            assert_eq!(error, AuditStatementError::Malformed);
        }
        let longer = [line.bytes(), &[0]].concat();
        let longer = Signature::new(line.name().clone(), line.id(), longer).unwrap();
        assert!(verify(&index, key, &longer).is_err());
    }

    /// A key of one role makes nothing that counts in another, even from the same secret.
    #[test]
    fn one_signature_never_means_two_things() {
        let index = index(702);
        let keys = SignatureType::ALL.map(|kind| key("a.example", kind, 2));
        let [plain, witness, subtree, auditor, ml_dsa] = &keys;
        for key in [plain, witness, subtree] {
            let made = sign(&index, key, &statement());
            assert_eq!(made, Err(AuditStatementError::WrongType));
        }
        for key in [plain, auditor, ml_dsa] {
            let made = cosignature::cosign(&index, key, 5);
            assert_eq!(made, Err(cosignature::CosignatureError::WrongType));
        }
        let text = index.note().text();
        let lines = [
            Signature::sign(text, plain).unwrap(),
            cosignature::cosign(&index, witness, 5).unwrap(),
            cosignature::cosign(&index, subtree, 5).unwrap(),
            sign(&index, auditor, &statement()).unwrap(),
            sign(&index, ml_dsa, &statement()).unwrap(),
        ];
        for (at, line) in lines.iter().enumerate() {
            for (by, key) in keys.iter().map(SignerKey::verifier).enumerate() {
                // The same bytes under the id of the other key.
                let moved =
                    Signature::new(key.name().clone(), key.id(), line.bytes().to_vec()).unwrap();
                let signed = index.with_signature(moved.clone()).unwrap();
                let is_text = signed.note().verify(key) == KeyVerdict::Signed;
                let is_cosignature = cosignature::verify(&index, key, &moved).is_ok();
                let is_statement = verify(&index, key, &moved).is_ok();
                let expected =
                    [[0, 0], [1, 2], [3, 4]].map(|kinds| at == by && kinds.contains(&by));
                assert_eq!([is_text, is_cosignature, is_statement], expected);
            }
        }
    }

    #[test]
    fn refusals() {
        let (index, auditor) = (index(702), auditor());
        let late = AuditStatement {
            time: 1 << 63,
            ..statement()
        };
        let error = sign(&index, &auditor, &late).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the time 9223372036854775808 of the audit statement is not below 2^63"
        );
        let line = sign(&index, &auditor, &statement()).unwrap();
        let other = key("b.example", SignatureType::IndexAuditV1, 2);
        assert_eq!(
            verify(&index, other.verifier(), &line),
            Err(AuditStatementError::OtherKey)
        );
        let unsigned: Vec<u8> = [&line.bytes()[..8 + 8 + 32 + 1 + 11], &[0; 64]].concat();
        let unsigned = Signature::new(line.name().clone(), line.id(), unsigned).unwrap();
        assert!(matches!(
            verify(&index, auditor.verifier(), &unsigned),
            Err(AuditStatementError::Signature(_))
        ));
    }
}
