//! Why a log could not be read or a server could not be asked.

use std::io;

/// A source or a server that did not give an answer.
///
/// A file that is missing is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of a log or server is malformed.
    #[error("`{address}` is not a log's address: {problem}")]
    Address {
        /// The address.
        address: String,
        /// The rule that it breaks.
        problem: String,
    },
    /// The address of a log or server contains a user name or password.
    #[error("a log's address must not contain a user name or password")]
    Credentials,
    /// A path of the log does not fit its address.
    #[error("`{path}`: {problem}")]
    Path {
        /// The path.
        path: String,
        /// The reason.
        problem: String,
    },
    /// A file or directory could not be read or written.
    #[error("`{path}`: {problem}")]
    File {
        /// The path, as the user named it or relative to the public tree.
        path: String,
        /// The reason.
        problem: String,
    },
    /// The log is not a directory.
    #[error("`{path}`: not a directory")]
    NotADirectory {
        /// The path, as the user named it.
        path: String,
    },
    /// A path leads out of the log's public tree.
    #[error("`{path}` leads out of the log's public tree")]
    OutsideTree {
        /// The path relative to the public tree.
        path: String,
    },
    /// The server redirects to another host or scheme, or too often.
    #[error("`{path}`: {problem}")]
    Redirect {
        /// The path relative to the public tree.
        path: String,
        /// The rule that the redirect breaks.
        problem: String,
    },
    /// The server did not accept a connection.
    #[error("`{path}`: cannot connect: {problem}")]
    Unreachable {
        /// The path relative to the public tree.
        path: String,
        /// The reason.
        problem: String,
    },
    /// The server did not answer in time.
    #[error("`{path}`: the server did not answer in time")]
    Timeout {
        /// The path relative to the public tree.
        path: String,
    },
    /// A connection failed or an answer broke off.
    #[error("{context}{problem}")]
    Network {
        /// The file or address, followed by a colon; empty if the request has neither yet.
        context: String,
        /// The reason.
        problem: String,
    },
    /// A server answered with a status that is neither a file nor "missing".
    #[error("`{target}`: the server answered {status}")]
    Status {
        /// The path or address that was requested.
        target: String,
        /// The status, with its reason phrase.
        status: String,
        /// True if the status means that the server takes no entries at this address.
        takes_no_entries: bool,
    },
    /// The server's answer is not about the submitted entries, or is too long.
    #[error("`{url}`: {problem}")]
    Answer {
        /// The address that was requested.
        url: String,
        /// The rule that the answer breaks.
        problem: String,
    },
    /// The server stopped before it had answered for every entry.
    #[error("`{url}`: the server stopped before it had answered for every entry")]
    CutOff {
        /// The address that was requested.
        url: String,
    },
    /// The system refused threads, sockets or signals.
    #[error("{problem}")]
    Runtime {
        /// The reason.
        problem: String,
    },
    /// A source of another crate failed.
    #[error("{message}")]
    Other {
        /// The stable code of the failure.
        code: &'static str,
        /// The failure, in words.
        message: String,
        /// The remedy, if there is one.
        hint: Option<String>,
    },
}

impl Error {
    /// Returns the stable name of this class of errors.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "address-malformed",
            Self::Credentials => "address-with-credentials",
            Self::Path { .. } => "address",
            Self::NotADirectory { .. } | Self::File { .. } => "file",
            Self::OutsideTree { .. } => "outside-tree",
            Self::Redirect { .. } => "redirect",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } => "timeout",
            Self::Network { .. } => "network",
            Self::Status { .. } => "http-status",
            Self::Answer { .. } => "server-answer",
            Self::CutOff { .. } => "no-answer",
            Self::Runtime { .. } => "runtime",
            Self::Other { code, .. } => code,
        }
    }

    /// Returns the remedy, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::NotADirectory { .. } => {
                Some("`LOG` is a log directory, its public tree or an http(s) URL")
            }
            Self::OutsideTree { .. } => {
                Some("a public tree contains all of its files; copy the file into it")
            }
            Self::Status {
                takes_no_entries: true,
                ..
            } => Some(
                "entries go to the address of `glasslog serve`; a static host takes no entries",
            ),
            Self::Other { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// Describes a failed file operation.
    pub(crate) fn file(path: impl ToString, error: &io::Error) -> Self {
        Self::File {
            path: path.to_string(),
            problem: io_reason(error),
        }
    }
}

/// Describes an I/O error without the operating system's numbers, so that the words are the same on every system.
#[must_use]
pub fn io_reason(error: &io::Error) -> String {
    use io::ErrorKind;
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
