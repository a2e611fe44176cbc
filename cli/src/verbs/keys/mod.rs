//! `keys`: enrols, revokes, amends and lists the keys of actors by events in the log.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

mod amend;
mod enrol;
mod list;
mod revoke;

/// Enrols, revokes and lists the keys of actors.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: KeysVerb,
}

#[derive(Debug, Subcommand)]
enum KeysVerb {
    Enrol(enrol::Args),
    Revoke(revoke::Args),
    Amend(amend::Args),
    List(list::Args),
}

impl Args {
    /// # Errors
    /// A key or the log cannot be read, or the log refuses the event.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            KeysVerb::Enrol(args) => args.run(console),
            KeysVerb::Revoke(args) => args.run(console),
            KeysVerb::Amend(args) => args.run(console),
            KeysVerb::List(args) => args.run(console),
        }
    }
}
