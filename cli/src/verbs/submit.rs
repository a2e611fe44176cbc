//! `submit`: submits signed envelopes, one JSON text a line.
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Submits signed envelopes, one JSON text a line.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One line of output for each line of input, in order. Good lines stay admitted when another is refused;
the exit code is that of the first refusal.

Examples:
  glasslog submit --log my.log events.jsonl
  glasslog record … --dry-run | glasslog submit --log https://log.example.com/ -")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long)]
    pub(crate) log: String,

    /// Files of envelopes; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`submit` is under construction",
        ))
    }
}
