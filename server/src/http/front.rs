//! The first step of each request: one entry goes straight to the log, every other request through the router.
//!
//! Only single submissions come thousands of times a second. The router allocates for each as much time as reading its
//! head takes.

use crate::app::App;
use crate::http::client::Peer;
use crate::http::host::Answers;
use crate::limits::MAX_HEAD;
use crate::submission;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONNECTION};
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::sync::Arc;

/// The service of one address.
#[derive(Clone)]
pub(crate) struct Front {
    app: Arc<App>,
    router: TowerToHyperService<Router>,
    takes_entries: bool,
}

impl Front {
    /// Sends every request through the router.
    pub(crate) fn new(app: Arc<App>, router: Router) -> Self {
        Self {
            app,
            router: TowerToHyperService::new(router),
            takes_entries: false,
        }
    }

    /// Sends single submissions straight to the log, if this server always leads. Otherwise the router decides for each
    /// submission whether to forward it.
    pub(crate) fn for_submissions(app: Arc<App>, router: Router) -> Self {
        Self {
            takes_entries: app.shared.is_none(),
            ..Self::new(app, router)
        }
    }
}

impl Answers for Front {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Result<Response, Infallible> {
        if head_length(&request) > MAX_HEAD {
            return Ok(too_long());
        }
        request.extensions_mut().insert(peer);
        let is_entry = self.takes_entries
            && *request.method() == Method::POST
            && request.uri().path() == "/add";
        match is_entry {
            true => Ok(submission::add(&self.app, request).await),
            false => self.router.call(request).await,
        }
    }
}

/// Returns the bytes of a request's head, without the white space that a sender may add. The HTTP library reads up to twice the
/// limit before it counts.
fn head_length<B>(request: &Request<B>) -> usize {
    /// `METHOD SP TARGET SP HTTP/1.1 CRLF`, and the empty line at the end.
    const REQUEST_LINE: usize = " ".len() + " HTTP/1.1\r\n".len() + "\r\n".len();
    /// `NAME: VALUE CRLF`.
    const HEADER: usize = ": ".len() + "\r\n".len();
    let target = request.uri().path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + HEADER);
    request.method().as_str().len() + target + REQUEST_LINE + headers.sum::<usize>()
}

/// Refuses a head over the limit, as the HTTP library does with a longer one.
fn too_long() -> Response {
    let headers = [(CONNECTION, "close"), (CACHE_CONTROL, "no-store")];
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, headers).into_response()
}
