//! `publish`: sequences the staged entries, signs a checkpoint and extends the index.

use std::path::PathBuf;

use glasslog_log::index::{Indexer, extend_now};
use serde::Serialize;

use crate::clock::now;
use crate::destination::open_log;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head};

/// Sequences the staged entries, signs a checkpoint and extends the index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog publish my.log")]
pub(crate) struct Args {
    /// Log directory
    pub(crate) log: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    schema_version: u32,
    result: &'static str,
    checkpoint: Head,
    /// Entries that the index covers.
    indexed: u64,
}

impl Args {
    /// # Errors
    /// The directory is not a log, another process writes to it, or its files do not match its checkpoint.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let mut log = open_log(&self.log)?;
        let head = log.publish(now())?;
        let indexer = Indexer::of_log(&log, &self.log);
        let indexed = indexer
            .and_then(|indexer| extend_now(indexer, now()))
            .map_err(|error| {
                let done = format!("published `{}` size {}", log.origin(), head.size);
                Failure::from(error).despite(done)
            })?;
        match console.is_json() {
            true => console.result(
                &Published {
                    schema_version: 1,
                    result: "done",
                    checkpoint: Head::new(log.origin(), &head),
                    indexed,
                },
                Exit::Done,
            ),
            false => console.line(format_args!(
                "published {} size {} root {}",
                log.origin(),
                head.size,
                head.root
            )),
        }
        Ok(Exit::Done)
    }
}
