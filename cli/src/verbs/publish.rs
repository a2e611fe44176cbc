//! `publish`: sequences what is staged and signs a checkpoint.
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Sequences what is staged and signs a checkpoint.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog publish my.log")]
pub(crate) struct Args {
    /// Log directory
    pub(crate) log: PathBuf,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`publish` is under construction",
        ))
    }
}
