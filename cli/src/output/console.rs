//! The two output streams: results on standard output, everything else on standard error with the program's name.

use core::cell::{Cell, RefCell};
use core::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};

use glasslog_core::report::Report;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;

use super::format::Format;
use super::render::{self, Extent};
use super::secrets::without_secrets;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::submitted::Submitted;

/// The two output streams and the chosen format.
///
/// If the reader goes away (`glasslog … | head`), the output ends, but the exit code stays the verb's own.
#[derive(Debug)]
pub(crate) struct Console {
    format: Format,
    /// True if standard output is the place of a file, so that everything else goes to standard error.
    is_stdout_given: Cell<bool>,
    /// The failure of standard output, until it is told.
    lost: RefCell<Option<Failure>>,
    is_lost: Cell<bool>,
    /// True if the reader of standard output went away before it had everything.
    reader_left: Cell<bool>,
}

/// The result of a verb, with its exit code.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a, T> {
    #[serde(flatten)]
    value: &'a T,
    exit_code: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorObject<'a> {
    schema_version: u32,
    exit_code: u8,
    error: ErrorBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted: Option<&'a Submitted>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

impl Console {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            is_stdout_given: Cell::new(false),
            lost: RefCell::new(None),
            is_lost: Cell::new(false),
            reader_left: Cell::new(false),
        }
    }

    /// # Errors
    /// The format is one of a later version.
    pub(crate) fn check_format(&self) -> Result<(), Failure> {
        self.format.check()
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Gives standard output to a file; everything else goes to standard error from now on.
    ///
    /// # Errors
    /// Another file has it, or the result in JSON (exit 2).
    pub(crate) fn give_stdout(&self) -> Result<(), Failure> {
        if self.is_json() {
            return Err(Failure::usage(
                "a file at `-` and `--format json` are both written to standard output",
            )
            .hint("name a file"));
        }
        match self.is_stdout_given.replace(true) {
            false => Ok(()),
            true => Err(Failure::usage(
                "`-` is standard output, which takes one file only",
            )),
        }
    }

    /// Writes a line of the result, without styles if the output does not show them.
    pub(crate) fn line(&self, text: impl Display) {
        match self.is_stdout_given.get() {
            true => say(text),
            false => self.write(anstream::stdout().lock(), text),
        }
    }

    /// Writes a line of JSON, byte for byte: a stream that removes styles would also remove U+007F.
    pub(crate) fn json_line(&self, text: &str) {
        self.write(std::io::stdout().lock(), text);
    }

    fn write(&self, mut stdout: impl Write, text: impl Display) {
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.reader_left.set(true),
            Err(error) => {
                if !self.is_lost.replace(true) {
                    self.lost.replace(Some(Failure::stdout(&error)));
                }
            }
        }
    }

    /// Checks that the results so far were written.
    ///
    /// # Errors
    /// Standard output could not be written (exit 1); told once.
    pub(crate) fn written(&self) -> Result<(), Failure> {
        self.lost.take().map_or(Ok(()), Err)
    }

    /// Writes the result of a verb as one line of JSON, with the exit code.
    pub(crate) fn result(&self, value: &impl Serialize, exit: Exit) {
        self.json(&Outcome {
            value,
            exit_code: exit as u8,
        });
    }

    /// Writes one of several results as one line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.json_line(&text),
            Err(error) => self.warn(error),
        }
    }

    /// Shows this much of a report about given files in the chosen format, and returns the exit code of its class.
    pub(crate) fn report(&self, report: &Report, extent: Extent) -> Exit {
        self.show(report, false, extent)
    }

    fn show(&self, report: &Report, can_scan: bool, extent: Extent) -> Exit {
        if self.is_json() {
            self.json_line(&report.to_json());
        } else {
            let stdout = std::io::stdout();
            let width = stdout
                .is_terminal()
                .then(|| terminal_size::terminal_size_of(&stdout))
                .flatten()
                .map(|(width, _)| width.0);
            self.line(render::report(report, width, extent));
        }
        for hint in render::hints(report, can_scan) {
            self.hint(hint);
        }
        report.class().into()
    }

    /// Shows this much of the report of a query of a log that has ended; as JSON it is always whole.
    ///
    /// # Errors
    /// The query has no report.
    pub(crate) fn verdict(&self, report: Option<&Report>, extent: Extent) -> Result<Exit, Failure> {
        // An audit and a comparison of two checkpoints ask no index which entries to read.
        let can_scan = |report: &Report| !matches!(report.query.kind, "log" | "consistency");
        let shown = report.map(|report| self.show(report, can_scan(report), extent));
        shown.ok_or_else(|| {
            Failure::unfinished("no-verdict", "the verification ended without a verdict")
        })
    }

    /// Writes a note about progress or circumstances, which is never part of the result.
    pub(crate) fn note(&self, text: impl Display) {
        say(format_args!("glasslog: {text}"));
    }

    pub(crate) fn warn(&self, text: impl Display) {
        say(format_args!("glasslog: warning: {text}"));
    }

    pub(crate) fn hint(&self, text: impl Display) {
        say(format_args!("glasslog: hint: {text}"));
    }

    /// Shows a failure on standard error, and with `--format json` also as the error object on standard output.
    pub(crate) fn fail(&self, failure: &Failure) -> Exit {
        if self.is_json() && failure.exit != Exit::Usage {
            self.json(&ErrorObject {
                schema_version: 1,
                exit_code: failure.exit as u8,
                error: ErrorBody {
                    code: failure.code,
                    message: &without_secrets(&failure.message),
                    hint: failure.hint.as_deref(),
                },
                submitted: failure.submitted.as_deref(),
            });
        }
        say_failure(failure);
        failure.exit
    }

    /// Shows a failure that came after the result, and returns its exit code.
    pub(crate) fn warn_of(&self, failure: &Failure) -> Exit {
        self.warn(render::visible(&failure.message));
        if let Some(hint) = &failure.hint {
            self.hint(render::visible(hint));
        }
        failure.exit
    }

    /// Returns the final exit code: a result that could not be written is not a success.
    pub(crate) fn finish(&self, exit: Exit) -> Exit {
        match self.written() {
            Ok(()) => exit,
            Err(failure) => {
                say_failure(&failure);
                exit.and(failure.exit)
            }
        }
    }

    /// Returns true if everything that was written to standard output so far arrived.
    pub(crate) fn is_delivered(&self) -> bool {
        !self.is_lost.get() && !self.reader_left.get()
    }

    /// Returns false once the reader of a pipe or socket on standard output has gone away.
    pub(crate) fn has_reader(&self) -> bool {
        let stdout = std::io::stdout();
        let mut asked = [PollFd::new(&stdout, PollFlags::OUT)];
        // A poll that fails says nothing; the next write does.
        let said = poll(&mut asked, Some(&Timespec::default()));
        let has_error = asked.iter().any(|it| it.revents().contains(PollFlags::ERR));
        said.is_err() || !has_error
    }

    /// Returns true if a progress display makes sense.
    pub(crate) fn has_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }
}

