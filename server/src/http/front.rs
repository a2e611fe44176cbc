//! What a connection asks: one entry goes straight to the log, everything else through the router.
//!
//! Single submissions are all that is asked thousands of times a second. On its way through the router each would be put into
//! boxes that cost as much as reading its head.

use crate::app::App;
use crate::http::client::Client;
use crate::submission;
use axum::Router;
use axum::http::{Method, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::sync::Arc;

/// What answers on one address.
#[derive(Clone)]
pub(crate) struct Front {
    app: Arc<App>,
    router: TowerToHyperService<Router>,
    takes_entries: bool,
}

impl Front {
    /// Everything goes through the router.
    pub(crate) fn new(app: Arc<App>, router: Router) -> Self {
        Self {
            app,
            router: TowerToHyperService::new(router),
            takes_entries: false,
        }
    }

    /// As [`new`](Self::new), for a router that takes submissions. A server that may stand in for another asks there each
    /// time whose work they are.
    pub(crate) fn for_submissions(app: Arc<App>, router: Router) -> Self {
        Self {
            takes_entries: app.shared.is_none(),
            ..Self::new(app, router)
        }
    }

    /// Answers a request of a client.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: Client,
    ) -> Result<Response, Infallible> {
        request.extensions_mut().insert(client);
        let is_entry = self.takes_entries
            && *request.method() == Method::POST
            && request.uri().path() == "/add";
        match is_entry {
            true => Ok(submission::add(&self.app, request).await),
            false => self.router.call(request).await,
        }
    }
}
