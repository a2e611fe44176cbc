//! `audit`: reads everything, recomputes everything.
use std::path::PathBuf;

use glasslog_core::audit::AuditQuery;
use glasslog_core::fetch::Query;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::driver;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;

/// Reads everything and recomputes everything.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog audit my.log --policy my.log/trust.policy
  glasslog audit https://log.example.com/ --policy trust.policy --format json")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    log: String,

    #[arg(long, value_name = "STATE", hide = true)]
    resume: Option<PathBuf>,

    #[arg(long, value_name = "KEY", hide = true)]
    cosign: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// An unreadable policy, a source that cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        if self.resume.is_some() {
            return Err(Failure::not_available("`--resume`"));
        }
        if self.cosign.is_some() {
            return Err(Failure::not_available("`--cosign`"));
        }
        let policy = self.trust.policy(Some(&self.log))?;
        let options = self.trust.options();
        let mut source = Source::open(&self.log, self.trust.offline)?;
        // Only a directory can be asked for everything in it.
        let files = match &source {
            Source::Directory(directory) => Some(directory.list()?),
            Source::Remote(_) => None,
        };
        let query = driver::run(&mut source, console, || {
            Ok(AuditQuery::new(&policy, options, files.clone()))
        })?;
        console.verdict(query.report())
    }
}
