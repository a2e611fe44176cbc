//! Proofs for one entry, for verification offline ([C2SP tlog-proof](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-proof.md), 2026-07-22).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra YWJj
//! index 1
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//!
//! example.com/fancylog
//! 2
//! sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//!
//! — example.com/fancylog hI2DJw…
//! ```
//!
//! A parsed proof is a claim. It holds if its checkpoint is verified and the inclusion proof is true for the leaf hash
//! of the entry in question. No signature covers the extra data. Parsing is canonical: each proof has one text.

use crate::merkle::proof::InclusionProof;
use crate::merkle::proof_error::ProofError;
use crate::note::checkpoint::{Checkpoint, CheckpointError};
use crate::text::limits::MAX_TLOG_PROOF;
use crate::text::wire;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The claim that an entry is in a log: its index, the path to the root, and the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Vec<u8>,
    index: u64,
    proof: InclusionProof,
    checkpoint: Checkpoint,
}

impl TlogProof {
    /// Makes a proof of its parts. Empty extra data is left out of the text.
    ///
    /// # Errors
    /// [`TlogProofError::TooLarge`].
    pub fn new(
        extra: Vec<u8>,
        index: u64,
        proof: InclusionProof,
        checkpoint: Checkpoint,
    ) -> Result<Self, TlogProofError> {
        let proof = Self {
            extra,
            index,
            proof,
            checkpoint,
        };
        check_size(proof.encode().len())?;
        Ok(proof)
    }

    /// Returns the proof with other signatures on its checkpoint.
    ///
    /// # Errors
    /// [`TlogProofError::OtherCheckpoint`] if the text is another one; [`TlogProofError::TooLarge`].
    pub fn under(&self, checkpoint: Checkpoint) -> Result<Self, TlogProofError> {
        if checkpoint.note().text() != self.checkpoint.note().text() {
            return Err(TlogProofError::OtherCheckpoint);
        }
        Self::new(
            self.extra.clone(),
            self.index,
            self.proof.clone(),
            checkpoint,
        )
    }

    /// Parses a proof.
    ///
    /// # Errors
    /// The [`TlogProofError`] that names the rule that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        check_size(bytes.len())?;
        // Everything before the first empty line is ASCII; the checkpoint after it has its own rules.
        let gap = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, rest) = gap
            .and_then(|at| bytes.split_at_checked(at.saturating_add(1)))
            .ok_or(TlogProofError::NoCheckpoint)?;
        let head = core::str::from_utf8(head).map_err(|_| TlogProofError::Header)?;
        let checkpoint = rest.get(1..).unwrap_or_default();

        let head = take_line(head)
            .and_then(|(line, rest)| (line == HEADER).then_some(rest))
            .ok_or(TlogProofError::Header)?;
        let (extra, head, lines) = match take_line(head) {
            Some((line, rest)) if line.starts_with("extra ") => (parse_extra(line)?, rest, 2),
            _ => (Vec::new(), head, 1),
        };
        let (index, hashes) = take_line(head)
            .and_then(|(line, rest)| Some((line.strip_prefix("index ")?, rest)))
            .and_then(|(index, rest)| Some((wire::parse_decimal(index)?, rest)))
            .ok_or(TlogProofError::Index)?;
        let proof = InclusionProof::parse_lines(hashes).map_err(|error| match error {
            // The line number counts within the file, not within the hashes.
            ProofError::BadLine { line } => TlogProofError::Hash {
                line: line.saturating_add(lines).saturating_add(1),
            },
            error => TlogProofError::Proof(error),
        })?;
        Ok(Self {
            extra,
            index,
            proof,
            checkpoint: Checkpoint::parse(checkpoint).map_err(TlogProofError::Checkpoint)?,
        })
    }

    /// Encodes the proof: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let extra = if self.extra.is_empty() {
            String::new()
        } else {
            format!("extra {}\n", wire::base64_encode(&self.extra))
        };
        let hashes = self.proof.encode_lines();
        let head = format!("{HEADER}\n{extra}index {}\n{hashes}\n", self.index);
        [head.into_bytes(), self.checkpoint.encode()].concat()
    }

    /// Returns the data for the application, which no signature covers; empty if there is none.
    #[must_use]
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// Returns the claimed index of the entry.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Returns the path from the leaf hash of the entry to the root.
    #[must_use]
    pub fn proof(&self) -> &InclusionProof {
        &self.proof
    }

    /// Returns the checkpoint, for a trust policy to verify.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

fn take_line(text: &str) -> Option<(&str, &str)> {
    text.split_once('\n')
}

fn parse_extra(line: &str) -> Result<Vec<u8>, TlogProofError> {
    line.strip_prefix("extra ")
        .and_then(wire::base64_decode)
        // The line is absent if there is no data.
        .filter(|extra| !extra.is_empty())
        .ok_or(TlogProofError::Extra)
}

