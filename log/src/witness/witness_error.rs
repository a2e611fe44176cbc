//! Reasons for which a one-shot witness does not cosign.

use crate::error::LogError;
use glasslog_core::note::Checkpoint;
use glasslog_core::text::time;
use glasslog_core::tiles::TileError;
use glasslog_core::verify::Inconsistency;
use glasslog_core::witness::{AddCheckpointError, KnownLogsError, Refusal};
use thiserror::Error;

/// A reason not to cosign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The log's files could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log at an address could not be read.
    #[error(transparent)]
    Source(#[from] glasslog_client::Error),
    /// The policy has a log that signs by the key of the witness, or whose name is no origin.
    #[error(transparent)]
    Policy(#[from] KnownLogsError),
    /// The policy does not name this log, or none of its keys signed.
    #[error("the policy knows no key that signed for `{origin}`")]
    UnknownLog {
        /// Origin of the checkpoint.
        origin: String,
    },
    /// The signature of a known key is wrong.
    #[error("the log's signature for `{origin}` is wrong")]
    BadSignature {
        /// Origin of the checkpoint.
        origin: String,
    },
    /// The witness remembers another log.
    #[error("this witness remembers `{remembered}`, the log is `{shown}`")]
    OtherLog {
        /// Origin of the checkpoint remembered.
        remembered: String,
        /// Origin of the checkpoint shown.
        shown: String,
    },
    /// The log shows an older head than the one remembered.
    #[error("the log shows size {shown}, but this witness has cosigned size {remembered}")]
    Older {
        /// Size remembered.
        remembered: u64,
        /// Size shown.
        shown: u64,
    },
    /// A tile is missing, or does not match the signed head.
    #[error(transparent)]
    Tile(TileError),
    /// The log signed two heads that cannot both be true.
    #[error("the log signed two heads that cannot both be true, of sizes {} and {}", .0.old.head().size, .0.new.head().size)]
    Inconsistent(Box<Inconsistency>),
    /// The clock is behind the last cosignature of this witness.
    #[error("the clock reads {}, but this witness cosigned this log at {}: set the clock", time::format(*.now), time::format(*.cosigned))]
    ClockBehind {
        /// Time by the clock, in seconds since the epoch.
        now: u64,
        /// Time of the cosignature.
        cosigned: u64,
    },
    /// The proof has more hashes than a witness takes.
    #[error(transparent)]
    Request(AddCheckpointError),
    /// Another reason to refuse the checkpoint, such as a memory that was rolled back.
    #[error(transparent)]
    Refused(Refusal),
    /// The checkpoint was replaced during each attempt.
    #[error("the checkpoint was replaced during each check")]
    Moving,
}

impl WitnessError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::UnknownLog { .. } => "witness-unknown-log",
            Self::BadSignature { .. } => "witness-bad-signature",
            Self::OtherLog { .. } => "witness-other-log",
            Self::Older { .. } => "witness-older-head",
            Self::Tile(error) => error.code(),
            Self::Inconsistent(_) => "inconsistent-heads",
            Self::ClockBehind { .. } => "witness-clock-behind",
            Self::Request(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Moving => "witness-checkpoint-moving",
        }
    }

    pub(super) fn refused(refusal: Refusal, shown: &Checkpoint) -> Self {
        let origin = shown.origin().as_str().to_owned();
        match refusal {
            Refusal::Unsigned => Self::UnknownLog { origin },
            Refusal::BadSignature => Self::BadSignature { origin },
            Refusal::ClockBehind { now, remembered } => Self::ClockBehind {
                now,
                cosigned: remembered,
            },
            other => Self::Refused(other),
        }
    }
}
