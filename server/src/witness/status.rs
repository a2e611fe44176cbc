//! Status of a witness for its operator: liveness, readiness, metrics.

use super::app::WitnessApp;
use crate::status::metrics::CONTENT_TYPE as METRICS;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;

const TEXT: [(axum::http::HeaderName, &str); 2] = [
    (CONTENT_TYPE, "text/plain; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
];

/// Routes of the probes.
pub(super) fn probes(app: Arc<WitnessApp>) -> Router {
    Router::new()
        .route("/healthz", get(async || (TEXT, "ok\n")))
        .route("/readyz", get(readyz))
        .with_state(app)
}

/// Route of the metrics.
pub(super) fn metrics(app: Arc<WitnessApp>) -> Router {
    Router::new()
        .route("/metrics", get(show_metrics))
        .with_state(app)
}

async fn readyz(State(app): State<Arc<WitnessApp>>) -> Response {
    let is_running = app
        .committer()
        .is_some_and(|committer| !committer.is_stopped());
    let reason = match (is_running, app.metrics.is_suspended()) {
        (true, false) => return (TEXT, "ready\n").into_response(),
        (true, true) => "not ready: the witness is suspended\n",
        (false, _) => "not ready: the witness has stopped\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, TEXT, reason).into_response()
}

async fn show_metrics(State(app): State<Arc<WitnessApp>>) -> Response {
    match app.metrics.encode(|registry| register(registry, &app)) {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, METRICS), (CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Adds what is read on request.
fn register(registry: &mut Registry, app: &WitnessApp) {
    let waiting = app.committer().map_or(0, |committer| committer.waiting());
    for (name, help, value) in [
        ("logs", "Logs that are cosigned", app.logs.book().len()),
        ("waiting", "Requests that wait for a commit", waiting),
        (
            "evidence_files",
            "Files that show two versions of a log",
            app.evidence.count(),
        ),
    ] {
        registry.register(name, help, ConstGauge::new(value as u64));
    }
    registry.register(
        "list_failures",
        "Lists of logs that could not be read",
        ConstCounter::new(app.logs.failures()),
    );
}
