//! `inspect`: shows any file of ours without judging it.
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Shows any file of ours: what it says, not whether it is true.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Knows checkpoints, proofs, bundles, policies, public keys, envelopes, tiles and entry bundles.

Examples:
  glasslog inspect my.log/public/checkpoint
  glasslog inspect 7.tlog-proof")]
pub(crate) struct Args {
    /// The file; `-` is standard input
    file: PathBuf,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`inspect` is under construction",
        ))
    }
}
