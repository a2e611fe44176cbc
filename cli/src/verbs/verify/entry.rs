//! `verify entry`: is there a valid entry at this index?
use glasslog_core::entry_query::EntryQuery;
use glasslog_core::fetch::Query;

use crate::arguments::{ScanArgs, TrustArgs};
use crate::console::Console;
use crate::driver;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;

/// Verifies the entry at an index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify entry 7 --log my.log --policy trust.policy")]
pub(crate) struct Args {
    /// Index of the entry
    index: u64,

    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    #[command(flatten)]
    scan: ScanArgs,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// An unreadable policy, a source that cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(Some(&self.log))?;
        let options = self.trust.options_by(&self.scan);
        let mut source = Source::open(&self.log, self.trust.offline)?;
        let query = driver::run(&mut source, console, || {
            Ok(EntryQuery::new(self.index, &policy, options))
        })?;
        console.verdict(query.report())
    }
}