fn check_size(size: usize) -> Result<(), TlogProofError> {
    if size > MAX_TLOG_PROOF {
        return Err(TlogProofError::TooLarge { size });
    }
    Ok(())
}

/// The reason why bytes are not a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// More bytes than [`MAX_TLOG_PROOF`].
    #[error("the proof has {size} bytes, more than {MAX_TLOG_PROOF}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The first line is another one.
    #[error("the first line of the proof is not `{HEADER}`")]
    Header,
    /// Extra data that is empty or no canonical base64.
    #[error("the extra data of the proof is empty or not canonical base64")]
    Extra,
    /// The index line is missing, or not a decimal below 2^64 without leading zeros.
    #[error(
        "the proof has no line `index N` in its place, with N a decimal below 2^64 without leading zeros"
    )]
    Index,
    /// A line of the inclusion proof is not a hash.
    #[error("line {line} of the proof is not the canonical base64 of 32 bytes")]
    Hash {
        /// Counted from 1, within the file.
        line: usize,
    },
    /// The inclusion proof is malformed.
    #[error(transparent)]
    Proof(ProofError),
    /// The empty line before the checkpoint is missing.
    #[error("the proof has no empty line with a checkpoint after it")]
    NoCheckpoint,
    /// The checkpoint is not the one of the proof.
    #[error("the checkpoint is not the one of the proof")]
    OtherCheckpoint,
    /// The checkpoint is malformed.
    #[error("in the proof, {0}")]
    Checkpoint(CheckpointError),
}

