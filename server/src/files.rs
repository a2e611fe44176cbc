//! The public tree over HTTP ([tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), "APIs"): types, caching, validators.
//!
//! What can change is read whole and gets a validator from its content: two checkpoints within one tick of the file
//! system's clock must not look the same. What cannot change is left to `tower_http`, ranges included.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use glasslog_core::hash::sha256;
use std::path::{Path, PathBuf};
use tower_http::cors::{Any, CorsLayer};
use tower_http::services::ServeDir;

/// For files whose name settles their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For files that change: kept, but asked about each time.
const REVALIDATE: &str = "no-cache";
/// For what is missing now and may be there in a moment.
const NEVER: &str = "no-store";

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// Serves the files under `public`.
pub(crate) fn service(public: &Path) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .expose_headers([ETAG]);
    Router::new()
        .route("/", get(home))
        .route("/checkpoint", get(mutable))
        .route("/index/checkpoint", get(mutable))
        .route("/index/latest.tlog-proof", get(mutable))
        .with_state(public.to_owned())
        .fallback_service(ServeDir::new(public))
        .layer(middleware::from_fn(label))
        .layer(cors)
}

/// Leads to the portal, when there is one.
async fn home(State(public): State<PathBuf>) -> Response {
    match tokio::fs::try_exists(public.join("portal/index.html")).await {
        Ok(true) => (StatusCode::FOUND, [(LOCATION, "portal/")]).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Serves a small file that changes.
async fn mutable(State(public): State<PathBuf>, request: Request) -> Response {
    let path = public.join(request.uri().path().trim_start_matches('/'));
    let Ok(bytes) = tokio::fs::read(path).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", sha256(&bytes).to_hex());
    let known = request
        .headers()
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| names(value, &tag));
    match known {
        true => (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response(),
        false => ([(ETAG, tag)], bytes).into_response(),
    }
}

/// Whether an `If-None-Match` header names a tag (RFC 9110 §13.1.2, weak comparison).
fn names(value: &HeaderValue, tag: &str) -> bool {
    value.to_str().is_ok_and(|list| {
        list.split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    })
}

/// Says what a file is and how long it may be kept.
async fn label(request: Request<Body>, next: Next) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    let found = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let caching = match found || status.is_redirection() {
        true if is_immutable(&path) => IMMUTABLE,
        true => REVALIDATE,
        false => NEVER,
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if found && let Some(kind) = content_type(&path) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

fn is_immutable(path: &str) -> bool {
    [
        "tile/",
        "checkpoints/",
        "index/tile/",
        "index/run/",
        "index/postings/",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix))
}

/// The type of a log's files; files of the portal are typed by their extension.
fn content_type(path: &str) -> Option<&'static str> {
    let is_text = path == "checkpoint"
        || path.starts_with("checkpoints/")
        || path == "index/checkpoint"
        || path.ends_with(".tlog-proof");
    if is_text {
        Some(TEXT)
    } else if path.starts_with("tile/") || path.starts_with("index/") {
        Some(BYTES)
    } else {
        None
    }
}
