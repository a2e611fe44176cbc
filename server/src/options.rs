//! Options of the operator: addresses, and bounds on the resources that clients can take, with the reasons for their
//! defaults.

use glasslog_log::{Network, PageOrigin};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// Options of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Separate address for the metrics, which are otherwise at the public address.
    pub admin: Option<SocketAddr>,
    /// Address at which others reach this server, if it is not the one on which it listens.
    pub url: Option<String>,
    /// Reverse proxies in front: those that name their clients in `X-Forwarded-For`. Without any, the header is ignored.
    pub proxies: Vec<Network>,
    /// Web origins whose pages may show the portal in a frame; none by default.
    pub embedders: Vec<PageOrigin>,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds on the resources that clients can take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections; one more gets a 503. The operating system may allow fewer: see
    /// [`Server::bind_with`](crate::Server::bind_with).
    pub connections: usize,
    /// Open connections of one client; those of a configured proxy are not counted.
    pub connections_of_client: usize,
    /// Batches that are being sent at once: each may hold two megabytes.
    pub batches: usize,
    /// Batches of one client: those that are free, divided by this number.
    pub batches_part: usize,
    /// Entries a second that one client may submit; `None` for as many as the log takes.
    pub rate: Option<Rate>,
    /// Longest time for a client to send a request's head, or to begin the next request.
    pub head_timeout: Duration,
    /// Longest time for a client to send the body of `POST /add`, or one line of `POST /batch`. A client that sends
    /// slower than the least rate has a part of it.
    pub body_timeout: Duration,
    /// Time before the least rate of a body applies, 1,024 bytes a second.
    pub grace: Duration,
    /// Longest time for a client to leave an answer unread.
    pub write_timeout: Duration,
    /// Longest time for open connections to continue after the server was asked to stop: service managers kill a process
    /// after 10 to 90 seconds.
    pub stop_timeout: Duration,
}

impl Limits {
    /// Waits so long for a client to send a head or a body, and to read an answer.
    pub const fn wait_for_clients(&mut self, timeout: Duration) {
        self.head_timeout = timeout;
        self.body_timeout = timeout;
        self.write_timeout = timeout;
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            // A browser opens 6, and a pipeline as many as it has workers. 64 clients can have all their connections.
            connections_of_client: 64,
            batches: 64,
            // 13 for one client alone.
            batches_part: 4,
            rate: None,
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            // A lost packet is sent again three times meanwhile.
            grace: Duration::from_secs(5),
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
