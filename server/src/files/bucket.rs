//! The public tree of a log in a bucket: files are read whole, with validators from their content. An HTTP front of the
//! bucket itself serves readers better.

use super::changing::tagged;
use crate::leadership::role::Shared;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Serves a file.
pub(crate) async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    if path.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let read = tokio::task::spawn_blocking(move || shared.public.read_whole(&path));
    match read.await {
        Ok(Ok(Some(bytes))) => tagged(request.headers(), bytes),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a file cannot be read");
            StatusCode::BAD_GATEWAY.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
