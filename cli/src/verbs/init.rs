//! `init`: makes a new log directory; its layout is in `docs/cli.md` ("A log directory").
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Makes a new log: keys, configuration, genesis entry, signed checkpoint and trust policy.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog init my.log --origin models.example.com/access
  glasslog init any.log --origin example.com/raw --raw")]
pub(crate) struct Args {
    /// Directory of the new log; it must be absent or empty
    pub(crate) log: PathBuf,

    /// The log's identity: the first line of its checkpoints
    #[arg(long)]
    pub(crate) origin: String,

    /// Sign checkpoints with this key instead of a new one
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Option<PathBuf>,

    /// No genesis entry, and any bytes are admitted
    #[arg(long)]
    pub(crate) raw: bool,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`init` is under construction",
        ))
    }
}
