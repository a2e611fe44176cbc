//! `verify proof`: does this proof show that this entry is in the log?
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Verifies a proof file for an entry, offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify proof 7.tlog-proof --entry event.json --policy trust.policy")]
pub(crate) struct Args {
    /// The proof (c2sp.org/tlog-proof@v1)
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// The entry's bytes
    #[arg(long, value_name = "FILE")]
    entry: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`verify proof` is under construction",
        ))
    }
}
