//! `verify file`: checks that the log has events about files.

use std::path::PathBuf;

use glasslog_client::drive;
use glasslog_core::fetch::Query;
use glasslog_core::verify::HistoryQuery;

use crate::args::{Lookup, LookupArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::{Console, Watch};

/// Verifies that the log holds events about these files, found by their hash.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify file model.bin --log https://log.example.com/ --policy trust.policy")]
pub(crate) struct Args {
    /// Files to hash and look up
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    lookup: LookupArgs,
}

impl Args {
    /// # Errors
    /// A file, the policy or the log cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let Lookup {
            policy,
            options,
            source,
        } = self.lookup.open()?;
        let digests = self
            .paths
            .iter()
            .map(|path| input::digest(path, console))
            .collect::<Result<Vec<_>, _>>()?;
        let query = drive::run(&*source, &Watch::reading(console), || {
            let query = HistoryQuery::of_files(&digests, &policy, options);
            Ok::<_, Failure>(self.lookup.bounded(query))
        })?;
        // The report names files by their content alone.
        if !console.is_json() && digests.len() > 1 {
            for (path, digest) in self.paths.iter().zip(&digests) {
                console.note(format_args!("{} is {digest}", path.display()));
            }
        }
        console.verdict(query.report())
    }
}
