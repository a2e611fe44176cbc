//! `serve`: the public tree and the submission API over HTTP.
use std::net::SocketAddr;
use std::path::PathBuf;

use glasslog_log::index::Background;
use glasslog_server::{ServeError, Server};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::console::Console;
use crate::destination::{open_log, refuse};
use crate::exit::Exit;
use crate::failure::{Failure, io_reason};
use crate::upkeep;

/// Serves the public tree and accepts events over HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog serve my.log --listen 127.0.0.1:8080")]
pub(crate) struct Args {
    /// Log directory
    pub(crate) log: PathBuf,

    /// Address and port to listen on
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
}

impl Args {
    /// Runs until it is interrupted or terminated.
    ///
    /// # Errors
    /// A directory that is not a log or that another process writes to, an address that is taken, a disk that fails.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let log = open_log(&self.log)?;
        let failed = |error: std::io::Error| Failure::unfinished("runtime", io_reason(&error));
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
            let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
            let server = Server::bind(log, self.listen)
                .await
                .map_err(|error| ended(&error))?;
            console.line(format_args!("http://{}/", server.address()));
            let stop = async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            // On a thread of its own: the log goes on whatever becomes of its index.
            let teller = Console::new(console.format());
            let index = Background::start(&self.log, move |error| upkeep::warn(error, &teller));
            let ran = server.run(stop).await;
            index.stop();
            ran.map_err(|error| ended(&error))?;
            console.note("everything that was accepted is published; stopped");
            Ok(Exit::Done)
        })
    }
}

fn ended(error: &ServeError) -> Failure {
    match error {
        ServeError::Log(error) => refuse(error),
        other => Failure::unfinished(other.code(), other.to_string()),
    }
}
