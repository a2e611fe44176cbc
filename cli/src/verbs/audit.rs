//! `audit`: reads everything, recomputes everything.
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Reads everything and recomputes everything.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog audit my.log --policy my.log/trust.policy
  glasslog audit https://log.example.com/ --policy trust.policy --format json")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    log: String,

    #[arg(long, value_name = "STATE", hide = true)]
    resume: Option<PathBuf>,

    #[arg(long, value_name = "KEY", hide = true)]
    cosign: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`audit` is under construction",
        ))
    }
}
