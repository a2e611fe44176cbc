//! Forwards a stand-in's submissions to the leader, and the leader's answers to the client.
//!
//! A stand-in never acknowledges an entry itself. Every failure on the way is a 503 with `Retry-After`: the entry may be
//! in the log by then, and sent again it has the same index.

use super::place::Place;
use super::whole_lines::WholeLines;
use crate::app::App;
use crate::http::client::Client;
use crate::http::observe::Observed;
use crate::http::refusal_class::RefusalClass;
use crate::leadership::role::{Role, Shared};
use crate::status::metrics::Route;
use crate::submission::{Refused, SubmitOptions, read_entry};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Url;
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Header of a request that another server forwarded: it is not forwarded a second time.
pub(crate) const FORWARDED: HeaderName = HeaderName::from_static("glasslog-forwarded");
const CLIENT: HeaderName = HeaderName::from_static("x-forwarded-for");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest silence of a leader: longer than its time-out for a slow client, plus a slow store.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Shorter than the time after which a leader closes an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes of an answer that is returned whole: a proof is 2 KB, and a refusal less.
const MAX_ANSWER: usize = 64 << 10;

/// Builds the HTTP client with which stand-ins forward requests to leaders.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build()
}

/// Lets a submission through to this server's own log if it leads, and forwards it if it does not.
pub(crate) async fn unless_leading(
    State((app, shared)): State<(Arc<App>, Arc<Shared>)>,
    request: Request,
    next: Next,
) -> Response {
    let mut role = shared.role.clone();
    let current = role.borrow_and_update().clone();
    let Role::StandIn(leader) = current else {
        return next.run(request).await;
    };
    let route = match request.uri().path() {
        "/batch" => Route::Batch,
        _ => Route::Add,
    };
    let observed = Observed::begin(&app, route, &request);
    let answer = match (leader, request.headers().contains_key(FORWARDED)) {
        (_, true) => Err(Refused::NotTheLeader),
        (None, _) => Err(unreachable("no leader is known")),
        (Some(leader), false) => {
            let forward = Forward {
                app: Arc::clone(&app),
                role,
                leader,
                shared,
            };
            match route {
                Route::Batch => forward.batch(request).await,
                _ => forward.add(request).await,
            }
        }
    };
    let response = answer.unwrap_or_else(|refused| refused.respond(&app.metrics));
    app.metrics.forwarded(response.status().as_u16());
    observed.end(&app, response)
}

fn unreachable(reason: impl Into<Cow<'static, str>>) -> Refused {
    let reason = reason.into();
    Refused::LeaderUnreachable { reason }
}

/// One request that is forwarded to the leader.
struct Forward {
    app: Arc<App>,
    shared: Arc<Shared>,
    /// This server's role; the request fails when it changes.
    role: watch::Receiver<Role>,
    leader: Arc<Url>,
}

impl Forward {
    fn request(&self, client: Client, request: &Request) -> reqwest::RequestBuilder {
        let mut url = Url::clone(&self.leader);
        // The leader's address may have a path, which ends in `/`.
        let path = request.uri().path().trim_start_matches('/');
        url.set_path(&format!("{}{path}", self.leader.path()));
        url.set_query(request.uri().query());
        let mut builder = self
            .shared
            .client
            .post(url)
            .header(FORWARDED, "1")
            .header(CLIENT, client.to_string());
        if let Some(kind) = request.headers().get(CONTENT_TYPE) {
            builder = builder.header(CONTENT_TYPE, kind);
        }
        builder
    }

    /// Forwards one entry, once all of it has arrived.
    async fn add(mut self, request: Request) -> Result<Response, Refused> {
        SubmitOptions::parse(request.uri())?;
        let client = self.app.client(&request);
        let builder = self.request(client, &request);
        let (entry, room) = read_entry(&self.app, client, request).await?;
        let answer = self.ask(builder.body(entry)).await?;
        let answer = self.whole(answer).await;
        drop(room);
        answer
    }

