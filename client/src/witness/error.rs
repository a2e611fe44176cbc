//! Reasons for which a witness did not cosign.

use core::time::Duration;

use glasslog_core::witness::AnswerError;

use crate::error::Error;

/// A witness that did not cosign a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The witness could not be reached, or gave no whole answer in time.
    #[error(transparent)]
    Network(#[from] Error),
    /// The witness asks for fewer requests, or cannot answer now (429, 5xx).
    #[error("the witness answered {status}")]
    Busy {
        /// The status, with its reason phrase.
        status: String,
        /// The pause that it asks for.
        pause: Option<Duration>,
    },
    /// The witness answered with a status that the protocol does not have.
    #[error("the witness answered {status}, which is no answer of a witness")]
    Status {
        /// The status, with its reason phrase.
        status: String,
    },
    /// The witness redirects to another address.
    #[error("the witness redirects to another address, which is not asked")]
    Redirect,
    /// The witness does not know the log (404).
    #[error("the witness does not know this log, or this is not a witness's address (404)")]
    UnknownLog,
    /// The witness trusts no key that signed the checkpoint (403).
    #[error("the witness trusts no key that signed the checkpoint (403)")]
    Untrusted,
    /// The witness calls the request malformed (400).
    #[error("the witness calls the request malformed (400)")]
    Malformed,
    /// The witness says that the checkpoint does not extend the one that it cosigned (422).
    #[error(
        "the witness says that the checkpoint does not extend the one of size {old} that it cosigned: it knows another history of this log"
    )]
    Inconsistent {
        /// The size that the proof began with.
        old: u64,
    },
    /// The witness says that it cosigned a size that this writer has not signed yet.
    #[error(
        "the witness says that it cosigned size {claimed}, but this log is at size {size}: this log was rolled back, or another writer has its key"
    )]
    Ahead {
        /// The size that it says it cosigned.
        claimed: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The witness refuses the proof from a size that it named itself.
    #[error("the witness refuses the proof from size {old}, and names size {claimed}")]
    Wavering {
        /// The size that the proof began with.
        old: u64,
        /// The size that it says it cosigned.
        claimed: u64,
    },
    /// The answer is malformed, or has no good cosignature by the key of the witness.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The log could not prove that the checkpoint extends the size that the witness cosigned.
    #[error("there is no proof from size {old}: {problem}")]
    Proof {
        /// The size that the witness cosigned.
        old: u64,
        /// The reason.
        problem: String,
    },
}

impl WitnessError {
    /// Returns the stable name of this class of errors.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Network(error) => error.code(),
            Self::Busy { .. } => "witness-unavailable",
            Self::Status { .. } => "witness-status",
            Self::Redirect => "witness-redirect",
            Self::UnknownLog => "witness-without-log",
            Self::Untrusted => "witness-log-untrusted",
            Self::Malformed => "witness-request-malformed",
            Self::Inconsistent { .. } => "witness-inconsistent",
            Self::Ahead { .. } => "witness-ahead",
            Self::Wavering { .. } => "witness-wavering",
            Self::Answer(error) => error.code(),
            Self::Proof { .. } => "witness-no-proof",
        }
    }

    /// Tells whether the witness claims another history of the log than the writer has: a state that was rolled back, a
    /// second writer, or a witness that lies.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        matches!(self, Self::Inconsistent { .. } | Self::Ahead { .. })
    }

    /// Returns the pause that the witness asks for.
    pub(super) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Busy { pause, .. } => *pause,
            _ => None,
        }
    }
}
