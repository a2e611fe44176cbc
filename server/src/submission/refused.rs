//! Refusals of a request or of a line: each with its code, class, message and waiting time.

use crate::http::refusal_class::RefusalClass;
use crate::http::slots::Full;
use crate::limits::{LEAST_RATE, RETRY_AFTER};
use glasslog_core::text::escape::excerpt;
use glasslog_log::Refusal;
use glasslog_log::sequencer;
use std::borrow::Cow;
use std::time::Duration;
use thiserror::Error;

/// A request or a line that gets no index.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    /// The rules for entries refuse the entry.
    #[error(transparent)]
    Entry(#[from] Refusal),
    /// The query is not `name=value`.
    #[error("the query is not `name=value`")]
    QueryMalformed,
    /// `ack` is neither `published` nor `durable`.
    #[error("`ack={}` is neither `published` nor `durable`", excerpt(value))]
    UnknownAcknowledgement { value: String },
    /// `answer` is neither `index` nor `proof`.
    #[error("`answer={}` is neither `index` nor `proof`", excerpt(value))]
    UnknownAnswer { value: String },
    /// The request asks for a proof with `ack=durable`, before there can be one.
    #[error("`ack=durable` answers before there is a proof")]
    ProofTooEarly,
    /// The body of a batch ended in the middle.
    #[error("the body ended in the middle")]
    BodyCutShort,
    /// A body, or a line of a batch, did not arrive in time.
    #[error("{part} did not arrive within {} seconds, or came at less than {LEAST_RATE} bytes a second", limit.as_secs_f64())]
    TooSlow { part: &'static str, limit: Duration },
    /// This client submits more entries a second than it may.
    #[error("this client submits more entries a second than it may")]
    RateLimited { wait: Duration },
    /// All clients together have as much in work, or send as many batches, as the server takes.
    #[error("too much is waiting")]
    Full,
    /// This client has as much in work, or sends as many batches, as the server takes from one client now.
    #[error("too much of this client is waiting")]
    FullOfClient,
    /// Too many entries are waiting, or the log has stopped.
    #[error("too much is waiting, or the log has stopped")]
    Busy,
    /// The index lacks so many entries that readers could soon not scan them any more; it is being extended.
    #[error("the index is behind: entries wait until it has those before them")]
    IndexBehind,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The entry is published, but its proof could not be made now.
    #[error("the entry is published, but its proof could not be made just now")]
    ProofUnavailable,
    /// Another server passed the request on to a server that does not sequence either.
    #[error(
        "another server sequences now, and a request that was passed on is not passed on again"
    )]
    NotTheLeader,
    /// Another server sequences, and it cannot be reached or was replaced: the entry may or may not be in the log.
    #[error("the server that sequences cannot be reached: {reason}")]
    LeaderUnreachable { reason: Cow<'static, str> },
}

impl From<sequencer::Busy> for Refused {
    fn from(_: sequencer::Busy) -> Self {
        Self::Busy
    }
}

impl From<Full> for Refused {
    fn from(full: Full) -> Self {
        match full {
            Full::All => Self::Full,
            Full::Client => Self::FullOfClient,
        }
    }
}

impl Refused {
    /// Returns the stable code (`docs/formats/codes.md`).
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Entry(refusal) => refusal.code(),
            Self::QueryMalformed => "query-malformed",
            Self::UnknownAcknowledgement { .. } => "unknown-acknowledgement",
            Self::UnknownAnswer { .. } => "unknown-answer",
            Self::ProofTooEarly => "proof-too-early",
            Self::BodyCutShort => "body-cut-short",
            Self::TooSlow { .. } => "too-slow",
            Self::RateLimited { .. } => "rate-limited",
            Self::Full | Self::FullOfClient | Self::Busy => "busy",
            Self::IndexBehind => "index-behind",
            Self::Stopping => "stopping",
            Self::ProofUnavailable => "proof-unavailable",
            Self::NotTheLeader => "not-the-leader",
            Self::LeaderUnreachable { .. } => "leader-unreachable",
        }
    }

    /// Returns the class, from which the HTTP status follows.
    pub(crate) fn class(&self) -> RefusalClass {
        match self {
            Self::Entry(refusal) => refusal.class().into(),
            Self::QueryMalformed
            | Self::UnknownAcknowledgement { .. }
            | Self::UnknownAnswer { .. }
            | Self::ProofTooEarly
            | Self::BodyCutShort => RefusalClass::Malformed,
            Self::TooSlow { .. } => RefusalClass::TooSlow,
            Self::RateLimited { .. } => RefusalClass::TooOften,
            Self::Full
            | Self::FullOfClient
            | Self::Busy
            | Self::IndexBehind
            | Self::Stopping
            | Self::ProofUnavailable
            | Self::NotTheLeader
            | Self::LeaderUnreachable { .. } => RefusalClass::Unavailable,
        }
    }

    /// Returns the seconds after which the client may try again, if trying again makes sense.
    ///
    /// A fraction of a second is rounded up: a client that comes back too early would be refused again.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match (self, self.class()) {
            (Self::RateLimited { wait }, _) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Some(seconds.max(1))
            }
            (_, RefusalClass::Unavailable) => Some(RETRY_AFTER),
            _ => None,
        }
    }
}
