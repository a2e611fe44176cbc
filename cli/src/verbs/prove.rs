//! `prove`: writes the proof that an entry is in the log (c2sp.org/tlog-proof@v1).
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Writes the proof that one entry is in the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog prove --log my.log --index 7 -o 7.tlog-proof")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    /// Index of the entry
    #[arg(long, value_name = "N")]
    index: u64,

    /// Where the proof goes
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
            "`prove` is under construction",
        ))
    }
}
