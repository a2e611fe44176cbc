//! What the operator decides: addresses, and bounds on what clients can make the server hold, with the reasons for their defaults.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// How a log is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Where metrics are shown instead of beside the log.
    pub admin: Option<SocketAddr>,
    /// Where this server is reached, if not at the address that it listens on.
    pub url: Option<String>,
    /// Whether a reverse proxy in front says in `X-Forwarded-For` who the client is.
    pub is_behind_proxy: bool,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds on what clients can make the server hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections; one more is told to come back. The operating system may allow fewer: see [`Server::bind_with`](crate::Server::bind_with).
    pub connections: usize,
    /// Open connections of one client.
    pub connections_of_client: usize,
    /// Batches that are being sent at once: each may hold two megabytes.
    pub batches: usize,
    /// Batches of one client.
    pub batches_of_client: usize,
    /// Entries a second that one client may submit; `None` for as many as the log takes.
    pub rate: Option<Rate>,
    /// How long a client may take to send a request's head, or to think of the next request.
    pub head_timeout: Duration,
    /// How long a client may take to send the body of `POST /add`, or one line of `POST /batch`.
    pub body_timeout: Duration,
    /// How long a client may leave an answer unread.
    pub write_timeout: Duration,
    /// How long open connections may go on after the server was asked to stop: service managers kill after 10 to 90 seconds.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            // Three quarters: one client alone never shuts the others out, and a load test from one machine still runs.
            connections_of_client: 3_072,
            batches: 64,
            batches_of_client: 32,
            rate: None,
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(5),
        }
    }
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Entries a second, in the long run.
    pub each_second: NonZeroU32,
    /// Entries at once after a pause.
    pub burst: NonZeroU32,
}
