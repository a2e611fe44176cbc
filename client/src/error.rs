//! Why a log could not be read or a server could not be asked.

use core::fmt;
use std::io;

/// The address of a request, and the proxy that it went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: String,
    /// The proxy's address, without the credentials for it; `None` for a direct connection.
    pub proxy: Option<String>,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.address)?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy `{proxy}`"),
            None => Ok(()),
        }
    }
}

/// Problem of an `https` address whose port serves plain `http`.
pub(crate) const NO_TLS: &str = "the server does not speak TLS at this port";

/// Likely reasons for a status, where one status has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusReason {
    /// The status says all.
    Itself,
    /// The server takes no entries at this address (404, 405).
    TakesNoEntries,
    /// The file is missing and may not be looked for, or may not be read (403).
    Forbidden,
    /// A proxy before the server refuses bodies of this length (413).
    ProxyLimit,
}

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
        /// The remedy, if there is one.
        instead: Option<String>,
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
    #[error("{peer}: {problem}: `{target}`")]
    Redirect {
        /// The requested address.
        peer: Peer,
        /// The rule that the redirect breaks.
        problem: &'static str,
        /// The address that the server redirects to.
        target: String,
        /// The address of a log or server that would be asked without this redirect.
        instead: Option<String>,
    },
    /// The server did not accept a connection.
    #[error("{peer}: cannot connect: {problem}")]
    Unreachable {
        /// The requested address.
        peer: Peer,
        /// The reason.
        problem: String,
    },
    /// The server did not answer in time.
    #[error("{peer}: the server did not answer in time")]
    Timeout {
        /// The requested address.
        peer: Peer,
    },
    /// A connection failed or an answer broke off.
    #[error("{peer}: {problem}")]
    Network {
        /// The requested address.
        peer: Peer,
        /// The reason.
        problem: String,
    },
    /// A server answered with a status that is neither a file nor "missing".
    #[error("{peer}: the server answered {status}")]
    Status {
        /// The requested address.
        peer: Peer,
        /// The status, with its reason phrase.
        status: String,
        /// The likely reason.
        reason: StatusReason,
    },
    /// The server's answer is not about the submitted entries, or is too long.
    #[error("{peer}: {problem}")]
    Answer {
        /// The requested address.
        peer: Peer,
        /// The rule that the answer breaks.
        problem: String,
    },
    /// The server stopped before it had answered for every entry.
    #[error("{peer}: the server stopped before it had answered for every entry")]
    CutOff {
        /// The requested address.
        peer: Peer,
    },
    /// The system refused threads, sockets, signals or certificates.
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
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address { instead, .. } => return instead.clone(),
            Self::NotADirectory { .. } => {
                "`LOG` is a log directory, its public tree or an http(s) URL".into()
            }
            Self::OutsideTree { .. } => {
                "a public tree contains all of its files; copy the file into it".into()
            }
            Self::Redirect { instead, .. } => {
                format!("use `{}`, if that is the log's address", instead.as_ref()?)
            }
            Self::Status { reason, .. } => match reason {
                StatusReason::Itself => return None,
                StatusReason::TakesNoEntries => {
                    "entries go to the address of `glasslog serve`; a static host takes no entries".into()
                }
                StatusReason::Forbidden => {
                    "a bucket that readers may not list answers so for a missing file: let them list it, or check the address".into()
                }
                StatusReason::ProxyLimit => {
                    "a proxy before the log's server limits the length of bodies: raise that limit, as `client_max_body_size 0` does in nginx".into()
                }
            },
            Self::Unreachable { problem, .. } | Self::Network { problem, .. } if problem.ends_with(NO_TLS) => {
                "if it serves without TLS, its address begins with `http://`".into()
            }
            Self::Unreachable { peer: Peer { proxy: Some(_), .. }, .. } => {
                "`HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` name the proxy, and `NO_PROXY` the hosts to reach without it".into()
            }
            Self::Unreachable { .. } => {
                "check the address, and that its server runs".into()
            }
            Self::Credentials => "remove what stands before `@` in the address".into(),
            Self::Other { hint, .. } => return hint.clone(),
            _ => return None,
        })
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
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        ErrorKind::AddrInUse => "another process listens there".into(),
        ErrorKind::AddrNotAvailable => "this machine has no such address".into(),
        _ => error.to_string(),
    }
}
