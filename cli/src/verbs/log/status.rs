//! `log status`: shows the status of a log, also while another process writes it.

use std::path::PathBuf;

use glasslog_core::text::time;
use glasslog_core::text::wire::hex_encode;
use glasslog_log::cosigning::{NO_ADDRESS, Standing, Standings};
use glasslog_log::status::{Status, Writer};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, visible};
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
                    "contradiction": status.contradiction.as_ref().map(|found| json!({
                        "code": found.code(),
                        "message": found.to_string(),
                        "hint": found.hint(),
                    })),
                    "witnesses": witnesses(&status),
                    "waitingFor": status.waiting_for(),
                }),
                Exit::Done,
            );
            return Ok(Exit::Done);
        }
        let waiting = status.waiting_for().to_vec();
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
                status.last_error.clone().unwrap_or_else(|| "none".into()),
            ),
        ] {
            console.line(format_args!("{name:<25} {value}"));
        }
        if !waiting.is_empty() {
            let names: Vec<String> = waiting.iter().map(|name| visible(name)).collect();
            console.line(format_args!("{:<25} {}", "waiting for", names.join(", ")));
        }
        if let Some(found) = &status.contradiction {
            console.line(format_args!("{:<25} {found}", "no writer opens it"));
            if let Some(hint) = found.hint() {
                console.hint(hint);
            }
        }
        for (role, standings) in roles(&status) {
            for standing in &standings.witnesses {
                let name = format!("witness of the {role}");
                console.line(format_args!("{name:<25} {}", describe(standing)));
            }
        }
        Ok(Exit::Done)
    }
}

/// The witnesses of the log and of its index.
fn roles(status: &Status) -> [(&'static str, &Standings); 2] {
    [
        ("log", &status.witnesses),
        ("index", &status.index_witnesses),
    ]
}

fn witnesses(status: &Status) -> Vec<Value> {
    let all = roles(status).into_iter();
    let all = all.flat_map(|(role, standings)| {
        let each = standings.witnesses.iter();
        each.map(move |standing| (role, standing))
    });
    let object = |(role, standing): (&str, &Standing)| {
        let cosigned = standing.memory.cosigned;
        let failing = standing.memory.failing.as_ref();
        json!({
            "name": standing.name,
            "role": role,
            "key": standing.key,
            "size": cosigned.map(|(size, _)| size),
            "time": cosigned.map(|(_, time)| time),
            "failingSince": failing.map(|failing| failing.since),
            "lastError": match failing {
                _ if !standing.is_asked => {
                    Some(json!({ "code": "no-address", "message": NO_ADDRESS, "alarm": false }))
                }
                failing => failing.map(|failing| json!({
                    "code": failing.code,
                    "message": failing.message,
                    "alarm": failing.is_alarm,
                })),
            },
        })
    };
    all.map(object).collect()
}

/// Describes a witness in one line.
fn describe(standing: &Standing) -> String {
    let cosigned = match standing.memory.cosigned {
        Some((size, at)) => format!("cosigned size {size} at {}", time::format(at)),
        None => "cosigned nothing yet".to_owned(),
    };
    let failing = match &standing.memory.failing {
        _ if !standing.is_asked => Some(format!("; {NO_ADDRESS}")),
        failing => failing.as_ref().map(|failing| {
            let since = time::format(failing.since);
            format!("; fails since {since}: {}", visible(&failing.message))
        }),
    };
    format!(
        "{}: {cosigned}{}",
        visible(&standing.name),
        failing.unwrap_or_default()
    )
}
