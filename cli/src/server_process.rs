//! A process that serves until it is interrupted or terminated: its threads, its signals, and where it says that it listens.

use std::io;
use std::net::SocketAddr;

use glasslog_client::io_reason;
use glasslog_server::ServeError;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::output::Console;

/// Runs a server on all cores.
///
/// # Errors
/// No thread can be started, or the server's own failure.
pub(crate) fn run<T>(serving: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    runtime.block_on(serving)
}

/// Listens for a signal from now on.
///
/// # Errors
/// The operating system refuses.
pub(crate) fn listen_for(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| failed(&error))
}

/// The signals that end a server.
pub(crate) struct Ending {
    interrupt: Signal,
    terminate: Signal,
}

impl Ending {
    /// Listens for them from now on.
    ///
    /// # Errors
    /// As [`listen_for`].
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: listen_for(SignalKind::interrupt())?,
            terminate: listen_for(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn signalled(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Prints the addresses of a server, and of its metrics if they have one of their own.
pub(crate) fn announce(console: &Console, address: SocketAddr, admin: Option<SocketAddr>) {
    console.line(format_args!("http://{address}/"));
    if let Some(address) = admin {
        console.line(format_args!("http://{address}/metrics"));
    }
}

/// Describes a server that did not start, or ended by itself.
pub(crate) fn ended(error: &ServeError) -> Failure {
    let failure = Failure::unfinished(error.code(), error.to_string());
    match error {
        ServeError::Listen { .. } => failure.hint(
            "name an address of this machine and a port that is free and may be used; port 0 takes a free one",
        ),
        _ => failure,
    }
}

fn failed(error: &io::Error) -> Failure {
    let problem = io_reason(error);
    Failure::from(glasslog_client::Error::Runtime { problem })
}
