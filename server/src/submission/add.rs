//! `POST /add`: one entry, answered with its index or its proof.

use super::answer::{self, Refused};
use super::receipt;
use super::wish::Wish;
use crate::app::App;
use crate::metrics::Route;
use crate::observe::Observed;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use glasslog_core::limits::MAX_ENTRY;
use glasslog_log::{Receipt, Refusal};
use std::sync::Arc;
use tokio::time;

/// One entry.
pub(crate) async fn add(State(app): State<Arc<App>>, request: Request) -> Response {
    let observed = Observed::begin(&app, Route::Add, &request);
    let response = match submit(&app, request).await {
        Ok(response) => response,
        Err(refused) => refused.respond(&app.metrics),
    };
    observed.end(&app, response)
}

async fn submit(app: &App, request: Request) -> Result<Response, Refused> {
    let wish = Wish::of(request.uri())?;
    if let Some(rate) = &app.rate {
        rate.take(app.client(&request)).map_err(|wait| {
            let message = "this client submits more entries a second than it may";
            Refused::too_many("rate-limited", message, wait)
        })?;
    }
    let announced = announced(request.headers());
    let expected = announced.unwrap_or(MAX_ENTRY);
    if expected > MAX_ENTRY {
        return Err(Refusal::too_large(expected).into());
    }
    let room = app.intake.room_for_entry(expected)?;
    let limit = app.limits.body_timeout;
    let entry = match time::timeout(limit, to_bytes(request.into_body(), MAX_ENTRY)).await {
        Ok(Ok(bytes)) => Vec::from(bytes),
        // The only other failure is a client that went away, who reads no answer.
        Ok(Err(_)) => return Err(Refusal::too_large(MAX_ENTRY + 1).into()),
        Err(_) => return Err(Refused::too_slow("the body", limit)),
    };
    let bytes = entry.len() as u64;
    let outcome = app
        .intake
        .submit(vec![entry], wish.acknowledgement, room)
        .await?;
    let receipt = match outcome.into_iter().next() {
        Some(result) => result?,
        None => return Err(glasslog_log::sequencer::Busy.into()),
    };
    app.metrics.entries.inc();
    app.metrics.bytes.inc_by(bytes);
    match wish.is_proof {
        false => Ok(answer::index(&receipt)),
        true => prove(app, &receipt).await.map(answer::proof),
    }
}

async fn prove(app: &App, receipt: &Receipt) -> Result<String, Refused> {
    let proofs = receipt::prove(app.public.clone(), vec![receipt.index]).await;
    proofs
        .ok()
        .and_then(|proofs| proofs.into_iter().next())
        .ok_or_else(receipt::unproven)
}

/// The length that a request's head announces.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
