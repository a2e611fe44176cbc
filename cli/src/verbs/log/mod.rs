//! `log`: the status of a log, the change of its key, and closing it for good.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

mod close;
mod rotate;
mod status;

/// Looks after a log directory.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: LogVerb,
}

#[derive(Debug, Subcommand)]
enum LogVerb {
    Status(status::Args),
    Rotate(rotate::Args),
    Close(close::Args),
}

impl Args {
    /// # Errors
    /// The directory is not a log, another process writes to it, or its files do not match its checkpoint.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            LogVerb::Status(args) => args.run(console),
            LogVerb::Rotate(args) => args.run(console),
            LogVerb::Close(args) => args.run(console),
        }
    }
}
