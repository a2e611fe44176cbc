//! `history`: the complete verified history of an artifact.
use std::path::PathBuf;

use glasslog_core::fetch::Query;
use glasslog_core::history::HistoryQuery;

use crate::arguments::{ScanArgs, TrustArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;
use crate::{artifact, driver};

/// Shows the complete verified history of an artifact.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
ARTIFACT is decided by its syntax, never by what exists:
  sha256:HEX       a digest            ./PATH ../PATH /PATH   a file, hashed here
  name@version     one version         name                   every version of a name
  actor:ID         an actor's events   key:sha256:HEX         a signing key's events
  pkg:…            a purl, by the digest in it
  name:…           anything, as a name

Examples:
  glasslog history resnet50@2.1 --log my.log --policy trust.policy
  glasslog history ./model.bin --log https://log.example.com/ --policy trust.policy --max-checkpoint-age 1h")]
pub(crate) struct Args {
    /// Whose history
    artifact: String,

    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    /// Look up this one key only, without following registrations to other names and digests
    #[arg(long)]
    exact: bool,

    #[arg(long, value_name = "BUNDLE", hide = true)]
    since: Option<PathBuf>,

    #[command(flatten)]
    scan: ScanArgs,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// A malformed artifact, an unreadable policy, a source that cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        if self.since.is_some() {
            return Err(Failure::not_available("`--since`"));
        }
        let policy = self.trust.policy(Some(&self.log))?;
        let options = self.trust.options_by(&self.scan);
        let mut source = Source::open(&self.log, self.trust.offline)?;
        let artifact = artifact::resolve(&self.artifact, console)?;
        let query = driver::run(&mut source, console, || {
            HistoryQuery::new(&artifact, &policy, options, self.exact)
                .map_err(|error| artifact::refuse(&error))
        })?;
        console.verdict(query.report())
    }
}
