//! Heads of requests, which have at most [`MAX_HEAD`] bytes at every address of every server.

use crate::limits::MAX_HEAD;
use axum::http::header::{CACHE_CONTROL, CONNECTION};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};

/// Returns true if the head of a request is over the limit.
pub(super) fn is_too_long<B>(request: &Request<B>) -> bool {
    length(request) > MAX_HEAD
}

/// Returns the bytes of a request's head, without the white space that a sender may add. The HTTP library reads up to twice the
/// limit before it counts.
fn length<B>(request: &Request<B>) -> usize {
    /// `METHOD SP TARGET SP HTTP/1.1 CRLF`, and the empty line at the end.
    const REQUEST_LINE: usize = " ".len() + " HTTP/1.1\r\n".len() + "\r\n".len();
    /// `NAME: VALUE CRLF`.
    const HEADER: usize = ": ".len() + "\r\n".len();
    let target = request.uri().path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + HEADER);
    request.method().as_str().len() + target + REQUEST_LINE + headers.sum::<usize>()
}

/// Refuses a head over the limit, as the HTTP library does with a longer one.
pub(super) fn too_long() -> Response {
    let headers = [(CONNECTION, "close"), (CACHE_CONTROL, "no-store")];
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, headers).into_response()
}
