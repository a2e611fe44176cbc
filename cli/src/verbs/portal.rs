//! `portal`: puts the audit portal into a log's public tree.
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Puts the audit portal into the log's public tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog portal my.log
  glasslog portal my.log --connect https://other-log.example.com")]
pub(crate) struct Args {
    /// Log directory or public tree
    log: PathBuf,

    /// Other hosts whose logs the portal may read
    #[arg(long, value_name = "URL", num_args = 1..)]
    connect: Vec<String>,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`portal` is under construction",
        ))
    }
}
