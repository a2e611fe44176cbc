//! `GET /HASH/checkpoint`: the newest cosigned checkpoint of a log, for monitors.

use super::app::WitnessApp;
use super::refused::Refused;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// Returns the route.
pub(super) fn routes(app: Arc<WitnessApp>) -> Router {
    Router::new()
        .route("/{hash}/checkpoint", get(show))
        .with_state(app)
}

async fn show(State(app): State<Arc<WitnessApp>>, Path(hash): Path<String>) -> Response {
    let book = app.logs.book();
    let found = match book.origin(&hash) {
        Some(origin) => app.reader.memory(origin).map_err(|_| Refused::Unreadable),
        None => Ok(None),
    };
    let response = match found {
        Ok(Some(memory)) => {
            let headers = [
                (CONTENT_TYPE, "text/plain; charset=utf-8"),
                (CACHE_CONTROL, "no-cache"),
                (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            (headers, memory.checkpoint.encode()).into_response()
        }
        Ok(None) => (
            StatusCode::NOT_FOUND,
            "no checkpoint of such a log was cosigned\n",
        )
            .into_response(),
        Err(refused) => refused.respond(),
    };
    app.metrics
        .request("checkpoint", response.status().as_u16());
    response
}
