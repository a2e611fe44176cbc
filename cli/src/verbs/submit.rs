//! `submit`: submits signed envelopes, one JSON text a line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};

use glasslog_client::submit::{Outcome, Wait};
use glasslog_core::text::limits::MAX_ENTRY;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::destination::Destination;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::upkeep;

/// Entries in a batch: enough that one sync and one request are a small part of its cost.
const BATCH_ENTRIES: usize = 1_024;
/// Bytes in a batch, well within a server's limit (16 MiB).
const BATCH_BYTES: usize = 4 << 20;
/// Batches between two publications of a directory: bounds the staged entries, and the remaining partial tiles.
const PUBLISH_EVERY: usize = 16;

/// Submits signed envelopes, one JSON text a line.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One line of output for each line of input, in order. Good lines stay admitted when another is refused;
the exit code is that of the first refusal.

Examples:
  glasslog submit --log my.log events.jsonl
  glasslog record … --dry-run | glasslog submit --log https://log.example.com/ -")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long)]
    pub(crate) log: String,

    /// Files of envelopes; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Line<'a> {
    Done { index: u64, leaf_hash: String },
    Refused { error: Error<'a> },
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

/// A submission under way.
struct Submission<'a> {
    console: &'a Console,
    destination: Destination,
    batch: Vec<Vec<u8>>,
    bytes: usize,
    unpublished: usize,
    done: u64,
    /// Exit code of the first refusal.
    refused: Option<Exit>,
    bar: Option<ProgressBar>,
}

impl Args {
    /// # Errors
    /// The log cannot be written, or a file cannot be read. Refused lines are results.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let destination = Destination::open(&self.log)?;
        let mut submission = Submission {
            console,
            destination,
            batch: Vec::new(),
            bytes: 0,
            unpublished: 0,
            done: 0,
            refused: None,
            bar: console.has_terminal().then(bar),
        };
        for path in &self.files {
            submission.file(path)?;
        }
        submission.send()?;
        submission.destination.publish()?;
        let (refused, done) = (submission.refused, submission.done);
        let bar = submission.bar.take();
        upkeep::extend_index(&self.log, submission.destination, console);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        Ok(match (refused, done) {
            (Some(exit), _) => exit,
            (None, 0) => Exit::Nothing,
            (None, _) => Exit::Done,
        })
    }
}

impl Submission<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::file(path.display(), &error);
        let mut reader: Box<dyn BufRead> = match path.as_os_str() == "-" {
            true => Box::new(stdin().lock()),
            false => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
        };
        while let Some(line) = read_line(&mut *reader).map_err(failed)? {
            self.bytes += line.len();
            self.batch.push(line);
            if self.batch.len() >= BATCH_ENTRIES || self.bytes >= BATCH_BYTES {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Submits the batch and prints its outcome.
    fn send(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let batch = core::mem::take(&mut self.batch);
        let wait = match &self.destination {
            // A directory is published after every few batches, and at the end.
            Destination::Directory(_) => Wait::Durable,
            Destination::Server(_) => Wait::Published,
        };
        let outcome = self.destination.submit(batch, wait)?;
        self.unpublished += 1;
        if self.unpublished == PUBLISH_EVERY {
            self.destination.publish()?;
            self.unpublished = 0;
        }
        self.tell(&outcome);
        Ok(())
    }

    fn tell(&mut self, outcome: &Outcome) {
        for result in outcome {
            match result {
                Ok(receipt) => {
                    self.done += 1;
                    let leaf_hash = receipt.leaf_hash.to_base64();
                    self.console.json(&Line::Done {
                        index: receipt.index,
                        leaf_hash,
                    });
                }
                Err(refused) => {
                    self.refused.get_or_insert(Exit::from(refused));
                    let error = Error {
                        code: &refused.code,
                        message: &refused.message,
                    };
                    self.console.json(&Line::Refused { error });
                }
            }
        }
        if let Some(bar) = &self.bar {
            bar.inc(outcome.len() as u64);
        }
    }
}

/// Reads a line without its end. A line that is too long for an entry is cut off just beyond that limit.
fn read_line(reader: &mut dyn BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = MAX_ENTRY as u64 + 2;
    if reader.take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_none() && line.len() as u64 == limit {
        reader.skip_until(b'\n')?;
    }
    Ok(Some(line))
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {human_pos} entries submitted, {per_sec}")
    {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = text;
        core::iter::from_fn(|| read_line(&mut reader).unwrap()).collect()
    }

    #[test]
    fn lines_are_entries() {
        assert_eq!(lines(b""), Vec::<Vec<u8>>::new());
        assert_eq!(lines(b"a\n\nb"), [&b"a"[..], b"", b"b"]);
        assert_eq!(lines(b"a\r\n"), [b"a\r"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line() {
        for (length, kept) in [
            (MAX_ENTRY, MAX_ENTRY),
            (MAX_ENTRY + 1, MAX_ENTRY + 1),
            (1 << 20, MAX_ENTRY + 2),
        ] {
            let text = [&vec![b'x'; length][..], b"\nnext\n"].concat();
            let lines = lines(&text);
            assert_eq!(
                (lines.len(), lines[0].len(), &lines[1][..]),
                (2, kept, &b"next"[..])
            );
        }
    }
}