impl TlogProofError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "tlog-proof-too-large",
            Self::Header => "tlog-proof-header",
            Self::Extra => "tlog-proof-extra",
            Self::Index => "tlog-proof-index",
            Self::Hash { .. } => "tlog-proof-hash",
            Self::Proof(error) => error.code(),
            Self::NoCheckpoint => "tlog-proof-no-checkpoint",
            Self::OtherCheckpoint => "tlog-proof-other-checkpoint",
            Self::Checkpoint(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::compact::tree_root;
    use crate::merkle::hash::{Hash, leaf_hash};
    use crate::merkle::tree::{Subtree, TreeHead};
    use crate::note::checkpoint::Origin;
    use crate::note::key::SignerKey;
    use crate::note::key_name::{KeyName, SignatureType};
    use crate::text::limits::MAX_INCLUSION_PROOF;
    use alloc::string::ToString;
    use alloc::vec;

    fn leaves() -> Vec<Hash> {
        [b"a", b"b", b"c"]
            .into_iter()
            .map(|entry| leaf_hash(entry))
            .collect()
    }

    fn checkpoint() -> Checkpoint {
        let head = TreeHead {
            size: 3,
            root: tree_root(&leaves()),
        };
        let key = SignerKey::new(
            KeyName::parse("log.example").unwrap(),
            SignatureType::Ed25519,
            SecretKey::from_seed(&[7; 32]),
        );
        Checkpoint::sign(&Origin::parse("log.example").unwrap(), head, &key).unwrap()
    }

    fn prove(index: u64, extra: &[u8]) -> TlogProof {
        let read = |subtree: Subtree| -> Result<Hash, ProofError> {
            let range = subtree.start().unwrap()..subtree.end().unwrap();
            let leaves: Vec<Hash> = range
                .map(|at| leaves()[usize::try_from(at).unwrap()])
                .collect();
            Ok(tree_root(&leaves))
        };
        let proof = InclusionProof::prove(index, 3, read).unwrap();
        TlogProof::new(extra.into(), index, proof, checkpoint()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_verifies() {
        for (index, leaf) in (0..).zip(leaves()) {
            for extra in [&b""[..], b"x", b"extra data"] {
                let proof = prove(index, extra);
                let read = TlogProof::parse(&proof.encode()).unwrap();
                assert_eq!(read, proof);
                assert_eq!((read.index(), read.extra()), (index, extra));
                let head = read.checkpoint().head();
                assert_eq!(read.proof().verify(&leaf, read.index(), &head), Ok(()));
            }
        }
    }

    #[test]
    fn the_text_is_that_of_the_specification() {
        let text = String::from_utf8(prove(2, b"abc").encode()).unwrap();
        let hash = tree_root(&leaves()[..2]);
        let checkpoint = String::from_utf8(checkpoint().encode()).unwrap();
        assert_eq!(
            text,
            format!("c2sp.org/tlog-proof@v1\nextra YWJj\nindex 2\n{hash}\n\n{checkpoint}")
        );
    }

    #[test]
    fn an_entry_alone_needs_no_hashes() {
        let text = format!(
            "c2sp.org/tlog-proof@v1\nindex 0\n\n{}",
            String::from_utf8(checkpoint().encode()).unwrap()
        );
        let proof = TlogProof::parse(text.as_bytes()).unwrap();
        assert_eq!(proof.proof().hashes(), []);
        assert_eq!(proof.encode(), text.as_bytes());
    }

    #[test]
    fn malformed_proofs() {
        let header = "the first line of the proof is not `c2sp.org/tlog-proof@v1`";
        let index = "the proof has no line `index N` in its place, with N a decimal below 2^64 without leading zeros";
        let extra = "the extra data of the proof is empty or not canonical base64";
        let none = "the proof has no empty line with a checkpoint after it";
        let hash = leaf_hash(b"a");
        let v1 = "c2sp.org/tlog-proof@v1\n";
        let table = [
            (String::new(), none),
            (format!("{v1}index 0\n"), none),
            ("\n\n".into(), header),
            ("c2sp.org/tlog-proof@v2\nindex 0\n\n".into(), header),
            (format!(" {v1}index 0\n\n"), header),
            (format!("{v1}\nindex 0\n\n"), index),
            (format!("{v1}index 00\n\n"), index),
            (format!("{v1}index +0\n\n"), index),
            (format!("{v1}index 0 \n\n"), index),
            (format!("{v1}index  0\n\n"), index),
            (format!("{v1}index 18446744073709551616\n\n"), index),
            (format!("{v1}Index 0\n\n"), index),
            (format!("{v1}{hash}\nindex 0\n\n"), index),
            (format!("{v1}extra\nindex 0\n\n"), index),
            (format!("{v1}extra YWJj\nextra YWJj\nindex 0\n\n"), index),
            (format!("{v1}extra \nindex 0\n\n"), extra),
            (format!("{v1}extra YWI\nindex 0\n\n"), extra),
            (format!("{v1}extra YWJ=\nindex 0\n\n"), extra),
            (format!("{v1}extra  YWJj\nindex 0\n\n"), extra),
            (
                format!("{v1}index 0\nextra YWJj\n\n"),
                "line 3 of the proof is not the canonical base64 of 32 bytes",
            ),
            (
                format!("{v1}extra YWJj\nindex 0\n{hash}\n{hash} \n\n"),
                "line 5 of the proof is not the canonical base64 of 32 bytes",
            ),
            (
                format!("{v1}index 0\n{hash}\n\n"),
                "in the proof, the note has no empty line with signatures after it",
            ),
            (
                format!("{v1}index 0\n\na\n1\n\n— n AQEBAQE=\n"),
                "in the proof, the checkpoint has 2 lines, not origin, size and root",
            ),
        ];
        for (text, message) in table {
            let error = TlogProof::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
        assert_eq!(TlogProof::parse(b"\xff\n\n"), Err(TlogProofError::Header));
    }

    #[test]
    fn bounds() {
        let hashes = |count| "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n".repeat(count);
        let checkpoint = String::from_utf8(checkpoint().encode()).unwrap();
        let text = |count| format!("{HEADER}\nindex 0\n{}\n{checkpoint}", hashes(count));
        assert!(TlogProof::parse(text(MAX_INCLUSION_PROOF).as_bytes()).is_ok());
        let error = TlogProof::parse(text(MAX_INCLUSION_PROOF + 1).as_bytes()).unwrap_err();
        assert!(matches!(
            error,
            TlogProofError::Proof(ProofError::TooLong { .. })
        ));

        let small = prove(0, b"");
        let grow = |extra: usize| {
            let (proof, checkpoint) = (small.proof().clone(), small.checkpoint().clone());
            TlogProof::new(vec![0; extra], 0, proof, checkpoint)
        };
        let room = (MAX_TLOG_PROOF - small.encode().len() - "extra \n".len()) / 4 * 3;
        let largest = grow(room).unwrap();
        assert_eq!(TlogProof::parse(&largest.encode()), Ok(largest));
        let size = match grow(room + 3) {
            Err(TlogProofError::TooLarge { size }) => size,
            other => panic!("{other:?}"),
        };
        assert!(size > MAX_TLOG_PROOF);
        let bytes = vec![b'\n'; size];
        assert_eq!(
            TlogProof::parse(&bytes),
            Err(TlogProofError::TooLarge { size })
        );
    }

    #[test]
    fn every_changed_byte_changes_the_claim() {
        let proof = prove(1, b"abc");
        let good = proof.encode();
        for at in 0..good.len() {
            for flip in [1, 0x20, 0x80] {
                let mut bytes = good.clone();
                bytes[at] ^= flip;
                if let Ok(read) = TlogProof::parse(&bytes) {
                    assert_eq!(read.encode(), bytes);
                    assert_ne!(read, proof, "byte {at} ^ {flip}");
                }
            }
        }
    }
}
