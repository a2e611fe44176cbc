//! Watches a request: counts it, times it, and gives it a line in the log where somebody wants one.

use crate::app::App;
use crate::http::client::Client;
use crate::status::metrics::Route;
use axum::http::{Method, Request};
use axum::response::Response;
use std::time::Instant;

/// A request under way.
pub(crate) struct Observed {
    route: Route,
    began: Instant,
    /// What its line would say; nothing of what it carries.
    line: Option<(Client, Method, String)>,
}

impl Observed {
    /// Begins with a request's head.
    pub(crate) fn begin<B>(app: &App, route: Route, request: &Request<B>) -> Self {
        let line = tracing::enabled!(tracing::Level::DEBUG).then(|| {
            let path = request.uri().path().to_owned();
            (app.client(request), request.method().clone(), path)
        });
        Self {
            route,
            began: Instant::now(),
            line,
        }
    }

    /// Ends with the head of its answer.
    pub(crate) fn end(self, app: &App, response: Response) -> Response {
        let status = response.status().as_u16();
        let took = self.began.elapsed();
        app.metrics.request(self.route, status, took);
        if let Some((client, method, path)) = self.line {
            let milliseconds = took.as_secs_f64() * 1_000.0;
            tracing::debug!(%client, %method, path, status, milliseconds, "request");
        }
        response
    }
}
