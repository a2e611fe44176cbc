//! `verify fraud`: checks a proof that an index is false.

use std::path::PathBuf;

use glasslog_core::verify::verify_fraud;

use crate::args::{TextArgs, TrustArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::Console;

/// Verifies a fraud proof against an index, offline.
///
/// Exit 0: it holds, the index is false. 3: it shows nothing. 5: the policy names no key of that index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify fraud index.fraud --policy trust.policy")]
pub(crate) struct Args {
    /// The fraud proof (glasslog-index-fraud/v1)
    #[arg(value_name = "FILE")]
    fraud: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(None)?;
        let fraud = input::read_as(&self.fraud, input::MAX_FRAUD, FileKind::Fraud)?;
        let report = verify_fraud(&fraud, &policy, self.trust.options());
        Ok(console.report(&report, self.text.extent()))
    }
}
