//! `verify entry`: is there a valid entry at this index?
use glasslog_core::fetch::Query;
use glasslog_core::verify::EntryQuery;

use crate::arguments::LookupArgs;
use crate::console::Console;
use crate::driver;
use crate::exit::Exit;
use crate::failure::Failure;

/// Verifies the entry at an index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify entry 7 --log my.log --policy trust.policy")]
pub(crate) struct Args {
    /// Index of the entry
    index: u64,

    #[command(flatten)]
    lookup: LookupArgs,
}

impl Args {
    /// # Errors
    /// An unreadable policy, a source that cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let (policy, options, mut source) = self.lookup.open()?;
        let query = driver::run(&mut source, console, || {
            Ok(EntryQuery::new(self.index, &policy, options))
        })?;
        console.verdict(query.report())
    }
}
