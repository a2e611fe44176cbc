//! `trust`: shows, checks, compares and updates trust policies.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

mod changes;
mod check;
mod explain;
mod show;
mod update;

/// Shows, checks, compares and updates trust policies.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: TrustVerb,
}

#[derive(Debug, Subcommand)]
enum TrustVerb {
    Show(show::Args),
    Check(check::Args),
    Explain(explain::Args),
    Update(update::Args),
}

impl Args {
    /// # Errors
    /// A file cannot be read, or is not a trust policy.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            TrustVerb::Show(args) => args.run(console),
            TrustVerb::Check(args) => args.run(console),
            TrustVerb::Explain(args) => args.run(console),
            TrustVerb::Update(args) => args.run(console),
        }
    }
}
