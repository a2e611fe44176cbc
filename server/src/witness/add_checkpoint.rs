//! `POST /add-checkpoint`: takes a checkpoint, and answers with cosignatures once they are durable.

use super::app::WitnessApp;
use super::refused::Refused;
use crate::http::body;
use crate::http::client::{Client, Peer};
use crate::http::host::Answers;
use crate::http::pace::Pace;
use axum::Router;
use axum::body::{Bytes, HttpBody};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, Request};
use axum::response::{IntoResponse, Response};
use glasslog_core::text::limits::MAX_ADD_CHECKPOINT;
use glasslog_core::witness::{ADD_CHECKPOINT_PATH, AddCheckpoint, VerifiedRequest};
use glasslog_log::witness::NotCosigned;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

/// The answers at the address of a witness: checkpoints go straight to the decision, every other request through the router.
#[derive(Clone)]
pub(super) struct Front {
    app: Arc<WitnessApp>,
    router: TowerToHyperService<Router>,
}

impl Front {
    pub(super) fn new(app: Arc<WitnessApp>, router: Router) -> Self {
        Self {
            app,
            router: TowerToHyperService::new(router),
        }
    }
}

impl Answers for Front {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Result<Response, Infallible> {
        request.extensions_mut().insert(peer);
        let path = request.uri().path();
        let is_add = path.strip_prefix('/') == Some(ADD_CHECKPOINT_PATH);
        match is_add && *request.method() == Method::POST {
            true => Ok(answer(&self.app, request).await),
            false => self.router.call(request).await,
        }
    }
}

async fn answer<B>(app: &WitnessApp, request: Request<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let began = Instant::now();
    let client = app.client(&request);
    let response = match add(app, request, client).await {
        Ok(lines) => {
            let headers = [
                (CONTENT_TYPE, "text/plain; charset=utf-8"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, lines).into_response()
        }
        Err(refused) => {
            app.metrics.refused(refused.code());
            tracing::debug!(code = refused.code(), "not cosigned");
            refused.respond()
        }
    };
    let status = response.status().as_u16();
    app.metrics.request(ADD_CHECKPOINT_PATH, status);
    app.metrics.answered(began.elapsed());
    // Refusals cost their client time, and the log nothing.
    if response.status().is_client_error() {
        app.refusals.wait(client, 1).await;
    }
    response
}

async fn add<B>(app: &WitnessApp, request: Request<B>, client: Client) -> Result<String, Refused>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if let Some(rate) = &app.rate {
        let taken = rate.take(client);
        taken.map_err(|wait| Refused::ClientTooOften { wait })?;
    }
    let mut room = app.room.take(Some(client), 0).map_err(|_| Refused::Full)?;
    let (head, body) = request.into_parts();
    let pace = Pace::begin(&app.limits);
    let limit = app.limits.body_timeout;
    let bytes = body::read(&head.headers, body, MAX_ADD_CHECKPOINT, pace, &mut room)
        .await
        .map_err(|error| Refused::of_body(error, limit))?;
    let request = AddCheckpoint::parse(&bytes).map_err(Refused::Malformed)?;
    drop(bytes);
    let book = app.logs.book();
    let origin = request.checkpoint().origin().clone();
    let log = book.log(&origin).ok_or(Refused::UnknownLog)?;
    let own: Vec<_> = app.own.iter().collect();
    let verified = VerifiedRequest::new(request, log, &own).map_err(NotCosigned::from)?;
    let committer = app.committer().ok_or(NotCosigned::Stopped)?;
    let allowance = Box::new(move || book.take(&origin));
    Ok(committer.cosign(verified, allowance).await?.encode())
}
