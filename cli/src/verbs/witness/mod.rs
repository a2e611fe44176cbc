//! `witness`: cosigns the checkpoints of logs.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::not_yet::NotYet;
use crate::output::Console;

mod cosign;

/// Cosigns checkpoints.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: WitnessVerb,
}

#[derive(Debug, Subcommand)]
enum WitnessVerb {
    Cosign(cosign::Args),
    #[command(hide = true)]
    Serve(NotYet),
}

impl Args {
    /// # Errors
    /// The checkpoint does not verify, or does not extend the one that the witness remembers.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            WitnessVerb::Cosign(args) => args.run(console),
            WitnessVerb::Serve(not_yet) => Err(not_yet.refuse("witness serve")),
        }
    }
}
