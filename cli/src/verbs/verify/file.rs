//! `verify file`: are these files known to the log?
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Verifies that the log holds events about these files, found by their hash.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify file model.bin --log https://log.example.com/ --policy trust.policy")]
pub(crate) struct Args {
    /// Files to hash and look up
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`verify file` is under construction",
        ))
    }
}
