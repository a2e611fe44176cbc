//! Checkpoints: tree heads as signed notes ([C2SP tlog-checkpoint](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-checkpoint.md), 2026-07-22).
//!
//! ```text
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```
//!
//! A parsed checkpoint is a claim; the trust policy of a verifier (`trust::TrustPolicy`) makes it a
//! `VerifiedCheckpoint`.

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::note::cosigned_message::{self, CosignatureError, Cosigned};
use crate::note::key::SignerKey;
use crate::note::key_name::SignatureType;
use crate::note::note::{Note, NoteError};
use crate::note::signature_line::{Signature, SignatureLineError};
use crate::text::limits::MAX_ORIGIN;
use crate::text::wire;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt;

/// The identity of a log, the first line of its checkpoints: 1 to 255 bytes, without ASCII control characters.
///
/// The specification recommends a URL without scheme, but forbids readers to assume one: spaces and `+` are allowed. A
/// message that ML-DSA-44 cosigners sign, and an audit statement, have one byte for the length of the origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Parses an origin.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let is_sized = (1..=MAX_ORIGIN).contains(&text.len());
        if !is_sized || text.bytes().any(|byte| byte < b' ') {
            return Err(CheckpointError::Origin);
        }
        Ok(Self(text.into()))
    }

    /// Returns the origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tree head with signatures, none of them verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    head: TreeHead,
    note: Note,
}

impl Checkpoint {
    /// Parses a checkpoint.
    ///
    /// # Errors
    /// The [`CheckpointError`] that names the rule that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::from_note(Note::parse(bytes).map_err(CheckpointError::Note)?)
    }

    /// Parses the text of a note as a checkpoint.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn from_note(note: Note) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = note.text().lines().collect();
        if let Some(at) = lines.iter().position(|line| line.is_empty()) {
            return Err(CheckpointError::EmptyLine {
                line: at.saturating_add(1),
            });
        }
        let [origin, size, root, ..] = lines.as_slice() else {
            return Err(CheckpointError::TooShort { lines: lines.len() });
        };
        let head = TreeHead {
            size: wire::parse_decimal(size).ok_or(CheckpointError::Size)?,
            root: Hash::parse_base64(root).ok_or(CheckpointError::Root)?,
        };
        check_empty_tree(head)?;
        Ok(Self {
            origin: Origin::parse(origin)?,
            head,
            note,
        })
    }

    /// Signs a tree head with the key of the log. The key must have the origin as its name: policies find the log by
    /// it.
    ///
    /// # Errors
    /// [`CheckpointError::KeyName`], [`CheckpointError::EmptyTree`], [`CheckpointError::Signature`] or
    /// [`CheckpointError::Cosignature`].
    pub fn sign(origin: &Origin, head: TreeHead, key: &SignerKey) -> Result<Self, CheckpointError> {
        check_empty_tree(head)?;
        let name = key.verifier().name().as_str();
        if name != origin.as_str() {
            return Err(CheckpointError::KeyName {
                origin: origin.clone(),
                key: name.into(),
            });
        }
        let text = format!("{origin}\n{}\n{}\n", head.size, head.root);
        let signature = match key.verifier().signature_type() {
            SignatureType::SubtreeV1 => {
                let cosigned = Cosigned {
                    text: &text,
                    origin: origin.as_str(),
                    head,
                };
                // A log states no time: that is for witnesses.
                cosigned_message::sign(&cosigned, key, 0).map_err(CheckpointError::Cosignature)?
            }
            _ => Signature::sign(&text, key).map_err(CheckpointError::Signature)?,
        };
        let note = Note::new(text, vec![signature]).map_err(CheckpointError::Note)?;
        Ok(Self {
            origin: origin.clone(),
            head,
            note,
        })
    }

    /// Encodes the checkpoint: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.note.encode()
    }

    /// Returns the claimed origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the claimed size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns the lines after the root. Witnesses do not check them, and ML-DSA-44 cosignatures do not cover them.
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.note.text().lines().skip(3)
    }

    /// Returns the note.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature, which replaces those with the same name and id: a later cosignature replaces an earlier one.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] if the note has no room for it.
    pub fn with_signature(&self, signature: Signature) -> Result<Self, CheckpointError> {
        let is_by_same =
            |line: &Signature| line.id() == signature.id() && line.name() == signature.name();
        let lines = self.note.signatures();
        let at = lines.iter().position(&is_by_same).unwrap_or(lines.len());
        let (before, after) = lines.split_at_checked(at).unwrap_or((lines, &[]));
        let others = after.iter().filter(|line| !is_by_same(line)).cloned();
        let mut signatures: Vec<Signature> = before.to_vec();
        signatures.push(signature.clone());
        signatures.extend(others);
        self.with_signatures(signatures)
    }

    pub(crate) fn with_signatures(
        &self,
        signatures: Vec<Signature>,
    ) -> Result<Self, CheckpointError> {
        let note =
            Note::new(self.note.text().to_string(), signatures).map_err(CheckpointError::Note)?;
        Ok(Self {
            origin: self.origin.clone(),
            head: self.head,
            note,
        })
    }
}

/// Refuses a size of 0 with another root than that of the tree without leaves.
fn check_empty_tree(head: TreeHead) -> Result<(), CheckpointError> {
    if head.size == 0 && head != TreeHead::empty() {
        return Err(CheckpointError::EmptyTree { claimed: head.root });
    }
    Ok(())
}

/// The reason why bytes are not a checkpoint, or why a checkpoint cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The bytes are not a note.
    #[error(transparent)]
    Note(NoteError),
    /// The origin is empty, longer than [`MAX_ORIGIN`], or has control characters.
    #[error("the origin is empty, longer than {MAX_ORIGIN} bytes, or has control characters")]
    Origin,
    /// The text has fewer lines than origin, size and root.
    #[error("the checkpoint has {lines} lines, not origin, size and root")]
    TooShort {
        /// Lines found.
        lines: usize,
    },
    /// A line of the text is empty.
    #[error("line {line} of the checkpoint is empty")]
    EmptyLine {
        /// Line number, from 1.
        line: usize,
    },
    /// The size is not a decimal below 2^64 without leading zeros.
    #[error("the size of the checkpoint is not a decimal below 2^64 without leading zeros")]
    Size,
    /// The root is not the base64 of 32 bytes.
    #[error("the root of the checkpoint is not the canonical base64 of 32 bytes")]
    Root,
    /// The size is 0, but the root is not that of the tree without leaves.
    #[error("the root of size 0 is {claimed}, not that of the empty tree")]
    EmptyTree {
        /// The root given.
        claimed: Hash,
    },
    /// The name of the signing key is not the origin.
    #[error("the name of the key is `{key}`, not the origin `{origin}`")]
    KeyName {
        /// The log.
        origin: Origin,
        /// The key's name.
        key: String,
    },
    /// The key cannot sign checkpoints.
    #[error(transparent)]
    Signature(SignatureLineError),
    /// The ML-DSA-44 key cannot sign this checkpoint.
    #[error(transparent)]
    Cosignature(CosignatureError),
}

impl CheckpointError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Note(error) => error.code(),
            Self::Origin => "checkpoint-origin",
            Self::TooShort { .. } => "checkpoint-too-short",
            Self::EmptyLine { .. } => "checkpoint-empty-line",
            Self::Size => "checkpoint-size",
            Self::Root => "checkpoint-root",
            Self::EmptyTree { .. } => "checkpoint-empty-tree",
            Self::KeyName { .. } => "checkpoint-key-name",
            Self::Signature(error) => error.code(),
            Self::Cosignature(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::hash::leaf_hash;
    use crate::note::key_name::{KeyId, KeyName};
    use crate::note::note::KeyVerdict;
    use crate::text::limits::MAX_NOTE_SIGNATURES;

    /// The example of the tlog-cosignature specification: that of tlog-checkpoint and a cosignature.
    const EXAMPLE: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
";

    fn key(name: &str, signature_type: SignatureType) -> SignerKey {
        SignerKey::new(
            KeyName::parse(name).unwrap(),
            signature_type,
            SecretKey::from_seed(&[7; 32]),
        )
    }

    fn line(name: &str, id: u8, byte: u8) -> Signature {
        let name = KeyName::parse(name).unwrap();
        Signature::new(name, KeyId::from_bytes([id; 4]), vec![byte]).unwrap()
    }

    fn head() -> TreeHead {
        TreeHead {
            size: 1,
            root: leaf_hash(b"entry"),
        }
    }

    #[test]
    fn the_examples_of_the_specifications_parse() {
        let checkpoint = Checkpoint::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(checkpoint.origin().as_str(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.head().size, 20_852_163);
        assert_eq!(
            checkpoint.head().root.to_base64(),
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
        );
        assert_eq!(checkpoint.extensions().count(), 0);
        assert_eq!(checkpoint.encode(), EXAMPLE.as_bytes());
    }

    #[test]
    fn extension_lines_are_kept() {
        let text = EXAMPLE.replace("q2I=\n", "q2I=\nfirst\n second\n");
        let checkpoint = Checkpoint::parse(text.as_bytes()).unwrap();
        let lines: Vec<&str> = checkpoint.extensions().collect();
        assert_eq!(lines, ["first", " second"]);
        assert_eq!(checkpoint.encode(), text.as_bytes());
    }

    #[test]
    fn any_origin_goes() {
        for origin in ["a b+c", " ", "\u{a0}", "é", "https://example.com/log"] {
            let text = EXAMPLE.replacen("example.com/behind-the-sofa", origin, 1);
            let checkpoint = Checkpoint::parse(text.as_bytes()).unwrap();
            assert_eq!(checkpoint.origin().as_str(), origin);
        }
        for origin in ["", "a\nb", "a\tb", &"x".repeat(256)] {
            assert_eq!(Origin::parse(origin), Err(CheckpointError::Origin));
        }
        assert!(Origin::parse(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn malformed_checkpoints() {
        let size = "the size of the checkpoint is not a decimal below 2^64 without leading zeros";
        let root = "the root of the checkpoint is not the canonical base64 of 32 bytes";
        let base64 = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for (text, message) in [
            ("\n".into(), "line 1 of the checkpoint is empty"),
            (
                "a\n".into(),
                "the checkpoint has 1 lines, not origin, size and root",
            ),
            (
                "a\n1\n".into(),
                "the checkpoint has 2 lines, not origin, size and root",
            ),
            (
                format!("\n1\n{base64}\n"),
                "line 1 of the checkpoint is empty",
            ),
            (
                format!("a\n\n{base64}\n"),
                "line 2 of the checkpoint is empty",
            ),
            (
                format!("a\n1\n{base64}\n\n"),
                "line 4 of the checkpoint is empty",
            ),
            (
                format!("a\n1\n{base64}\n\nx\n"),
                "line 4 of the checkpoint is empty",
            ),
            (format!("a\n01\n{base64}\n"), size),
            (format!("a\n00\n{base64}\n"), size),
            (format!("a\n+1\n{base64}\n"), size),
            (format!("a\n-1\n{base64}\n"), size),
            (format!("a\n1 \n{base64}\n"), size),
            (format!("a\n0x1\n{base64}\n"), size),
            (format!("a\n18446744073709551616\n{base64}\n"), size),
            ("a\n1\nAAAA\n".into(), root),
            (format!("a\n1\n {base64}\n"), root),
            (format!("a\n1\n{}\n", base64.replace("2I=", "2J=")), root),
            (format!("a\n1\n{}\n", base64.replace('=', "")), root),
            (
                format!("a\n0\n{base64}\n"),
                "the root of size 0 is CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=, not that of the empty tree",
            ),
        ] {
            let bytes = Note::new(text.clone(), vec![line("n", 1, 1)])
                .unwrap()
                .encode();
            let error = Checkpoint::parse(&bytes).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
        let error = Checkpoint::parse(b"a\n").unwrap_err();
        assert_eq!(error.code(), "note-unsigned");
    }

    #[test]
    fn the_largest_and_the_empty_tree() {
        let key = key("a.example", SignatureType::Ed25519);
        let origin = Origin::parse("a.example").unwrap();
        for head in [
            TreeHead::empty(),
            TreeHead {
                size: u64::MAX,
                root: leaf_hash(b""),
            },
        ] {
            let checkpoint = Checkpoint::sign(&origin, head, &key).unwrap();
            assert_eq!(checkpoint.head(), head);
            assert_eq!(checkpoint.note().verify(key.verifier()), KeyVerdict::Signed);
            assert_eq!(Checkpoint::parse(&checkpoint.encode()), Ok(checkpoint));
        }
    }

    #[test]
    fn what_is_not_signed() {
        let origin = Origin::parse("a.example").unwrap();
        let sign = |head, name: &str, signature_type| {
            let error = Checkpoint::sign(&origin, head, &key(name, signature_type)).unwrap_err();
            error.to_string()
        };
        assert_eq!(
            sign(head(), "b.example", SignatureType::Ed25519),
            "the name of the key is `b.example`, not the origin `a.example`"
        );
        assert_eq!(
            sign(head(), "a.example", SignatureType::CosignatureV1),
            "this key makes cosignatures or audit statements, and does not sign plain texts"
        );
        let head = TreeHead { size: 0, ..head() };
        assert!(
            sign(head, "a.example", SignatureType::Ed25519).starts_with("the root of size 0 is")
        );
    }

    #[test]
    fn a_later_signature_replaces_earlier_ones_by_the_same_key() {
        let bare = Checkpoint::sign(
            &Origin::parse("a.example").unwrap(),
            head(),
            &key("a.example", SignatureType::Ed25519),
        )
        .unwrap();
        let lines = |checkpoint: &Checkpoint| -> Vec<(String, u8)> {
            let lines = checkpoint.note().signatures().iter().skip(1);
            lines
                .map(|line| (line.name().to_string(), line.bytes()[0]))
                .collect()
        };
        let all = [
            line("w1", 1, 1),
            line("w2", 1, 2),
            line("w1", 2, 3),
            line("w1", 1, 4),
        ]
        .into_iter()
        .try_fold(bare.clone(), |checkpoint, line| {
            checkpoint.with_signature(line)
        })
        .unwrap();
        let expected =
            [("w1", 4), ("w2", 2), ("w1", 3)].map(|(name, byte)| (name.to_string(), byte));
        assert_eq!(lines(&all), expected);

        let full = (0..MAX_NOTE_SIGNATURES - 1).try_fold(bare, |checkpoint, at| {
            checkpoint.with_signature(line(&format!("w{at}"), 1, 1))
        });
        let full = full.unwrap();
        assert!(full.with_signature(line("w5", 1, 2)).is_ok());
        let error = full.with_signature(line("late", 1, 1)).unwrap_err();
        assert_eq!(error.code(), "note-too-many-signatures");
    }
}
