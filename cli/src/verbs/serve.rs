//! `serve`: the public tree and the submission API over HTTP.
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

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
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`serve` is under construction",
        ))
    }
}
