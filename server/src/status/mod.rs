//! Status for operators and their monitoring: liveness, readiness, metrics, and the description of the API.

pub(crate) mod metrics;

mod cosignature_metrics;
mod log_metrics;
mod process_metrics;
mod witness_metrics;

use crate::app::App;
use crate::leadership::role::Role;
use crate::limits::RETRY_AFTER;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// The OpenAPI document of every request and answer.
const OPENAPI: &str = include_str!("../../../docs/formats/openapi.json");

/// Routes of the probes.
pub(crate) fn probes(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(app)
}

/// Route of the metrics.
pub(crate) fn metrics_route(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(show_metrics))
        .with_state(app)
}

/// Route of the OpenAPI document.
pub(crate) fn description() -> Router {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Router::new().route(
        "/openapi.json",
        get(move || async move { (headers, OPENAPI) }),
    )
}

const TEXT: [(header::HeaderName, &str); 2] = [
    (CONTENT_TYPE, "text/plain; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
];

async fn healthz() -> Response {
    (TEXT, "ok\n").into_response()
}

/// Answers 200 if the server takes entries, or knows the server that does and forwards them to it.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    let reason = match (app.is_stopping(), app.role()) {
        (false, Role::Leader) => return (TEXT, "ready\n").into_response(),
        (false, Role::StandIn(Some(_))) => return (TEXT, "ready: stand-in\n").into_response(),
        (false, Role::StandIn(None)) => "not ready: no server that sequences is known\n",
        (true, _) => "not ready: the log takes no entries\n",
    };
    let again = [(header::RETRY_AFTER, RETRY_AFTER.to_string())];
    (StatusCode::SERVICE_UNAVAILABLE, (TEXT, again, reason)).into_response()
}

async fn show_metrics(State(app): State<Arc<App>>) -> Response {
    let encode = move || {
        app.metrics.encode(|registry| {
            log_metrics::register(registry, &app);
            process_metrics::register(registry, &app);
            cosignature_metrics::register(registry, &app);
        })
    };
    // Files are read.
    match tokio::task::spawn_blocking(encode).await {
        Ok(Ok(text)) => {
            let headers = [
                (CONTENT_TYPE, metrics::CONTENT_TYPE),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, text).into_response()
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
