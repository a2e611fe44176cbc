//! `verify inconsistency`: checks the evidence that a log signed two heads that cannot both be true.

use std::path::PathBuf;

use glasslog_core::verify::verify_inconsistency;

use crate::args::{TextArgs, TrustArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::Console;

/// Verifies the evidence of an inconsistency against a log, offline.
///
/// Exit 0: it holds, the log signed two heads that cannot both be true. 3: it shows nothing. 5: the policy names no key of
/// that log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify inconsistency w1.state.inconsistency --policy trust.policy")]
pub(crate) struct Args {
    /// The evidence (glasslog-inconsistency/v1)
    #[arg(value_name = "FILE")]
    evidence: PathBuf,

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
        let evidence = input::read_as(
            &self.evidence,
            input::MAX_INCONSISTENCY,
            FileKind::Inconsistency,
        )?;
        let report = verify_inconsistency(&evidence, &policy, self.trust.options());
        Ok(console.report(&report, self.text.extent()))
    }
}
