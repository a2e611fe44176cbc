//! `submit`: submits signed envelopes, one JSON text a line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glasslog_client::submit::{Outcome, Wait};
use glasslog_core::text::limits::MAX_ENTRY;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::given;
use crate::destination::{Broken, Destination};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::output::{Console, visible};
use crate::submitted::{State, Submitted};
use crate::upkeep;

/// Entries in a batch: enough that one sync and one request are a small part of its cost.
const BATCH_ENTRIES: usize = 1_024;
/// Bytes in a batch, well within a server's limit (16 MiB).
const BATCH_BYTES: usize = 4 << 20;
/// Batches between two publications of a directory: bounds the staged entries, and the remaining partial tiles.
const PUBLISH_EVERY: usize = 16;
/// The remedy of a submission that broke off.
const AGAIN: &str = "submit the same lines again: an entry that the log has keeps its index";

/// Submits signed envelopes, one JSON text a line.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One line of output for each line of input, in order. Good lines stay admitted when another is refused;
the exit code is that of the first refusal. An entry that the log has keeps its index, so a submission can be repeated.

Examples:
  glasslog submit --log my.log events.jsonl
  glasslog record … --dry-run | glasslog submit --log https://log.example.com/ -")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
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

/// The place of a line in the input, for messages.
struct Place {
    file: Rc<str>,
    /// Number of the line in its file, from 1.
    line: u64,
    /// The line ends in a carriage return, which no envelope does.
    has_return: bool,
}

/// Refusals that are told with their place; the output has all of them.
const MAX_TOLD: u64 = 10;

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
    /// The place of each line of the batch.
    places: Vec<Place>,
    bytes: usize,
    /// Batches since the staged entries were last moved out of memory.
    staged: usize,
    /// Lines that were answered.
    answered: u64,
    /// Those among them that a directory has published, or a server.
    published: u64,
    /// Lines that the server made durable and could not publish, and why; the first such batch.
    unpublished: Option<(Submitted, Failure)>,
    /// Exit code of the first refusal.
    refused: Option<Exit>,
    /// Number of refusals.
    refusals: u64,
    bar: Option<ProgressBar>,
}

impl Args {
    /// # Errors
    /// The log cannot be written, a file cannot be read, or there is no line. Refused lines are results.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        // A file that is missing is found before the first line is submitted.
        for path in self.files.iter().filter(|path| path.as_os_str() != "-") {
            File::open(path).map_err(|error| Failure::file(path.display(), &error))?;
        }
        let mut submission = Submission {
            console,
            destination: Destination::open(&self.log)?,
            batch: Vec::new(),
            places: Vec::new(),
            bytes: 0,
            staged: 0,
            answered: 0,
            published: 0,
            unpublished: None,
            refused: None,
            refusals: 0,
            bar: console.has_terminal().then(bar),
        };
        let sent = submission.all(&self.files);
        if let Some(bar) = submission.bar.take() {
            bar.finish_and_clear();
        }
        sent.map_err(|failure| failure.keeping(&self.log, None))?;
        if submission.answered == 0 {
            return Err(Failure::new(
                Exit::Nothing,
                "nothing-submitted",
                "there is no line to submit",
            )
            .hint("each line is a signed event, as `glasslog record --dry-run` prints it"));
        }
        if submission.refused.is_some() {
            self.tell_kinds(console);
        }
        upkeep::extend_index(&self.log, submission.destination, console);
        Ok(submission.refused.unwrap_or(Exit::Done))
    }
}

impl Args {
    /// Names files for what they are, if they are no signed events.
    fn tell_kinds(&self, console: &Console) {
        for path in &self.files {
            let found = FileKind::at(path).filter(|found| *found != FileKind::Event);
            if let Some(found) = found {
                let (path, words) = (path.display(), found.words());
                console.hint(format_args!(
                    "`{path}` is {words}: `submit` takes signed events, one a line"
                ));
            }
        }
    }
}

