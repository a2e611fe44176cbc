//! `log status`: shows the status of a log, also while another process writes it.

use std::path::PathBuf;

use glasslog_core::text::wire::hex_encode;
use glasslog_log::status::{Status, Writer};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::source;

/// Shows size, backlog, lag, index coverage and the last error, also while another process serves the log, in a directory
/// or a bucket.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog log status my.log
  glasslog log status my.log --format json")]
pub(crate) struct Args {
    /// Log directory
    log: PathBuf,
}

impl Args {
    /// # Errors
    /// The directory is not a log, or its files cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let status = Status::read(source::directory(&self.log)?)?;
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
            console.result(
                &json!({
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
                }),
                Exit::Done,
            );
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
