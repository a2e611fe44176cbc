//! `POST /add`: takes one entry and answers with its index or its proof.

use super::answer;
use super::intake::Room;
use super::options::SubmitOptions;
use super::receipt;
use super::refused::Refused;
use crate::app::App;
use crate::http::observe::Observed;
use crate::status::metrics::Route;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_log::{Receipt, Refusal};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use tokio::time;

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
    let (entry, room) = read_entry(app, request).await?;
    let bytes = entry.len() as u64;
    let outcome = app
        .intake
        .submit(vec![entry], options.acknowledgement, room)
        .await?;
    let receipt = outcome.into_iter().next().ok_or(Refused::Busy)??;
    app.metrics.entries.inc();
    app.metrics.bytes.inc_by(bytes);
    match options.is_proof {
        false => Ok(answer::index(&receipt)),
        true => prove(app, &receipt).await.map(answer::proof),
    }
}

/// Reads one entry, if its client may submit one now, and reserves memory for it.
///
/// # Errors
/// A client that is over its rate or too slow, an entry that is too large, too many bytes in work.
pub(crate) async fn read_entry<B>(
    app: &App,
    request: Request<B>,
) -> Result<(Vec<u8>, Room), Refused>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if let Some(rate) = &app.rate {
        rate.take(app.client(&request))
            .map_err(|wait| Refused::RateLimited { wait })?;
    }
    let announced = announced(request.headers());
    let expected = announced.unwrap_or(MAX_ENTRY);
    if expected > MAX_ENTRY {
        return Err(Refusal::too_large(expected).into());
    }
    let room = app.intake.room_for_entry(expected)?;
    let limit = app.limits.body_timeout;
    let read = read_body(request.into_body(), announced.unwrap_or(0));
    match time::timeout(limit, read).await {
        Ok(Some(entry)) => Ok((entry, room)),
        // The only other failure is a client that went away and reads no answer.
        Ok(None) => Err(Refusal::too_large(MAX_ENTRY + 1).into()),
        Err(_) => Err(Refused::TooSlow {
            part: "the body",
            limit,
        }),
    }
}

/// Reads a body into a buffer of the announced length; returns `None` if it breaks off or is too large.
async fn read_body<B>(mut body: B, announced: usize) -> Option<Vec<u8>>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut entry = Vec::with_capacity(announced);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // Trailers are not part of the entry.
        let Ok(piece) = frame.ok()?.into_data() else {
            continue;
        };
        if entry.len() + piece.len() > MAX_ENTRY {
            return None;
        }
        entry.extend_from_slice(&piece);
    }
    Some(entry)
}

async fn prove(app: &App, receipt: &Receipt) -> Result<String, Refused> {
    let proofs = receipt::prove(app, vec![receipt.index]).await;
    proofs
        .ok()
        .and_then(|proofs| proofs.into_iter().next())
        .ok_or(Refused::ProofUnavailable)
}

/// Returns the length that the request's head announces.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
