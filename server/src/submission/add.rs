//! `POST /add`: takes one entry and answers with its index or its proof.

use super::answer;
use super::options::SubmitOptions;
use super::receipt;
use super::refused::Refused;
use super::unindexed::Kept;
use crate::app::App;
use crate::http::body::{self, BodyError};
use crate::http::client::Client;
use crate::http::observe::Observed;
use crate::http::pace::Pace;
use crate::http::slots::Slot;
use crate::status::metrics::Route;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::Request;
use axum::response::Response;
use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_log::{Receipt, Refusal};
use std::sync::Arc;

/// Takes one entry that came through the router.
pub(super) async fn route(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    add(&app, request).await
}

/// Takes one entry.
pub(crate) async fn add<B>(app: &App, request: Request<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let observed = Observed::begin(app, Route::Add, &request);
    let response = match submit(app, request).await {
        Ok(response) => response,
        Err(refused) => refused.respond(&app.metrics),
    };
    observed.end(app, response)
}

async fn submit<B>(app: &App, request: Request<B>) -> Result<Response, Refused>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let options = SubmitOptions::parse(request.uri())?;
    let client = app.client(&request);
    let (entry, room) = read_entry(app, client, request).await?;
    let unindexed = app.intake.unindexed().ok_or(Refused::Busy)?;
    let claim = unindexed
        .take(client, 1, entry.len())
        .map_err(|_| Refused::IndexBehind)?;
    let kept = Kept { claim, _room: room };
    let bytes = entry.len() as u64;
    let answered = app
        .intake
        .submit(vec![entry], options.acknowledgement, kept)
        .await?;
    let receipt = match answered.outcomes.into_iter().next().ok_or(Refused::Busy)? {
        Ok(receipt) => receipt,
        Err(refusal) => {
            app.standings.settle(client, 1).await;
            return Err(refusal.into());
        }
    };
    app.metrics.entries.inc();
    app.metrics.bytes.inc_by(bytes);
    if let Some(missing) = answered.unpublished {
        return Ok(answer::unpublished(&receipt, &missing));
    }
    match options.is_proof {
        false => Ok(answer::index(&receipt)),
        true => prove(app, &receipt).await.map(answer::proof),
    }
}

/// Reads one entry, if its client may submit one now, and reserves memory for the bytes as they arrive: a length that is
/// only announced takes none.
///
/// # Errors
/// A client that is over its rate or too slow, an entry that is too large, too many bytes in work.
pub(crate) async fn read_entry<B>(
    app: &App,
    client: Client,
    request: Request<B>,
) -> Result<(Vec<u8>, Slot), Refused>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if let Some(rate) = &app.rate {
        rate.take(client)
            .map_err(|wait| Refused::RateLimited { wait })?;
    }
    let limit = app.limits.body_timeout;
    let pace = Pace::begin(&app.limits);
    let (head, body) = request.into_parts();
    let mut room = app.intake.room_for_entry(client)?;
    let read = body::read(&head.headers, body, MAX_ENTRY, pace, &mut room).await;
    let entry = read.map_err(|error| match error {
        BodyError::TooLarge(length) => Refusal::too_large(length).into(),
        BodyError::TooSlow => Refused::TooSlow {
            part: "the body",
            limit,
        },
        BodyError::CutShort => Refused::BodyCutShort,
        BodyError::Full(full) => full.into(),
    })?;
    Ok((entry, room))
}

async fn prove(app: &App, receipt: &Receipt) -> Result<String, Refused> {
    let proofs = receipt::prove(app, vec![receipt.index]).await;
    proofs
        .and_then(|proofs| proofs.into_iter().next())
        .ok_or(Refused::ProofUnavailable)
}
