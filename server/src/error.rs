//! Reasons for which a server does not start, or ends by itself.

use glasslog_log::LogError;
use glasslog_log::witness::StateError;
use std::net::SocketAddr;
use thiserror::Error;

/// A server that cannot start or cannot continue.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {message}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        message: String,
    },
    /// The client that forwards submissions to other servers cannot be made.
    #[error("cannot reach other servers: {message}")]
    Client {
        /// The HTTP client's message.
        message: String,
    },
    /// A thread cannot be started, or ended by itself.
    #[error("a thread of the server: {message}")]
    Thread {
        /// The reason.
        message: String,
    },
    /// The log cannot be written any more.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The state of a witness cannot be read or written.
    #[error(transparent)]
    Witness(#[from] StateError),
}

impl ServeError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "cannot-listen",
            Self::Client { .. } => "cannot-forward",
            Self::Thread { .. } => "server-thread",
            Self::Log(error) => error.code(),
            Self::Witness(error) => error.code(),
        }
    }
}
