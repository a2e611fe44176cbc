//! HTTP faces of a Glasslog log: submission and the static tree.
//!
//! | request | answer |
//! |---|---|
//! | `POST /add` | body one entry; its decimal index once it is in a published checkpoint (`?ack=durable`: once it is durable) |
//! | `POST /batch` | one entry a line; one line of JSON for each, in order: `{"index":N,"leafHash":"…"}` or `{"error":{"code":"…","message":"…","status":422}}` |
//! | `GET`, `HEAD` | the files of `public/`; `/` leads to `portal/` when it is there |
//!
//! A refusal is `{"error":{"code":"…","message":"…","status":422}}` with 400 (malformed), 403 (key or actor not entitled), 409 (conflicts
//! with an earlier entry), 413 (too large), 422 (bad signature) or 503 with `Retry-After` (busy).
//!
//! One thread owns the log. It takes whatever waits, makes it durable with one sync, publishes, answers, and looks again:
//! an idle log answers at once, a busy one in ever larger groups. What waits is bounded; beyond that the answer is 503.
//!
//! # Scope
//! No TLS, no authentication beyond the signatures in the entries, no rate limits for each client: a reverse proxy's work.

mod connections;
mod files;
mod limits;
mod sequencer;
mod submission;

use axum::Router;
use axum::routing::post;
use glasslog_log::{Log, LogError};
use sequencer::Sequencer;
use std::fmt;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Why the server ended, other than being asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's words.
        message: String,
    },
    /// The log cannot be written any more.
    Log(LogError),
}

impl ServeError {
    /// A stable name for this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "cannot-listen",
            Self::Log(error) => error.code(),
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, message } => write!(f, "cannot listen on {address}: {message}"),
            Self::Log(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for ServeError {}

/// A log that is ready to be served on one address.
#[derive(Debug)]
pub struct Server {
    log: Log,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on `address`, and on nothing else, and says so in the log's lock.
    ///
    /// # Errors
    /// When the address is taken or the lock cannot be written.
    pub async fn bind(mut log: Log, address: SocketAddr) -> Result<Self, ServeError> {
        let failed = |error: std::io::Error| ServeError::Listen {
            address,
            message: error.to_string(),
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        log.announce(&format!("http://{address}"))
            .map_err(ServeError::Log)?;
        Ok(Self {
            log,
            listener,
            address,
        })
    }

    /// The address that is listened on, with the port that was chosen when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then answers what was accepted, publishes what is staged and gives the log back.
    ///
    /// # Errors
    /// When the log cannot be written any more: nothing further is accepted, and the process should end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let public = self.log.public_directory();
        let (sequencer, mut thread) = Sequencer::start(self.log);
        let router = Router::new()
            .route("/add", post(submission::add))
            .route("/batch", post(submission::batch))
            .with_state(sequencer)
            .fallback_service(files::service(&public));
        let ended = async {
            tokio::select! {
                () = stop => {}
                () = thread.ended() => {}
            }
        };
        connections::serve(self.listener, router, ended).await;
        thread.join().await.map_err(ServeError::Log)
    }
}
