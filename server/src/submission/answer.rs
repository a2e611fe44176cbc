//! Answers to submissions: an index or a refusal, as a whole response or as a line of one.

use super::refused::Refused;
use crate::status::metrics::Metrics;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use glasslog_log::Receipt;
use glasslog_log::cosigning::Missing;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// Headers of every answer that is JSON.
const JSON: [(HeaderName, &str); 2] = [
    (header::CONTENT_TYPE, "application/json"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Headers of every answer that is text.
const TEXT: [(HeaderName, &str); 2] = [
    (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
    (header::CACHE_CONTROL, "no-store"),
];

impl Refused {
    /// Returns the error object. It repeats the HTTP status, which a line of a batch has no other place for.
    fn json(&self) -> Value {
        let (code, message) = (self.code(), self.to_string());
        let status = self.class().status().as_u16();
        json!({ "error": { "code": code, "message": message, "status": status } })
    }

    /// Counts the refusal and makes it the whole answer.
    pub(crate) fn respond(&self, metrics: &Metrics) -> Response {
        let status = self.class().status();
        metrics.refused(self.code(), status.as_u16());
        let mut response = (status, JSON, format!("{}\n", self.json())).into_response();
        if let Some(seconds) = self.retry_after() {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Counts the refusal and makes it a line of an answer.
    pub(crate) fn write_line(&self, metrics: &Metrics, text: &mut String) {
        metrics.refused(self.code(), self.class().status().as_u16());
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", self.json());
    }
}

/// The part of an answer beside index and leaf hash.
pub(crate) enum Addition {
    /// Nothing.
    Nothing,
    /// The proof of the entry.
    Proof(String),
    /// The witnesses that are missing: the entry is durable, and not public.
    Unpublished(Arc<[Missing]>),
}

/// Writes the line of an entry that is in the log.
pub(crate) fn write_receipt(receipt: &Receipt, addition: &Addition, text: &mut String) {
    let (index, hash) = (receipt.index, receipt.leaf_hash);
    // Base64 has no character that JSON escapes. Writing to a string does not fail.
    let _ = write!(text, "{{\"index\":{index},\"leafHash\":\"{hash}\"");
    match addition {
        Addition::Nothing => {}
        Addition::Proof(proof) => {
            let _ = write!(text, ",\"proof\":{}", Value::from(proof.as_str()));
        }
        Addition::Unpublished(missing) => {
            let missing = missing.iter();
            // Their failures may name addresses that are not the submitter's business.
            let missing =
                missing.map(|missing| json!({ "name": missing.name, "since": missing.since }));
            let missing: Vec<Value> = missing.collect();
            let _ = write!(
                text,
                ",\"published\":false,\"waitingFor\":{}",
                Value::from(missing)
            );
        }
    }
    text.push_str("}\n");
}

/// Answers one entry that is durable, and that no public checkpoint covers because witnesses are missing.
pub(crate) fn unpublished(receipt: &Receipt, missing: &Arc<[Missing]>) -> Response {
    let mut text = String::new();
    write_receipt(
        receipt,
        &Addition::Unpublished(Arc::clone(missing)),
        &mut text,
    );
    (StatusCode::ACCEPTED, JSON, text).into_response()
}

/// Answers one entry with its index.
pub(crate) fn index(receipt: &Receipt) -> Response {
    (TEXT, receipt.index.to_string()).into_response()
}

/// Answers one entry with its proof.
pub(crate) fn proof(text: String) -> Response {
    (TEXT, text).into_response()
}
