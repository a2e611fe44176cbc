//! `POST /add` and `POST /batch`: entries in, indices out (`docs/formats/submission-api.md`).

mod add;
mod answer;
mod batch;
pub(crate) mod intake;
mod lines;
mod options;
mod receipt;
mod refused;
pub(crate) mod standing;
pub(crate) mod unindexed;

use crate::app::App;
use axum::Router;
use axum::routing::post;
use std::sync::Arc;

pub(crate) use add::{add, read_entry};
pub(crate) use options::SubmitOptions;
pub(crate) use refused::Refused;

/// Routes of the two ways to submit.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/add", post(add::route))
        .route("/batch", post(batch::batch))
        .with_state(app)
}
