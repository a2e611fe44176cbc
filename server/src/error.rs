//! Reasons for which a server does not start, or ends by itself.

use glasslog_log::LogError;
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
        /// The operating system's message.
        message: String,
    },
    /// The client that forwards submissions to other servers cannot be made.
    #[error("cannot reach other servers: {message}")]
    Client {
        /// The HTTP client's message.
        message: String,
    },
    /// The log cannot be written any more.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ServeError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "cannot-listen",
            Self::Client { .. } => "cannot-forward",
            Self::Log(error) => error.code(),
        }
    }
}
