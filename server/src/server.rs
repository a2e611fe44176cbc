//! The server as callers use it: bound to its addresses, then run until it is asked to stop.

use crate::error::ServeError;
use crate::http::descriptors;
use crate::limits::BACKLOG;
use crate::options::Options;
use crate::run::Listeners;
use glasslog_client::io_reason;
use glasslog_log::Log;
use glasslog_log::object_store::Candidate;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpSocket};

/// A log that is ready to be served.
#[derive(Debug)]
pub struct Server {
    source: Source,
    options: Options,
    listener: TcpListener,
    address: SocketAddr,
    admin: Option<(TcpListener, SocketAddr)>,
}

/// The log that is served.
#[derive(Debug)]
enum Source {
    /// A log that only this process writes.
    Directory(Box<Log>),
    /// A log in a bucket, and the directory with its keys.
    Bucket(Box<Candidate>, PathBuf),
}

impl Server {
    /// Listens on `address` only, and records it in the log's lock.
    ///
    /// # Errors
    /// The address is taken, or the lock cannot be written.
    pub async fn bind(log: Log, address: SocketAddr) -> Result<Self, ServeError> {
        Self::bind_with(log, address, Options::default()).await
    }

    /// Does the same as [`bind`](Self::bind) with options; listens also on the address for metrics, if there is one.
    ///
    /// The limit on open files is raised as far as the operating system allows. If that is too low for the requested
    /// connections, the server accepts fewer, so that the log can always open its files.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_with(
        log: Log,
        address: SocketAddr,
        options: Options,
    ) -> Result<Self, ServeError> {
        let mut server = Self::listen(Source::Directory(Box::new(log)), address, options)?;
        let url = server.url();
        if let Source::Directory(log) = &mut server.source {
            log.announce(&url)?;
        }
        Ok(server)
    }

    /// Does the same as [`bind_with`](Self::bind_with) for a log in a bucket, whose keys and configuration are in the
    /// directory `path`: the server sequences while it has the lease, and stands in while another server has it.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn bind_shared(
        candidate: Candidate,
        path: PathBuf,
        address: SocketAddr,
        options: Options,
    ) -> Result<Self, ServeError> {
        let source = Source::Bucket(Box::new(candidate), path);
        let mut server = Self::listen(source, address, options)?;
        let url = server.url();
        if let Source::Bucket(candidate, _) = &mut server.source {
            candidate.announce(url);
        }
        Ok(server)
    }

    fn listen(
        source: Source,
        address: SocketAddr,
        mut options: Options,
    ) -> Result<Self, ServeError> {
        let (listener, address) = listen(address)?;
        let admin = options.admin.map(listen).transpose()?;
        let wanted = options.limits.connections;
        let allowed = descriptors::connections(wanted);
        if allowed < wanted {
            tracing::warn!(
                wanted,
                allowed,
                "the limit on open files allows fewer connections"
            );
        }
        options.limits.connections = allowed;
        Ok(Self {
            source,
            options,
            listener,
            address,
            admin,
        })
    }

    /// Returns the address at which others reach this server.
    fn url(&self) -> String {
        let own = || format!("http://{}", self.address);
        self.options.url.clone().unwrap_or_else(own)
    }

    /// Returns the address on which the server listens, with the port that was chosen if 0 was requested.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the metrics, if it is a separate one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|(_, address)| *address)
    }

    /// Serves until `stop` is ready, then answers the requests under way, publishes the staged entries and closes the log.
    ///
    /// # Errors
    /// The log cannot be written any more: no further entries are accepted, and the process should end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let url = self.url();
        let listeners = Listeners {
            options: self.options,
            public: self.listener,
            admin: self.admin.map(|(listener, _)| listener),
        };
        match self.source {
            Source::Directory(log) => listeners.run_directory(*log, stop).await,
            Source::Bucket(candidate, path) => {
                listeners.run_bucket(*candidate, path, url, stop).await
            }
        }
    }
}

pub(crate) fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |error: std::io::Error| ServeError::Listen {
        address,
        message: io_reason(&error),
    };
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let socket = socket.map_err(failed)?;
    // A server that starts again gets its port back, even if connections of its last run linger.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
