//! `bundle`: one file with everything that verifies an artifact's complete history offline.
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Writes everything needed to verify an artifact's complete history offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog bundle resnet50@2.1 --log my.log --policy trust.policy -o resnet50.bundle
  glasslog verify bundle resnet50.bundle --policy trust.policy --offline")]
pub(crate) struct Args {
    /// Whose history, as in `glasslog history`
    artifact: String,

    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    /// Where the bundle goes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`bundle` is under construction",
        ))
    }
}
