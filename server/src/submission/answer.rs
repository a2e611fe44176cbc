//! Answers to submissions: an index, or why there is none, as a whole response or as a line of one.

use crate::limits::RETRY_AFTER;
use crate::status::metrics::Metrics;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use glasslog_core::rules::RefusalClass;
use glasslog_log::sequencer::Busy;
use glasslog_log::{Receipt, Refusal};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// Headers of every answer with JSON in it.
const JSON: [(HeaderName, &str); 2] = [
    (header::CONTENT_TYPE, "application/json"),
    (header::CACHE_CONTROL, "no-store"),
];

/// A request or a line that got no index.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The entry was judged.
    Entry(Refusal),
    /// The request itself is at fault, or the server.
    Request {
        status: StatusCode,
        code: &'static str,
        message: String,
        /// When to come back.
        wait: Option<Duration>,
    },
}

impl From<Busy> for Refused {
    fn from(Busy: Busy) -> Self {
        Self::busy("busy", "too much is waiting, or the log has stopped")
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Entry(refusal)
    }
}

impl Refused {
    /// The request is at fault.
    pub(crate) fn request(status: StatusCode, code: &'static str, message: String) -> Self {
        Self::Request {
            status,
            code,
            message,
            wait: None,
        }
    }

    /// The server cannot just now.
    pub(crate) fn busy(code: &'static str, message: &str) -> Self {
        Self::Request {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code,
            message: message.into(),
            wait: Some(Duration::from_secs(RETRY_AFTER)),
        }
    }

    /// The client took too long over something.
    pub(crate) fn too_slow(what: &str, limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        let message = format!("{what} did not arrive within {seconds} seconds");
        Self::request(StatusCode::REQUEST_TIMEOUT, "too-slow", message)
    }

    /// The client submits more than it may.
    pub(crate) fn too_many(code: &'static str, message: &str, wait: Duration) -> Self {
        Self::Request {
            status: StatusCode::TOO_MANY_REQUESTS,
            code,
            message: message.into(),
            wait: Some(wait),
        }
    }

    /// The HTTP status that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Entry(refusal) => status_of(refusal.class()),
            Self::Request { status, .. } => *status,
        }
    }

    /// The stable name of the reason.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Entry(refusal) => refusal.code(),
            Self::Request { code, .. } => code,
        }
    }

    /// The status is repeated where a batch hides it: it tells what kind of refusal a code stands for.
    fn json(&self) -> Value {
        let message = match self {
            Self::Entry(refusal) => refusal.to_string(),
            Self::Request { message, .. } => message.clone(),
        };
        let status = self.status().as_u16();
        json!({ "error": { "code": self.code(), "message": message, "status": status } })
    }

    /// Counts the refusal and makes it the whole answer.
    pub(crate) fn respond(&self, metrics: &Metrics) -> Response {
        let status = self.status();
        metrics.refused(self.code(), status.as_u16());
        let mut response = (status, JSON, format!("{}\n", self.json())).into_response();
        if let Self::Request {
            wait: Some(wait), ..
        } = self
        {
            // A fraction of a second is rounded up: coming back too early would be refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }

    /// Counts the refusal and makes it a line of an answer.
    pub(crate) fn write_line(&self, metrics: &Metrics, text: &mut String) {
        metrics.refused(self.code(), self.status().as_u16());
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", self.json());
    }
}

/// Returns the HTTP status of a refused entry (`docs/formats/events.md`, "Admission").
const fn status_of(class: RefusalClass) -> StatusCode {
    match class {
        RefusalClass::Malformed => StatusCode::BAD_REQUEST,
        RefusalClass::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalClass::Signature => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalClass::Untrusted => StatusCode::FORBIDDEN,
        RefusalClass::Conflict => StatusCode::CONFLICT,
    }
}

/// Writes the line of an entry that stands in the log.
pub(crate) fn write_receipt(receipt: &Receipt, proof: Option<&str>, text: &mut String) {
    let (index, hash) = (receipt.index, receipt.leaf_hash);
    // Base64 has no character that JSON escapes. Writing to a string does not fail.
    let _ = write!(text, "{{\"index\":{index},\"leafHash\":\"{hash}\"");
    if let Some(proof) = proof {
        let _ = write!(text, ",\"proof\":{}", Value::from(proof));
    }
    text.push_str("}\n");
}

/// The whole answer to one entry.
pub(crate) fn index(receipt: &Receipt) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, receipt.index.to_string()).into_response()
}

/// The same with its proof.
pub(crate) fn proof(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_refusals_has_its_status() {
        let table = [
            (RefusalClass::Malformed, 400),
            (RefusalClass::TooLarge, 413),
            (RefusalClass::Signature, 422),
            (RefusalClass::Untrusted, 403),
            (RefusalClass::Conflict, 409),
        ];
        for (class, status) in table {
            assert_eq!(status_of(class).as_u16(), status);
        }
    }
}