    /// Forwards any number of entries while they arrive, and their answers while those arrive.
    async fn batch(mut self, request: Request) -> Result<Response, Refused> {
        SubmitOptions::parse(request.uri())?;
        let client = self.app.client(&request);
        let place = Arc::new(Place::begin(&self.app.batches, client)?);
        let builder = self.request(client, &request);
        let passed = Arc::clone(&place);
        // The leader ends a batch that is too slow, so its pace is not watched here.
        let body = request.into_body().into_data_stream().then(move |piece| {
            let place = Arc::clone(&passed);
            async move {
                if let Ok(piece) = &piece {
                    place.pass(piece).await;
                }
                piece
            }
        });
        let body = reqwest::Body::wrap_stream(body);
        let answer = self.ask(builder.body(body)).await?;
        if answer.status() != StatusCode::OK {
            return self.whole(answer).await;
        }
        let headers = passed_headers(answer.headers());
        let relay = Relay {
            lines: WholeLines::default(),
            answer: Some(answer),
            forward: self,
            place,
        };
        let text = stream::unfold(relay, |mut relay| async {
            let text = relay.next().await?;
            Some((Ok::<Bytes, Infallible>(text), relay))
        });
        Ok((headers, Body::from_stream(text)).into_response())
    }

    /// Sends a request and waits for the head of its answer, as long as this server's role stays.
    async fn ask(
        &mut self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, Refused> {
        tokio::select! {
            answer = request.send() => answer.map_err(|error| failed(&error)),
            () = changed(&mut self.role) => Err(unreachable("another server takes over")),
        }
    }

    /// Returns a small answer, once all of it has arrived.
    async fn whole(&mut self, mut answer: reqwest::Response) -> Result<Response, Refused> {
        let status = answer.status();
        if !is_answer(status) {
            return Err(unreachable(format!("it answers {status}")));
        }
        let headers = passed_headers(answer.headers());
        let mut body = Vec::new();
        loop {
            let chunk = tokio::select! {
                chunk = answer.chunk() => chunk,
                () = changed(&mut self.role) => return Err(unreachable("another server takes over")),
            };
            match chunk {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => body.extend(chunk),
                Ok(Some(_)) => return Err(unreachable("its answer is too long")),
                Ok(None) => break,
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok((status, headers, body).into_response())
    }
}

fn failed(error: &reqwest::Error) -> Refused {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    unreachable(cause.to_string())
}

/// Waits until this server's role changes, or the server ends.
async fn changed(role: &mut watch::Receiver<Role>) {
    // An error means that the server ends.
    let _ = role.changed().await;
}

/// Returns whether a server of this kind answers submissions so; any other status comes from a proxy in between.
fn is_answer(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::ACCEPTED) || RefusalClass::has_status(status)
}

fn passed_headers(from: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, CACHE_CONTROL, RETRY_AFTER] {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    // No cache in between may answer for the leader.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
}

/// The leader's answer to a batch, on its way to the client.
struct Relay {
    forward: Forward,
    /// The leader's answer; `None` once it has ended.
    answer: Option<reqwest::Response>,
    lines: WholeLines,
    place: Arc<Place>,
}

impl Relay {
    /// Returns the next whole lines; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        let mut stopping = self.forward.app.stopping.clone();
        loop {
            let answer = self.answer.as_mut()?;
            let chunk = tokio::select! {
                chunk = answer.chunk() => chunk.map_err(|error| failed(&error)),
                () = changed(&mut self.forward.role) => Err(unreachable("another server takes over")),
                _ = stopping.changed() => Err(Refused::Stopping),
            };
            let refused = match chunk {
                Ok(Some(chunk)) => match self.lines.push(&chunk) {
                    Ok(lines) if lines.is_empty() => continue,
                    Ok(lines) => {
                        let answers = lines.iter().filter(|byte| **byte == b'\n');
                        self.place.answered(answers.count());
                        return Some(lines.into());
                    }
                    Err(()) => unreachable("its answer has an endless line"),
                },
                Ok(None) if self.lines.is_clean() => return None,
                Ok(None) => unreachable("its answer broke off"),
                Err(refused) => refused,
            };
            // The outcome of the entries after this line is unknown, as when a server breaks off its own answer.
            self.answer = None;
            let mut text = String::new();
            refused.write_line(&self.forward.app.metrics, &mut text);
            return Some(text.into());
        }
    }
}
