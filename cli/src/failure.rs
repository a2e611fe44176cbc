//! The one error type of the verbs: what went wrong, its stable code, the remedy and the exit code.
use core::fmt::Display;

use crate::exit::Exit;

/// A verb that ends without a report.
///
/// `code` is stable and kebab-case; `message` is lower case without a full stop, with user input in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// Exit 1: the world did not let the verb finish.
    pub(crate) fn unfinished(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Unfinished, code, message)
    }

    /// Exit 2: the command line is at fault.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Exit 2: declared in the contract, brought by a later version.
    pub(crate) fn not_available(what: impl Display) -> Self {
        Self::new(
            Exit::Usage,
            "not-available",
            format!("{what} is not available in this version"),
        )
    }

    /// Exit 1: a file could not be read or written.
    pub(crate) fn file(path: impl Display, error: &std::io::Error) -> Self {
        Self::unfinished("file", format!("`{path}`: {}", io_reason(error)))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::unfinished("unfinished", format!("{error:#}"))
    }
}

/// Says why a file operation failed without the operating system's numbers, so that the words are the same everywhere.
pub(crate) fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file or directory".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::AlreadyExists => "already exists".into(),
        ErrorKind::IsADirectory => "is a directory".into(),
        ErrorKind::NotADirectory => "not a directory".into(),
        ErrorKind::StorageFull => "no space left on the device".into(),
        _ => error.to_string(),
    }
}
