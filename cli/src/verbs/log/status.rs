//! `log`: how a log stands, and closing it for good.
use std::path::PathBuf;

use clap::Subcommand;
use glasslog_core::text::wire::hex_encode;
use glasslog_log::index::Indexer;
use glasslog_log::status::{self, Writer};
use serde_json::json;

use crate::console::Console;
use crate::destination::{now, open_log, refuse};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::publish::Head;

/// Looks after a log directory.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Status(Status),
    Close(Close),
}

/// Shows size, backlog, lag, index coverage and the last error, also while another process serves the log, in a directory
/// or a bucket.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog log status my.log
  glasslog log status my.log --format json")]
struct Status {
    /// Log directory
    log: PathBuf,
}

/// Publishes the final checkpoint; from then on the log takes no new entries.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A log is never opened again once it is closed. `glasslog init NEW --succeeds LOG` makes a log that goes on after it.

Examples:
  glasslog log close my.log
  glasslog init next.log --origin models.example.com/access-2027 --succeeds my.log")]
struct Close {
    /// Log directory
    log: PathBuf,
}

impl Args {
    /// # Errors
    /// A directory that is not a log; for `close`, one that another process writes to.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Status(args) => args.run(console),
            Verb::Close(args) => args.run(console),
        }
    }
}

impl Status {
    fn run(self, console: &Console) -> Result<Exit, Failure> {
        let status = status::Status::read(&self.log).map_err(|error| refuse(&error))?;
        if console.is_json() {
            let writer = status.writer.as_ref().map(|writer| match writer {
                Writer::Process(holder) => json!({ "pid": holder.pid, "url": holder.url }),
                Writer::Lease(holder) => json!({
                    "pid": null,
                    "url": holder.url,
                    "id": hex_encode(&holder.id),
                    "leaseSeconds": holder.lease / 1_000,
                }),
            });
            console.json(&json!({
                "schemaVersion": 1,
                "result": "done",
                "origin": status.origin,
                "size": status.size,
                "published": status.published,
                "backlog": status.backlog(),
                "backlogBytes": status.backlog_bytes,
                "lagSeconds": status.lag,
                "indexed": status.indexed,
                "supersededPartials": status.superseded_partials,
                "closed": status.is_closed,
                "writer": writer,
                "lastError": status.last_error,
            }));
            return Ok(Exit::Done);
        }
        let backlog = match status.lag {
            Some(lag) => format!(
                "{} entries, {} bytes; the checkpoint is {lag} s old",
                status.backlog(),
                status.backlog_bytes
            ),
            None => "none".into(),
        };
        let indexed = match status.indexed {
            Some(size) => format!("{size} of {} entries", status.published),
            None => "no index".into(),
        };
        let writer = match &status.writer {
            Some(writer) => {
                let who = match writer {
                    Writer::Process(holder) => format!("process {}", holder.pid),
                    Writer::Lease(holder) => format!(
                        "{}, by a lease of {} s",
                        hex_encode(&holder.id),
                        holder.lease / 1_000
                    ),
                };
                let url = writer.url().map(|url| format!(", {url}"));
                who + &url.unwrap_or_default()
            }
            None if status.is_closed => "none: the log is closed".into(),
            None => "none".into(),
        };
        for (name, value) in [
            ("origin", status.origin.clone()),
            ("size", status.size.to_string()),
            ("published", status.published.to_string()),
            ("backlog", backlog),
            ("index", indexed),
            (
                "superseded partial files",
                status.superseded_partials.to_string(),
            ),
            ("writer", writer),
            (
                "last error",
                status.last_error.unwrap_or_else(|| "none".into()),
            ),
        ] {
            console.line(format_args!("{name:<25} {value}"));
        }
        Ok(Exit::Done)
    }
}

impl Close {
    fn run(self, console: &Console) -> Result<Exit, Failure> {
        let mut log = open_log(&self.log)?;
        let head = log.close_for_good(now()).map_err(|error| refuse(&error))?;
        let origin = log.origin().to_owned();
        let indexer = Indexer::of_log(&log, &self.log);
        log.close().map_err(|error| refuse(&error))?;
        let indexed = indexer.and_then(|mut index| index.publish(now()));
        indexed.map_err(|error| refuse(&error))?;
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
