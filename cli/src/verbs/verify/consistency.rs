//! `verify consistency`: does the log still contain what it contained?
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Verifies that a newer checkpoint only appends to an older one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The proof is base64 hashes, one a line, as in a tlog-witness add-checkpoint request.

Examples:
  glasslog verify consistency --old last-week.checkpoint --log my.log --policy trust.policy
  glasslog verify consistency --old a.checkpoint --new b.checkpoint --proof ab.proof --policy trust.policy")]
pub(crate) struct Args {
    /// The older checkpoint
    #[arg(long, value_name = "FILE")]
    old: PathBuf,

    /// Log directory, public tree or URL, whose checkpoint is the newer one
    #[arg(long, required_unless_present = "new", conflicts_with_all = ["new", "proof"])]
    log: Option<String>,

    /// The newer checkpoint
    #[arg(long, value_name = "FILE", requires = "proof")]
    new: Option<PathBuf>,

    /// The consistency proof
    #[arg(long, value_name = "FILE", requires = "new")]
    proof: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`verify consistency` is under construction",
        ))
    }
}
