//! `doctor`: looks for what commonly goes wrong around a log.
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Checks keys' permissions, the clock, the trust file and reachability.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog doctor --log my.log
  glasslog doctor --log https://log.example.com/ --policy trust.policy")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(long)]
    log: Option<String>,

    /// Trust policy to look at
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Open no socket at all
    #[arg(long)]
    offline: bool,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`doctor` is under construction",
        ))
    }
}
