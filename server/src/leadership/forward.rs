//! What a stand-in does with submissions: the leader gets them, and the leader's answers come back, or none.
//!
//! Nothing here acknowledges anything. Whatever goes wrong on the way is a 503 with `Retry-After`: the entry may be in the
//! log by then, and sent again it has the same index.

use super::whole_lines::WholeLines;
use crate::app::App;
use crate::http::client::Client;
use crate::http::observe::Observed;
use crate::http::slots::{Full, Slot};
use crate::leadership::role::{Role, Shared};
use crate::status::metrics::Route;
use crate::submission::{Refused, Wish, read_entry};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use reqwest::Url;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Marks what another server passed on: it is not passed on a second time.
pub(crate) const FORWARDED: HeaderName = HeaderName::from_static("glasslog-forwarded");
const CLIENT: HeaderName = HeaderName::from_static("x-forwarded-for");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a leader may say nothing: longer than it lets a slow client wait, plus a slow store.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Shorter than the time after which a leader closes an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes of an answer that is passed on whole: a proof is 2 KB, and a refusal less.
const MAX_ANSWER: usize = 64 << 10;

/// The client that stand-ins ask leaders with.
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

/// Lets a submission through to this server's own log if it leads, and passes it on if it does not.
pub(crate) async fn unless_leading(
    State((app, shared)): State<(Arc<App>, Arc<Shared>)>,
    request: Request,
    next: Next,
) -> Response {
    let mut role = shared.role.clone();
    let part = role.borrow_and_update().clone();
    let Role::StandIn(leader) = part else {
        return next.run(request).await;
    };
    let route = match request.uri().path() {
        "/batch" => Route::Batch,
        _ => Route::Add,
    };
    let observed = Observed::begin(&app, route, &request);
    let passed = match (leader, request.headers().contains_key(FORWARDED)) {
        (_, true) => Err(Refused::busy(
            "not-the-leader",
            "another server sequences now, and this one does not pass on what was passed on",
        )),
        (None, _) => Err(unreachable("no leader is known")),
        (Some(leader), false) => {
            let way = Way {
                app: Arc::clone(&app),
                role,
                to: Arc::clone(&leader),
                shared,
            };
            match route {
                Route::Batch => way.batch(request).await,
                _ => way.add(request).await,
            }
        }
    };
    let response = passed.unwrap_or_else(|refused| refused.respond(&app.metrics));
    app.metrics.forwarded(response.status().as_u16());
    observed.end(&app, response)
}

fn unreachable(why: &str) -> Refused {
    let message = format!("the server that sequences cannot be reached: {why}");
    Refused::busy("leader-unreachable", &message)
}

/// The way of one request to the leader.
struct Way {
    app: Arc<App>,
    shared: Arc<Shared>,
    /// Ends the way when it changes.
    role: watch::Receiver<Role>,
    to: Arc<Url>,
}

impl Way {
    fn request(&self, client: Client, request: &Request) -> reqwest::RequestBuilder {
        let mut url = Url::clone(&self.to);
        // A base address has a path.
        let path = request.uri().path().trim_start_matches('/');
        url.set_path(&format!("{}{path}", self.to.path()));
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

    /// One entry: read whole, passed on whole.
    async fn add(mut self, request: Request) -> Result<Response, Refused> {
        Wish::of(request.uri())?;
        let client = self.app.client(&request);
        let builder = self.request(client, &request);
        let (entry, room) = read_entry(&self.app, request).await?;
        let answer = self.ask(builder.body(entry)).await?;
        let answer = self.whole(answer).await;
        drop(room);
        answer
    }

    /// Any number of entries: passed on while they come, and answered so.
    async fn batch(mut self, request: Request) -> Result<Response, Refused> {
        Wish::of(request.uri())?;
        let client = self.app.client(&request);
        let slot = self.app.batches.take(client).map_err(|full| {
            Refused::busy(
                "busy",
                match full {
                    Full::All => "too many batches are being sent",
                    Full::Client => "this client is sending too many batches",
                },
            )
        })?;
        let builder = self.request(client, &request);
        let body = reqwest::Body::wrap_stream(request.into_body().into_data_stream());
        let answer = self.ask(builder.body(body)).await?;
        if answer.status() != StatusCode::OK {
            return self.whole(answer).await;
        }
        let headers = passed_headers(answer.headers());
        let relay = Relay {
            lines: WholeLines::default(),
            answer: Some(answer),
            way: self,
            _slot: slot,
        };
        let text = stream::unfold(relay, |mut relay| async {
            let text = relay.next().await?;
            Some((Ok::<Bytes, Infallible>(text), relay))
        });
        Ok((headers, Body::from_stream(text)).into_response())
    }

    /// Sends a request and waits for the head of its answer, for as long as the leader is one.
    async fn ask(
        &mut self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, Refused> {
        tokio::select! {
            answer = request.send() => answer.map_err(|error| failed(&error)),
            () = changed(&mut self.role) => Err(unreachable("another server takes over")),
        }
    }

    /// Passes on an answer that is small, once all of it is there.
    async fn whole(&mut self, mut answer: reqwest::Response) -> Result<Response, Refused> {
        let status = answer.status();
        if !is_answer(status) {
            return Err(unreachable(&format!("it answers {status}")));
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
    unreachable(&cause.to_string())
}

/// Ends when this server's part changes, or nobody keeps it any more.
async fn changed(role: &mut watch::Receiver<Role>) {
    // An error says that the server ends.
    let _ = role.changed().await;
}

/// What a server of ours answers to a submission; anything else comes from something in between.
fn is_answer(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 400 | 403 | 408 | 409 | 413 | 422 | 429 | 503
    )
}

fn passed_headers(from: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, CACHE_CONTROL, RETRY_AFTER] {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    // Whatever stands in between: no cache may answer for the leader.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
}

/// The answer to a batch on its way back.
struct Relay {
    way: Way,
    /// `None` once it has ended.
    answer: Option<reqwest::Response>,
    lines: WholeLines,
    _slot: Slot,
}

impl Relay {
    /// The next whole lines; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        let mut stopping = self.way.app.stopping.clone();
        loop {
            let answer = self.answer.as_mut()?;
            let chunk = tokio::select! {
                chunk = answer.chunk() => chunk.map_err(|error| failed(&error)),
                () = changed(&mut self.way.role) => Err(unreachable("another server takes over")),
                _ = stopping.changed() => Err(Refused::busy("stopping", "the server is stopping")),
            };
            let refused = match chunk {
                Ok(Some(chunk)) => match self.lines.push(&chunk) {
                    Ok(lines) if lines.is_empty() => continue,
                    Ok(lines) => return Some(lines.into()),
                    Err(()) => unreachable("its answer has an endless line"),
                },
                Ok(None) if self.lines.is_clean() => return None,
                Ok(None) => unreachable("its answer broke off"),
                Err(refused) => refused,
            };
            // Of the lines after this one nothing is known, as when a server breaks off its own answer.
            self.answer = None;
            let mut text = String::new();
            refused.write_line(&self.way.app.metrics, &mut text);
            return Some(text.into());
        }
    }
}
