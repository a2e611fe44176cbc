//! The public tree over HTTP ([tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), "APIs"): types, caching, validators.
//!
//! A file that can change is read whole and gets a validator from its content: two checkpoints within one tick of the
//! file system's clock must not look the same. `tower_http` serves the immutable files, with ranges.

mod bucket;
mod changing;
mod directory;

use crate::app::App;
use crate::http::observe::Observed;
use crate::status::metrics::Route;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, LOCATION, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use directory::Tree;
use glasslog_core::fetch::{CHECKPOINT_PATH, LogFile};
use glasslog_core::index::format::{AUDITED_PATH, INDEX_CHECKPOINT_PATH, LATEST_PATH};
use glasslog_log::caching::{NEVER, REVALIDATE, caching};
use std::sync::Arc;
use tower_http::CompressionLevel;
use tower_http::compression::predicate::SizeAbove;
use tower_http::compression::{CompressionLayer, Predicate};
use tower_http::cors::{Any, CorsLayer};
use tower_http::services::ServeDir;

/// Headers that a page of another origin may read.
const EXPOSED: [HeaderName; 5] = [
    ACCEPT_RANGES,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    ETAG,
];

/// Serves the files under `public/`.
pub(crate) fn routes(app: Arc<App>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([IF_NONE_MATCH, RANGE])
        .expose_headers(EXPOSED);
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(crate::limits::MIN_COMPRESSED).and(is_compressible));
    let files = match app.shared.clone() {
        Some(shared) => Router::new().fallback(bucket::serve).with_state(shared),
        None => in_directory(&app),
    };
    files
        .layer(middleware::from_fn_with_state(Arc::clone(&app), label))
        .layer(compression)
        .layer(middleware::from_fn(weaken))
        .layer(cors)
        .layer(middleware::from_fn_with_state(app, count))
}

fn in_directory(app: &Arc<App>) -> Router {
    let tree = Tree::new(app.public.clone());
    Router::new()
        .route("/", get(home))
        .route(&format!("/{CHECKPOINT_PATH}"), get(changing::serve))
        .route(&format!("/{INDEX_CHECKPOINT_PATH}"), get(changing::serve))
        .route(&format!("/{LATEST_PATH}"), get(changing::serve))
        .route(&format!("/{AUDITED_PATH}"), get(changing::serve))
        .with_state(Arc::clone(app))
        .fallback_service(ServeDir::with_backend(&app.public, tree))
        .layer(middleware::from_fn(refuse_empty_segments))
}

/// Answers a path with an empty segment as missing: a redirect of `//name` would lead to another host.
async fn refuse_empty_segments(request: Request, next: Next) -> Response {
    match request.uri().path().contains("//") {
        true => StatusCode::NOT_FOUND.into_response(),
        false => next.run(request).await,
    }
}

/// Redirects to the portal, if the tree has one.
async fn home(State(app): State<Arc<App>>) -> Response {
    match tokio::fs::try_exists(app.public.join("portal/index.html")).await {
        Ok(true) => (StatusCode::FOUND, [(LOCATION, "portal/")]).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file that a response holds; `None` for a file that is not the log's, such as one of the portal's.
#[derive(Clone, Copy)]
struct Labelled(Option<LogFile>);

/// Labels a file with its type and caching.
async fn label(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let file = LogFile::parse(request.uri().path().trim_start_matches('/'));
    let mut response = next.run(request).await;
    let status = response.status();
    let is_found = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page in a frame can be hidden below another one, which steers the reader's clicks.
    headers.insert(CONTENT_SECURITY_POLICY, app.framing.clone());
    let cache_control = match is_found {
        true => caching(file),
        false if status.is_redirection() => REVALIDATE,
        false => NEVER,
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if is_found && let Some(file) = file {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type()));
    }
    response.extensions_mut().insert(Labelled(file));
    response
}

fn is_compressible(
    status: StatusCode,
    _: Version,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> bool {
    status == StatusCode::OK
        && extensions
            .get::<Labelled>()
            .is_some_and(|labelled| shrinks(labelled.0, headers.get(CONTENT_TYPE)))
}

/// Returns `true` if compression pays. Hashes are random, and checkpoints small.
fn shrinks(file: Option<LogFile>, content_type: Option<&HeaderValue>) -> bool {
    let is_image = || {
        content_type.is_some_and(|value| {
            value.as_bytes().starts_with(b"image/") && value.as_bytes() != b"image/svg+xml"
        })
    };
    match file {
        Some(LogFile::Bundle(_) | LogFile::IndexBundle(_)) => true,
        Some(_) => false,
        None => !is_image(),
    }
}

/// Makes the validator of a compressed file weak, because its bytes differ from those of the file (RFC 9110 §8.8.1).
async fn weaken(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if headers.contains_key(CONTENT_ENCODING)
        && let Some(tag) = headers.get(ETAG)
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(ETAG, weak);
    }
    response
}

async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let observed = Observed::begin(&app, Route::File, &request);
    observed.end(&app, next.run(request).await)
}
