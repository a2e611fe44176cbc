//! Small files that can change, with validators from their content.

use crate::app::App;
use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use glasslog_core::merkle::sha256;
use std::sync::Arc;

/// Serves a file that can change.
pub(crate) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let path = app
        .public
        .join(request.uri().path().trim_start_matches('/'));
    let Ok(bytes) = tokio::fs::read(path).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    tagged(request.headers(), bytes)
}

/// Answers with a file's content, or with 304 if the client has it.
pub(super) fn tagged(headers: &HeaderMap, bytes: Vec<u8>) -> Response {
    let tag = format!("\"{}\"", sha256(&bytes).to_hex());
    let is_known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| names(value, &tag));
    match is_known {
        true => (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response(),
        false => ([(ETAG, tag)], bytes).into_response(),
    }
}

/// Returns whether an `If-None-Match` header names a tag (RFC 9110 §13.1.2, weak comparison).
fn names(value: &HeaderValue, tag: &str) -> bool {
    value.to_str().is_ok_and(|list| {
        list.split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    })
}