/// Shows clap's output: help and version are results, everything else is a usage error in this program's form. `hint` is a
/// remedy that clap does not know, and replaces its own.
pub(crate) fn show_usage(error: &clap::Error, hint: Option<String>) -> Exit {
    if !error.use_stderr() {
        let mut stdout = anstream::stdout().lock();
        let written = write!(stdout, "{}", error.render().ansi()).and_then(|()| stdout.flush());
        return match written {
            // A reader that went away needs no more of the text.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                let failure = Failure::stdout(&error);
                say_failure(&failure);
                failure.exit
            }
            _ => Exit::Done,
        };
    }
    let mut text = error.render().to_string();
    if let Some(hint) = hint {
        // Parts are separated by empty lines; the remedy comes after the first, which is the error.
        let hint = format!("  tip: {}", render::visible(&hint));
        let mut parts: Vec<&str> = text.trim_end().split("\n\n").collect();
        parts.retain(|part| !part.starts_with("  tip: "));
        parts.insert(parts.len().min(1), &hint);
        text = parts.join("\n\n");
    }
    let text = text.replace("\n  tip: ", "\nglasslog: hint: ");
    if text.starts_with("error: ") {
        say(format_args!("glasslog: {}", text.trim_end()));
    } else {
        say(text.trim_end());
    }
    Exit::Usage
}

/// Writes a failure and its remedy to standard error.
fn say_failure(failure: &Failure) {
    let message = render::visible(&failure.message);
    say(format_args!("glasslog: error: {message}"));
    if let Some(hint) = &failure.hint {
        say(format_args!("glasslog: hint: {}", render::visible(hint)));
    }
}

/// Writes a line to standard error.
pub(crate) fn say(text: impl Display) {
    // There is no other stream to report that standard error is closed.
    let text = text.to_string();
    let _ = writeln!(anstream::stderr().lock(), "{}", without_secrets(&text));
}