impl Submission<'_> {
    /// Submits and publishes the lines of all files.
    fn all(&mut self, files: &[PathBuf]) -> Result<(), Failure> {
        let read = files.iter().try_for_each(|path| self.file(path));
        // Lines before a file that cannot be read are submitted and published nevertheless.
        let sent = match &read {
            Err(failure) if failure.submitted.is_some() => Ok(()),
            _ => self.send(),
        };
        let published = self.publish();
        let waits = match self.unpublished.take() {
            Some((lines, failure)) => Err(failure.after(lines)),
            None => Ok(()),
        };
        read.and(sent).and(published).and(waits)
    }

    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::file(path.display(), &error);
        let mut reader: Box<dyn BufRead> = match path.as_os_str() == "-" {
            true => Box::new(stdin().lock()),
            false => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
        };
        let file: Rc<str> = path.display().to_string().into();
        let mut number = 0;
        while let Some(line) = read_line(&mut *reader).map_err(failed)? {
            number += 1;
            self.bytes += line.len();
            self.places.push(Place {
                file: Rc::clone(&file),
                line: number,
                has_return: line.ends_with(b"\r"),
            });
            self.batch.push(line);
            if self.batch.len() >= BATCH_ENTRIES || self.bytes >= BATCH_BYTES {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Submits the batch and prints its outcome.
    ///
    /// # Errors
    /// The log fails, or the outcome cannot be printed; the failure states which lines may be in the log.
    fn send(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let batch = core::mem::take(&mut self.batch);
        let places = core::mem::take(&mut self.places);
        let first = self.answered + 1;
        let last = self.answered + batch.len() as u64;
        let wait = match &self.destination {
            // A directory is published after every few batches, and at the end.
            Destination::Directory(_) => Wait::Durable,
            Destination::Server(_) => Wait::Published,
        };
        let lines = |state| Submitted::lines(state, first, last);
        let outcome = match self.destination.submit(batch, wait) {
            Ok(outcome) => outcome,
            Err(Broken {
                failure,
                state: Some(State::Durable),
                outcome,
            }) => {
                // Each line has its answer, and the next ones may be published with it.
                self.unpublished
                    .get_or_insert((lines(State::Durable), failure));
                outcome
            }
            Err(broken) => {
                return Err(match broken.state {
                    Some(state) => broken.failure.after(lines(state)).hint(AGAIN),
                    None => broken.failure,
                });
            }
        };
        self.tell(&outcome, &places);
        if let Err(failure) = self.console.written() {
            let state = match self.publish() {
                Ok(()) => State::InLog,
                Err(_) => State::Durable,
            };
            let lines = Submitted::lines(state, first, last);
            return Err(failure.after(lines).hint(AGAIN));
        }
        self.staged += 1;
        if self.staged == PUBLISH_EVERY {
            let settled = self.destination.settle();
            if settled.map_err(|failure| self.after_staged(failure))? {
                self.published = self.answered;
            }
            self.staged = 0;
        }
        Ok(())
    }

    /// Publishes the lines that were answered.
    ///
    /// # Errors
    /// The disk fails.
    fn publish(&mut self) -> Result<(), Failure> {
        let published = self.destination.publish();
        published.map_err(|failure| self.after_staged(failure))?;
        self.staged = 0;
        self.published = self.answered;
        Ok(())
    }

    /// States which lines are durable and not published.
    fn after_staged(&self, failure: Failure) -> Failure {
        let lines = Submitted::lines(State::Durable, self.published + 1, self.answered);
        match self.published == self.answered {
            true => failure,
            false => failure.after(lines),
        }
    }

    fn tell(&mut self, outcome: &Outcome, places: &[Place]) {
        self.answered += outcome.len() as u64;
        for (result, place) in outcome.iter().zip(places) {
            match result {
                Ok(receipt) => {
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
                    self.warn_of(&refused.message, place);
                }
            }
        }
        if let Some(bar) = &self.bar {
            bar.inc(outcome.len() as u64);
        }
    }

    /// Says which line of the input was refused.
    fn warn_of(&mut self, problem: &str, place: &Place) {
        self.refusals += 1;
        let Place { file, line, .. } = place;
        if self.refusals <= MAX_TOLD {
            let console = self.console;
            console.warn(visible(&format!("line {line} of `{file}`: {problem}")));
            if place.has_return {
                console
                    .hint("the line ends in a carriage return: remove it, as `tr -d '\\r'` does");
            }
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
