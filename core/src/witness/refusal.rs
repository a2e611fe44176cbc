//! Reasons why a witness does not cosign (`docs/formats/witness.md`, "Decisions").

use crate::merkle::ProofError;
use crate::note::cosignature::CosignatureError;
use crate::text::time;
use crate::trust::Invalid;
use crate::witness::answer::AnswerError;

/// The reason why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No line is by a key of the log.
    #[error("the checkpoint has no signature by a key that this witness knows of the log")]
    Unsigned,
    /// A line by a key of the log is false.
    #[error("a signature on the checkpoint by a key of the log is false")]
    BadSignature,
    /// A key of the log signed that does not count for this checkpoint, or now.
    #[error("a key of the log signed, but {0}")]
    NotCounting(Invalid),
    /// The old size is not the size that the witness cosigned last.
    #[error("this witness cosigned size {size} last")]
    Conflict {
        /// The size that it cosigned last.
        size: u64,
    },
    /// The proof does not show that the checkpoint extends the last one cosigned, or the roots of one size differ.
    #[error(transparent)]
    Proof(ProofError),
    /// The clock reads a time before the last cosignature of this log.
    #[error("the clock of the witness reads {}, but it cosigned at {}: its operator must set the clock", time::format(*.now), time::format(*.remembered))]
    ClockBehind {
        /// Time by the clock, in seconds since the epoch.
        now: u64,
        /// Time of the last cosignature.
        remembered: u64,
    },
    /// The checkpoint carries a later cosignature by this witness than the one it remembers.
    #[error("this witness cosigned size {size} at {} and remembers size {remembered}: its state was rolled back, or its key has a second copy", time::format(*.time))]
    RolledBack {
        /// The size that it cosigned.
        size: u64,
        /// The time of that cosignature, in seconds since the epoch.
        time: u64,
        /// The size that it remembers; 0 if none.
        remembered: u64,
    },
    /// The checkpoint has so many signatures by the log that there is no room for more.
    #[error("the checkpoint has no room for the cosignature")]
    NoRoom,
    /// The answer cannot be made.
    #[error(transparent)]
    Answer(AnswerError),
    /// The cosignature cannot be made.
    #[error(transparent)]
    Cosignature(CosignatureError),
}

impl Refusal {
    /// Returns the stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsigned => "witness-unsigned",
            Self::BadSignature => "witness-signature-false",
            Self::NotCounting(_) => "witness-key-not-counting",
            Self::Conflict { .. } => "witness-other-size",
            Self::Proof(error) => error.code(),
            Self::ClockBehind { .. } => "witness-clock",
            Self::RolledBack { .. } => "witness-rolled-back",
            Self::NoRoom => "witness-no-room",
            Self::Answer(error) => error.code(),
            Self::Cosignature(error) => error.code(),
        }
    }
}
