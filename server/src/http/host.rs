//! The parts of a server that its connections need: limits, proxies, counters, and the answers.

use crate::http::client::Peer;
use crate::http::counters::ConnectionCounters;
use crate::options::Limits;
use axum::http::Request;
use axum::response::Response;
use glasslog_log::Network;
use hyper::body::Incoming;
use std::convert::Infallible;
use tokio::sync::watch;

/// A server that accepts connections.
pub(crate) trait Host: Send + Sync + 'static {
    /// Returns the bounds on what clients can take.
    fn limits(&self) -> &Limits;
    /// Returns the channel that ends when the server is asked to stop.
    fn stopping(&self) -> watch::Receiver<()>;
    /// Returns the networks of the reverse proxies whose word about their clients counts.
    fn proxies(&self) -> &[Network];
    /// Returns the counters of connections.
    fn counters(&self) -> &ConnectionCounters;
}

/// The answers to the requests of one address.
pub(crate) trait Answers: Clone + Send + Sync + 'static {
    /// Answers a request that came over a connection of this peer.
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send;
}
