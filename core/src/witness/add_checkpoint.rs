//! The request by which a log asks a witness for a cosignature ([C2SP
//! tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md#add-checkpoint), "add-checkpoint").
//!
//! ```text
//! old 20852014
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//! jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
//!
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```

use crate::merkle::{ConsistencyProof, ProofError};
use crate::note::{Checkpoint, CheckpointError};
use crate::text::limits::{MAX_ADD_CHECKPOINT, MAX_WITNESS_PROOF};
use crate::text::wire;
use alloc::format;
use alloc::vec::Vec;

/// The word before the old size.
const OLD: &str = "old ";

/// A checkpoint to be cosigned, and the proof that it extends the one of the old size. A claim: nothing in it is
/// verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    proof: ConsistencyProof,
    checkpoint: Checkpoint,
}

impl AddCheckpoint {
    /// Makes a request.
    ///
    /// # Errors
    /// [`AddCheckpointError::TooManyHashes`] or [`AddCheckpointError::OldBeyondSize`].
    pub fn new(
        old: u64,
        proof: ConsistencyProof,
        checkpoint: Checkpoint,
    ) -> Result<Self, AddCheckpointError> {
        let hashes = proof.hashes().len();
        if hashes > MAX_WITNESS_PROOF {
            return Err(AddCheckpointError::TooManyHashes { hashes });
        }
        let size = checkpoint.head().size;
        if old > size {
            return Err(AddCheckpointError::OldBeyondSize { old, size });
        }
        Ok(Self {
            old,
            proof,
            checkpoint,
        })
    }

    /// Parses the body of a request.
    ///
    /// # Errors
    /// The [`AddCheckpointError`] that names the rule that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, AddCheckpointError> {
        if bytes.len() > MAX_ADD_CHECKPOINT {
            return Err(AddCheckpointError::TooLarge { size: bytes.len() });
        }
        // Everything before the first empty line is ASCII; the checkpoint after it has its own rules.
        let gap = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, rest) = gap
            .and_then(|at| bytes.split_at_checked(at.saturating_add(1)))
            .ok_or(AddCheckpointError::NoCheckpoint)?;
        let head = core::str::from_utf8(head).map_err(|_| AddCheckpointError::OldSize)?;
        let checkpoint = rest.get(1..).unwrap_or_default();

        let (old, hashes) = head
            .split_once('\n')
            .and_then(|(line, rest)| Some((line.strip_prefix(OLD)?, rest)))
            .and_then(|(old, rest)| Some((wire::parse_decimal(old)?, rest)))
            .ok_or(AddCheckpointError::OldSize)?;
        let proof = ConsistencyProof::parse_lines(hashes).map_err(|error| match error {
            ProofError::TooLong { claimed, .. } => {
                AddCheckpointError::TooManyHashes { hashes: claimed }
            }
            error => AddCheckpointError::Proof(error),
        })?;
        let checkpoint = Checkpoint::parse(checkpoint).map_err(AddCheckpointError::Checkpoint)?;
        Self::new(old, proof, checkpoint)
    }

    /// Encodes the body of the request: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let head = format!("{OLD}{}\n{}\n", self.old, self.proof.encode_lines());
        [head.into_bytes(), self.checkpoint.encode()].concat()
    }

    /// Returns the size that the log believes the witness to have cosigned last; 0 if none.
    #[must_use]
    pub fn old(&self) -> u64 {
        self.old
    }

    /// Returns the proof that the checkpoint extends the tree of the old size.
    #[must_use]
    pub fn proof(&self) -> &ConsistencyProof {
        &self.proof
    }

    /// Returns the checkpoint to be cosigned.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// The reason why bytes are not a request, or a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddCheckpointError {
    /// The request is larger than [`MAX_ADD_CHECKPOINT`].
    #[error("the request has {size} bytes, more than {MAX_ADD_CHECKPOINT}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// There is no empty line before a checkpoint.
    #[error("the request has no empty line with a checkpoint after it")]
    NoCheckpoint,
    /// The first line is not `old` and a decimal.
    #[error(
        "the first line of the request is not `old`, a space and a decimal below 2^64 without leading zeros"
    )]
    OldSize,
    /// A line of the proof is not one base64 hash.
    #[error(transparent)]
    Proof(ProofError),
    /// The proof has more lines than [`MAX_WITNESS_PROOF`].
    #[error("the proof has {hashes} or more hashes, a request has at most {MAX_WITNESS_PROOF}")]
    TooManyHashes {
        /// Hashes given; for text, the first line too many.
        hashes: usize,
    },
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// The old size is larger than the checkpoint.
    #[error("the old size {old} is larger than the checkpoint's, {size}")]
    OldBeyondSize {
        /// The old size.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
}

impl AddCheckpointError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "add-checkpoint-too-large",
            Self::NoCheckpoint => "add-checkpoint-without-checkpoint",
            Self::OldSize => "add-checkpoint-old-size",
            Self::Proof(error) => error.code(),
            Self::TooManyHashes { .. } => "add-checkpoint-too-many-hashes",
            Self::Checkpoint(error) => error.code(),
            Self::OldBeyondSize { .. } => "add-checkpoint-old-beyond-size",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{Hash, leaf_hash};
    use alloc::string::{String, ToString};

    /// The example of the specification.
    const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

    fn note() -> &'static str {
        EXAMPLE.split_once("\n\n").unwrap().1
    }

    #[test]
    fn the_example_of_the_specification_parses() {
        let request = AddCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(request.old(), 20_852_014);
        assert_eq!(request.proof().hashes().len(), 4);
        assert_eq!(request.checkpoint().head().size, 20_852_163);
        assert_eq!(request.checkpoint().encode(), note().as_bytes());
        assert_eq!(request.encode(), EXAMPLE.as_bytes());
    }

    #[test]
    fn the_first_request_has_no_proof() {
        let text = format!("old 0\n\n{}", note());
        let request = AddCheckpoint::parse(text.as_bytes()).unwrap();
        assert_eq!(request.old(), 0);
        assert!(request.proof().hashes().is_empty());
        assert_eq!(request.encode(), text.as_bytes());
    }

    #[test]
    fn a_proof_has_63_hashes_at_most() {
        let hash = leaf_hash(b"");
        let text = |lines: usize| {
            let lines: String = (0..lines).map(|_| format!("{hash}\n")).collect();
            format!("old 1\n{lines}\n{}", note())
        };
        let longest = AddCheckpoint::parse(text(63).as_bytes()).unwrap();
        assert_eq!(longest.encode(), text(63).as_bytes());
        for (lines, hashes) in [(64, 64), (65, 65), (66, 66), (1_000, 66)] {
            assert_eq!(
                AddCheckpoint::parse(text(lines).as_bytes()),
                Err(AddCheckpointError::TooManyHashes { hashes })
            );
        }
        let proof = |hashes: usize| {
            let hashes: Vec<Hash> = (0..hashes).map(|_| hash).collect();
            ConsistencyProof::from_hashes(hashes).unwrap()
        };
        let made = AddCheckpoint::new(1, proof(63), longest.checkpoint().clone()).unwrap();
        assert_eq!(made, longest);
        assert_eq!(
            AddCheckpoint::new(1, proof(64), longest.checkpoint().clone()),
            Err(AddCheckpointError::TooManyHashes { hashes: 64 })
        );
    }

    #[test]
    fn malformed_requests() {
        let old = "the first line of the request is not `old`, a space and a decimal below 2^64 without leading zeros";
        let gap = "the request has no empty line with a checkpoint after it";
        let note = note();
        for (text, message) in [
            (String::new(), gap),
            ("old 0".into(), gap),
            ("old 0\n".into(), gap),
            (format!("old 0\n{}", note.replace("\n\n", "\n")), gap),
            (note.into(), old),
            (format!("\n\n{note}"), old),
            (format!("\nold 0\n\n{note}"), old),
            (format!("old\n\n{note}"), old),
            (format!("old \n\n{note}"), old),
            (format!("old 00\n\n{note}"), old),
            (format!("old 01\n\n{note}"), old),
            (format!("old +1\n\n{note}"), old),
            (format!("old -1\n\n{note}"), old),
            (format!("old 1 \n\n{note}"), old),
            (format!("old  1\n\n{note}"), old),
            (format!("old 1\r\n\n{note}"), old),
            (format!("Old 1\n\n{note}"), old),
            (format!(" old 1\n\n{note}"), old),
            (format!("old é\n\n{note}"), old),
            (format!("old 18446744073709551616\n\n{note}"), old),
            (
                format!("old 1\nAAAA\n\n{note}"),
                "line 1 of the proof is not a base64 hash and a line feed",
            ),
            (
                EXAMPLE.replacen("q2I=", "q2J=", 1),
                "the root of the checkpoint is not the canonical base64 of 32 bytes",
            ),
            (
                EXAMPLE.replacen("wk=\n", "wk= \n", 1),
                "line 2 of the proof is not a base64 hash and a line feed",
            ),
            (
                "old 0\n\n".into(),
                "the note has no empty line with signatures after it",
            ),
            (
                format!("old 0\n\n\n{note}"),
                "line 1 of the checkpoint is empty",
            ),
            (
                EXAMPLE.replacen("20852014", "20852164", 1),
                "the old size 20852164 is larger than the checkpoint's, 20852163",
            ),
            (
                EXAMPLE.replacen("20852163", "0", 1),
                "the root of size 0 is CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=, not that of the empty tree",
            ),
        ] {
            let error = AddCheckpoint::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
        let error = AddCheckpoint::parse(b"old \xff\n\nx").unwrap_err();
        assert_eq!(error, AddCheckpointError::OldSize);
        let large = std::vec![b'a'; MAX_ADD_CHECKPOINT + 1];
        let error = AddCheckpoint::parse(&large).unwrap_err();
        assert_eq!(error.code(), "add-checkpoint-too-large");
    }
}
