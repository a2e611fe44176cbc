//! Observes a request: counts it, times it, and writes a line to the trace log at level `debug`.

use crate::app::App;
use crate::http::client::Client;
use crate::status::metrics::Route;
use axum::http::{Method, Request};
use axum::response::Response;
use std::time::Instant;

/// A request that has no answer yet.
pub(crate) struct Observed {
    route: Route,
    began: Instant,
    /// Client, method and path for its line; the line never contains an entry.
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

    /// Ends with the head of the answer.
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
