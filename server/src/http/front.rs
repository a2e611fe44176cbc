//! The first step of each request: one entry goes straight to the log, every other request through the router.
//!
//! Only single submissions come thousands of times a second. The router allocates for each as much time as reading its
//! head takes.

use crate::app::App;
use crate::http::client::Peer;
use crate::http::host::Answers;
use crate::submission;
use axum::Router;
use axum::http::{Method, Request};
use axum::response::Response;
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
