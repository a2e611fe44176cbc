//! `verify bundle`: replays a bundle through the query that made it.
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Verifies a bundle, offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify bundle resnet50.bundle --policy trust.policy --offline")]
pub(crate) struct Args {
    /// The bundle
    #[arg(value_name = "FILE")]
    bundle: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`verify bundle` is under construction",
        ))
    }
}
