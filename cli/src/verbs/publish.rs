//! `publish`: sequences what is staged, signs a checkpoint and extends the index.
use std::path::PathBuf;

use glasslog_core::merkle::TreeHead;
use glasslog_log::index::{Indexer, extend_now};
use serde::Serialize;

use crate::console::Console;
use crate::destination::{now, open_log, refuse};
use crate::exit::Exit;
use crate::failure::Failure;

/// Sequences what is staged, signs a checkpoint and extends the index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog publish my.log")]
pub(crate) struct Args {
    /// Log directory
    pub(crate) log: PathBuf,
}

/// A checkpoint, in the answers of writing verbs.
#[derive(Serialize)]
pub(crate) struct Head {
    origin: String,
    size: u64,
    root: String,
}

impl Head {
    pub(crate) fn new(origin: &str, head: &TreeHead) -> Self {
        Self {
            origin: origin.to_owned(),
            size: head.size,
            root: head.root.to_base64(),
        }
    }
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
    /// A directory that is not a log, that another process writes to, or whose files do not add up.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let mut log = open_log(&self.log)?;
        let head = log.publish(now()).map_err(|error| refuse(&error))?;
        let indexer = Indexer::of_log(&log, &self.log);
        let indexed = indexer.and_then(|indexer| extend_now(indexer, now()));
        let indexed = indexed.map_err(|error| refuse(&error))?;
        match console.is_json() {
            true => console.json(&Published {
                schema_version: 1,
                result: "done",
                checkpoint: Head::new(log.origin(), &head),
                indexed,
            }),
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
