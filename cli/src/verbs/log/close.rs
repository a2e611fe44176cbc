//! `log close`: publishes the final checkpoint.

use std::io::{IsTerminal, stdin};
use std::path::PathBuf;

use glasslog_log::directory::Disk;
use glasslog_log::index::Indexer;
use glasslog_log::{Config, Layout};
use serde_json::json;

use crate::clock::now;
use crate::destination::open_log;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head, say};
use crate::source;

/// Publishes the final checkpoint; from then on the log takes no new entries.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A log is never opened again once it is closed. `glasslog init NEW --succeeds LOG` makes a log that goes on after it.

Examples:
  glasslog log close my.log --yes
  glasslog init next.log --origin models.example.com/access-2027 --succeeds my.log")]
pub(crate) struct Args {
    /// Log directory
    log: PathBuf,
    /// Close without asking
    #[arg(long)]
    yes: bool,
}

impl Args {
    /// # Errors
    /// The user does not confirm it, the directory is not a log, another process writes to it, or the disk fails.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let config = Config::read(&Disk::new(), &Layout::new(source::directory(&self.log)?))?;
        if !self.yes {
            confirm(&config.origin)?;
        }
        let mut log = open_log(&self.log)?;
        let head = log.close_for_good(now())?;
        let origin = log.origin().to_owned();
        let indexer = Indexer::of_log(&log, &self.log);
        let closed = format!("closed `{origin}` at size {}", head.size);
        log.close()
            .and_then(|()| indexer?.publish(now()))
            .map_err(|error| Failure::from(error).despite(&closed))?;
        if console.is_json() {
            console.result(
                &json!({
                    "schemaVersion": 1,
                    "result": "done",
                    "checkpoint": Head::new(&origin, &head),
                }),
                Exit::Done,
            );
        } else {
            console.line(closed);
            console.hint("let your witnesses cosign the final checkpoint; `glasslog init --succeeds` makes the log after it");
        }
        Ok(Exit::Done)
    }
}

/// Asks whether the log is to be closed.
///
/// # Errors
/// There is no terminal to ask at (exit 2), or the answer is no (exit 1).
fn confirm(origin: &str) -> Result<(), Failure> {
    let question = format!("closing `{origin}` is final: it never takes another entry");
    if !stdin().is_terminal() {
        return Err(Failure::usage(question).hint("`--yes` closes it"));
    }
    say(format_args!("glasslog: {question}"));
    say("Close it? Type `yes`:");
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    read.map_err(|error| Failure::file("standard input", &error))?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::unfinished(
            "not-confirmed",
            "the log was not closed",
        )),
    }
}
