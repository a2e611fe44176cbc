//! Refusals of a witness: each with its status, as the specification gives it, code, message and waiting time.

use crate::http::body::BodyError;
use crate::http::slots::Full;
use crate::limits::{LEAST_RATE, RETRY_AFTER};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER as RETRY};
use axum::response::{IntoResponse, Response};
use glasslog_core::note::CheckpointError;
use glasslog_core::text::limits::MAX_ADD_CHECKPOINT;
use glasslog_core::witness::{AddCheckpointError, Refusal, SIZE_MEDIA_TYPE, encode_size};
use glasslog_log::witness::NotCosigned;
use serde_json::json;
use std::time::Duration;
use thiserror::Error;

/// A request that gets no cosignature.
#[derive(Debug, Error)]
pub(super) enum Refused {
    /// The request is malformed.
    #[error(transparent)]
    Malformed(AddCheckpointError),
    /// The witness does not know the log.
    #[error("this witness does not know the log of the checkpoint")]
    UnknownLog,
    /// The witness does not cosign the checkpoint now.
    #[error(transparent)]
    NotCosigned(#[from] NotCosigned),
    /// The body is too large.
    #[error("the request has {length} bytes or more, the limit is {MAX_ADD_CHECKPOINT}")]
    TooLarge { length: usize },
    /// The body did not come in time.
    #[error("the body did not arrive within {} seconds, or came at less than {LEAST_RATE} bytes a second", limit.as_secs_f64())]
    TooSlow { limit: Duration },
    /// The body ended in the middle.
    #[error("the body ended in the middle")]
    CutShort,
    /// The client asks more often than it may.
    #[error("this client asks more often than it may")]
    ClientTooOften { wait: Duration },
    /// Too many bytes are in work.
    #[error("too much is waiting")]
    Full,
    /// The state cannot be read.
    #[error("the state of the witness cannot be read")]
    Unreadable,
}

impl Refused {
    pub(super) fn of_body(error: BodyError, limit: Duration) -> Self {
        match error {
            BodyError::TooLarge(length) => Self::TooLarge { length },
            BodyError::TooSlow => Self::TooSlow { limit },
            BodyError::CutShort => Self::CutShort,
            BodyError::Full(Full::All | Full::Client) => Self::Full,
        }
    }

    /// Returns the stable code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Malformed(error) => error.code(),
            Self::UnknownLog => "witness-log-unknown",
            Self::NotCosigned(error) => error.code(),
            Self::TooLarge { .. } => "witness-request-too-large",
            Self::TooSlow { .. } => "witness-request-too-slow",
            Self::CutShort => "witness-request-cut-short",
            Self::ClientTooOften { .. } => "witness-client-too-often",
            Self::Full => "witness-full",
            Self::Unreadable => "witness-state-unreadable",
        }
    }

    /// Returns the status (tlog-witness, "add-checkpoint").
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(AddCheckpointError::Checkpoint(CheckpointError::EmptyTree {
                ..
            })) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed(AddCheckpointError::TooLarge { .. }) | Self::TooLarge { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Malformed(_) | Self::CutShort => StatusCode::BAD_REQUEST,
            Self::UnknownLog => StatusCode::NOT_FOUND,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::ClientTooOften { .. } | Self::NotCosigned(NotCosigned::TooOften { .. }) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::NotCosigned(NotCosigned::Refused(refusal)) => match refusal {
                Refusal::Unsigned | Refusal::BadSignature | Refusal::NotCounting(_) => {
                    StatusCode::FORBIDDEN
                }
                Refusal::Conflict { .. } => StatusCode::CONFLICT,
                Refusal::Proof(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Refusal::NoRoom => StatusCode::BAD_REQUEST,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::NotCosigned(_) | Self::Full | Self::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the answer.
    pub(super) fn respond(&self) -> Response {
        let status = self.status();
        let no_store = (CACHE_CONTROL, "no-store");
        if let Self::NotCosigned(NotCosigned::Refused(Refusal::Conflict { size })) = self {
            let headers = [(CONTENT_TYPE, SIZE_MEDIA_TYPE), no_store];
            return (status, headers, encode_size(*size)).into_response();
        }
        let body = json!({"error": {
            "code": self.code(),
            "message": self.to_string(),
            "status": status.as_u16(),
        }});
        let headers = [(CONTENT_TYPE, "application/json"), no_store];
        let mut response = (status, headers, body.to_string()).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY, seconds.into());
        }
        response
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::ClientTooOften { wait } | Self::NotCosigned(NotCosigned::TooOften { wait }) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Some(seconds.max(1))
            }
            _ => (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }
}
