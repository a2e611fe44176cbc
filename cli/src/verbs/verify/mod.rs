//! `verify`: a subverb for each claim.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

mod bundle;
mod consistency;
mod entry;
mod file;
mod fraud;
mod inconsistency;
mod proof;

/// Verifies one claim.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: VerifyVerb,
}

#[derive(Debug, Subcommand)]
enum VerifyVerb {
    File(file::Args),
    Entry(entry::Args),
    Proof(proof::Args),
    Consistency(consistency::Args),
    Bundle(bundle::Args),
    Fraud(fraud::Args),
    Inconsistency(inconsistency::Args),
}

impl Args {
    /// # Errors
    /// The verb ended without a report.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            VerifyVerb::File(args) => args.run(console),
            VerifyVerb::Entry(args) => args.run(console),
            VerifyVerb::Proof(args) => args.run(console),
            VerifyVerb::Consistency(args) => args.run(console),
            VerifyVerb::Bundle(args) => args.run(console),
            VerifyVerb::Fraud(args) => args.run(console),
            VerifyVerb::Inconsistency(args) => args.run(console),
        }
    }
}
