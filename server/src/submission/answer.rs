//! Answers to submissions: an index or a refusal, as a whole response or as a line of one.

use super::refused::Refused;
use crate::status::metrics::Metrics;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use axum::response::{IntoResponse, Response};
use glasslog_log::Receipt;
use serde_json::{Value, json};
use std::fmt::Write;

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

/// Writes the line of an entry that is in the log.
pub(crate) fn write_receipt(receipt: &Receipt, proof: Option<&str>, text: &mut String) {
    let (index, hash) = (receipt.index, receipt.leaf_hash);
    // Base64 has no character that JSON escapes. Writing to a string does not fail.
    let _ = write!(text, "{{\"index\":{index},\"leafHash\":\"{hash}\"");
    if let Some(proof) = proof {
        let _ = write!(text, ",\"proof\":{}", Value::from(proof));
    }
    text.push_str("}\n");
}

/// Answers one entry with its index.
pub(crate) fn index(receipt: &Receipt) -> Response {
    (TEXT, receipt.index.to_string()).into_response()
}

/// Answers one entry with its proof.
pub(crate) fn proof(text: String) -> Response {
    (TEXT, text).into_response()
}
