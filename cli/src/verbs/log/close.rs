//! `log close`: publishes the final checkpoint.

use std::path::PathBuf;

use glasslog_log::index::Indexer;
use serde_json::json;

use crate::clock::now;
use crate::destination::open_log;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head};

/// Publishes the final checkpoint; from then on the log takes no new entries.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A log is never opened again once it is closed. `glasslog init NEW --succeeds LOG` makes a log that goes on after it.

Examples:
  glasslog log close my.log
  glasslog init next.log --origin models.example.com/access-2027 --succeeds my.log")]
pub(crate) struct Args {
    /// Log directory
    log: PathBuf,
}

impl Args {
    /// # Errors
    /// The directory is not a log, another process writes to it, or the disk fails.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let mut log = open_log(&self.log)?;
        let head = log.close_for_good(now())?;
        let origin = log.origin().to_owned();
        let indexer = Indexer::of_log(&log, &self.log);
        log.close()?;
        indexer.and_then(|mut index| index.publish(now()))?;
        if console.is_json() {
            console.json(&json!({
                "schemaVersion": 1,
                "result": "done",
                "checkpoint": Head::new(&origin, &head),
            }));
        } else {
            console.line(format_args!("closed `{origin}` at size {}", head.size));
            console.hint("let your witnesses cosign the final checkpoint; `glasslog init --succeeds` makes the log after it");
        }
        Ok(Exit::Done)
    }
}
