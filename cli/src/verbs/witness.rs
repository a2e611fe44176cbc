//! `witness`: cosigns a log's checkpoint after checking that it extends the last one seen.
use std::path::PathBuf;

use clap::Subcommand;

use crate::arguments::Later;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Cosigns checkpoints.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: WitnessVerb,
}

/// How to be a witness.
#[derive(Debug, Subcommand)]
pub(crate) enum WitnessVerb {
    /// Checks consistency with what it last saw, remembers, then cosigns the public checkpoint
    #[command(after_help = "\
Example:
  glasslog witness cosign my.log --key w1.key --state w1.state")]
    Cosign {
        /// Log directory
        log: PathBuf,
        /// Witness key, as `keygen --kind witness` writes it
        #[arg(long, value_name = "KEY")]
        key: PathBuf,
        /// What the witness remembers between runs
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
    },
    #[command(hide = true)]
    Serve(Later),
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            WitnessVerb::Cosign { .. } => Err(Failure::unfinished(
                "under-construction",
                "`witness cosign` is under construction",
            )),
            WitnessVerb::Serve(later) => Err(later.refuse("witness serve")),
        }
    }
}
