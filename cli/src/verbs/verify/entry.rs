//! `verify entry`: is there a valid entry at this index?
use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Verifies the entry at an index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify entry 7 --log my.log --policy trust.policy")]
pub(crate) struct Args {
    /// Index of the entry
    index: u64,

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
            "`verify entry` is under construction",
        ))
    }
}
