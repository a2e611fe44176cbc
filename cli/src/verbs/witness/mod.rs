//! `witness`: cosigns the checkpoints of logs.

use clap::Subcommand;

use glasslog_core::witness::WitnessKey;

use crate::args::named_key;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::signer_spec;

mod cosign;
mod serve;

/// Cosigns checkpoints.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: WitnessVerb,
}

#[derive(Debug, Subcommand)]
enum WitnessVerb {
    Cosign(cosign::Args),
    Serve(serve::Args),
}

impl Args {
    /// # Errors
    /// The checkpoint does not verify, or does not extend the one that the witness remembers.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            WitnessVerb::Cosign(args) => args.run(console),
            WitnessVerb::Serve(args) => args.run(console),
        }
    }
}

/// Reads the key of a witness that SPEC names.
///
/// # Errors
/// The key is of another role, or the kind of SPEC is one of a later version (exit 2); the file cannot be read (exit 1), or
/// is not a key (exit 8).
fn witness_key(spec: &str) -> Result<WitnessKey, Failure> {
    let key = named_key(signer_spec::file(spec)?, "witness")?;
    WitnessKey::new(key).map_err(|error| {
        Failure::new(Exit::Usage, "not-a-cosigner-key", error.to_string())
            .hint("`glasslog keygen --kind witness` makes a witness's key")
    })
}
