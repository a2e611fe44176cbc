//! `verify file`: are these files known to the log?
use std::path::PathBuf;

use glasslog_core::fetch::Query;
use glasslog_core::history::HistoryQuery;

use crate::arguments::{ScanArgs, TrustArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;
use crate::{driver, input};

/// Verifies that the log holds events about these files, found by their hash.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog verify file model.bin --log https://log.example.com/ --policy trust.policy")]
pub(crate) struct Args {
    /// Files to hash and look up
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

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
    /// An unreadable file or policy, a source that cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(Some(&self.log))?;
        let options = self.trust.options_by(&self.scan);
        let mut source = Source::open(&self.log, self.trust.offline)?;
        let digests = self
            .paths
            .iter()
            .map(|path| input::digest(path, console))
            .collect::<Result<Vec<_>, _>>()?;
        let query = driver::run(&mut source, console, || {
            Ok(HistoryQuery::of_files(&digests, &policy, options))
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
