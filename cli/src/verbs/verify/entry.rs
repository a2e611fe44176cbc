//! `verify entry`: checks the entry at an index.

use glasslog_client::drive;
use glasslog_core::fetch::Query;
use glasslog_core::verify::EntryQuery;

use crate::args::{Lookup, LookupArgs, TextArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Watch};

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

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// The policy or the log cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let Lookup {
            policy,
            options,
            source,
        } = self.lookup.open()?;
        let query = drive::run(&*source, &Watch::reading(console), || {
            Ok::<_, Failure>(EntryQuery::new(self.index, &policy, options))
        })?;
        console.verdict(query.report(), self.text.extent())
    }
}
