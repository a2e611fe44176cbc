//! The parts of a server that its connections need: limits, proxies, counters, and the answers.

use crate::http::client::Peer;
use crate::options::Limits;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use prometheus_client::metrics::gauge::Gauge;
use std::convert::Infallible;
use std::net::IpAddr;
use tokio::sync::watch;

/// A server that accepts connections.
pub(crate) trait Host: Send + Sync + 'static {
    /// Returns the bounds on what clients can take.
    fn limits(&self) -> &Limits;
    /// Returns the channel that ends when the server is asked to stop.
    fn stopping(&self) -> watch::Receiver<()>;
    /// Returns the other end of a connection from this address.
    fn peer(&self, address: IpAddr) -> Peer;
    /// Returns the gauge of open connections.
    fn connections(&self) -> &Gauge;
    /// Counts a connection that was refused.
    fn turned_away(&self, reason: &'static str);
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
