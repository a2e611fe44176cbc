//! `verify bundle`: replays a bundle through the query that made it.

use std::path::PathBuf;

use glasslog_core::text::limits::MAX_OFFLINE_BUNDLE;
use glasslog_core::verify::verify_bundle;

use crate::args::TrustArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Console;

/// Verifies a bundle, offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify bundle resnet50.bundle --policy trust.policy --offline")]
pub(crate) struct Args {
    /// The bundle
    #[arg(value_name = "FILE")]
    bundle: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(None)?;
        let bundle = input::read(&self.bundle, MAX_OFFLINE_BUNDLE)?;
        let report = verify_bundle(&bundle, &policy, self.trust.options());
        Ok(console.report(&report))
    }
}
