//! `verify proof`: checks a proof that an entry is in the log.

use std::path::PathBuf;

use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_core::verify::verify_proof;

use crate::args::TrustArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Console;

/// Verifies a proof file for an entry, offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify proof 7.tlog-proof --entry event.json --policy trust.policy")]
pub(crate) struct Args {
    /// The proof (c2sp.org/tlog-proof@v1)
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// The entry's bytes
    #[arg(long, value_name = "FILE")]
    entry: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(None)?;
        let proof = input::read(&self.proof, input::MAX_PROOF)?;
        let entry = input::read(&self.entry, MAX_ENTRY)?;
        let report = verify_proof(&proof, &entry, &policy, self.trust.options());
        Ok(console.report(&report))
    }
}
