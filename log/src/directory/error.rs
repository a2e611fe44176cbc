//! Errors of file operations, locks and the directory of a log.

use std::io;
use std::path::{Path, PathBuf};

use glasslog_client::io_reason;
use thiserror::Error;

use super::Layout;

/// Remedy for private state that does not fit the public files.
pub(crate) const FROM_BACKUP: &str = "restore `state/` and `public/` from copies of one moment, if nothing was published after it: compare with a mirror, \
     a witness or a reader's checkpoint, since a log that signs again from an older state forks; without such copies serve `public/` with any web \
     server, which needs no `state/`, begin a new log with another origin by `glasslog init`, and tell readers where this one ended, by a line `log ORIGIN final SIZE ROOT` in `[validity]` of \
     their trust policy";

/// A file operation that failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot {operation} `{path}`: {message}")]
pub struct DiskError {
    /// The operation as a verb: `read`, `write`, `sync`.
    pub operation: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// The class of the failure.
    pub kind: io::ErrorKind,
    /// The reason, without the operating system's number for it.
    pub message: String,
}

impl DiskError {
    pub(crate) fn new(operation: &'static str, path: &Path, error: &io::Error) -> Self {
        Self {
            operation,
            path: path.to_owned(),
            kind: error.kind(),
            message: io_reason(error),
        }
    }

    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        "disk"
    }
}

/// The process that holds a lock, according to the lock's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// The URL where it accepts entries.
    pub url: Option<String>,
}

/// Names a holder in a message.
fn process(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "another process".into(),
        |holder| format!("process {}", holder.pid),
    )
}

/// Another process holds a lock of the log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process writes to this log.
    #[error("the log is being written by {}", process(.holder.as_ref()))]
    Log {
        /// The process; `None` if it has not named itself yet.
        holder: Option<Holder>,
    },
    /// Another process builds the index of this log.
    #[error("the index is being built by {}", process(.holder.as_ref()))]
    Index {
        /// The process; `None` if it has not named itself yet.
        holder: Option<Holder>,
    },
}

impl LockError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log { .. } => "log-locked",
            Self::Index { .. } => "index-locked",
        }
    }

    /// Returns the remedy for the operator.
    pub fn hint(&self) -> String {
        match self {
            Self::Log {
                holder: Some(Holder { url: Some(url), .. }),
            } => format!("write through the running server: `--log {url}`"),
            Self::Log { .. } => {
                "wait until it ends, or write through the URL of the running `glasslog serve`"
                    .into()
            }
            Self::Index { .. } => "wait until it ends".into(),
        }
    }
}

/// Returns the log directory whose public tree a path is; `None` if it is another directory.
fn log_of(path: &Path) -> Option<&Path> {
    let log = path.parent()?;
    let layout = Layout::new(log);
    (layout.public() == path && layout.config().is_file()).then_some(log)
}

/// A directory is not a complete log, or is not free for a new one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The directory is not a log.
    #[error("`{path}` is not a log directory")]
    NotALog {
        /// The directory.
        path: PathBuf,
    },
    /// A file was given as the directory of a log.
    #[error("`{path}` is a file, not a log directory")]
    NotADirectory {
        /// The file.
        path: PathBuf,
    },
    /// `init` was interrupted in this directory.
    #[error("`{path}` has an incomplete log: `init` was interrupted")]
    Unfinished {
        /// The directory.
        path: PathBuf,
    },
    /// The configuration of a log that may have published is missing.
    #[error("`{path}` is missing, the configuration of a log that was published")]
    NoConfig {
        /// The file.
        path: PathBuf,
    },
    /// The directory is a mirror's copy of a log.
    #[error("`{path}` is a copy that `glasslog mirror` keeps, and has no writer")]
    MirrorCopy {
        /// The directory.
        path: PathBuf,
    },
    /// `init` was given a directory that is not empty.
    #[error("`{path}` is not empty")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A secret key that others than its owner can read or write.
    #[error("others can read or write the secret key `{path}` (mode {mode:04o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The private state of a log is missing, without which nobody knows what it has signed.
    #[error("`{path}` is missing, the private state without which the log cannot be written")]
    NoState {
        /// The directory.
        path: PathBuf,
    },
    /// A file that must be new exists.
    #[error("`{path}` exists already")]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

impl LayoutError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotALog { .. } => "not-a-log",
            Self::NotADirectory { .. } => "not-a-directory",
            Self::Unfinished { .. } => "init-unfinished",
            Self::NoConfig { .. } => "config-missing",
            Self::MirrorCopy { .. } => "mirror-copy",
            Self::NotEmpty { .. } => "directory-not-empty",
            Self::Exposed { .. } => "key-exposed",
            Self::NoState { .. } => "state-missing",
            Self::Exists { .. } => "file-exists",
        }
    }

    /// Returns the remedy for the operator, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotALog { path } if log_of(path).is_some() => {
                let log = log_of(path)?.display();
                return Some(format!(
                    "`{}` is the public tree of the log directory `{log}`, which this verb takes",
                    path.display()
                ));
            }
            Self::NotALog { .. } | Self::NotADirectory { .. } => "`glasslog init` makes a log",
            Self::Unfinished { .. } => {
                "if nothing was ever published from it, remove the directory and run `glasslog init` again; else keep it with its keys, \
                 and restore the other files from a copy"
            }
            Self::NoConfig { .. } => {
                "keep the directory, and restore the file from a copy; without one write it again: `format = 1`, `origin = \"…\"` as \
                 in the first line of `public/checkpoint`, `raw = true` if the log admits any bytes, and the sections `[store]` \
                 and `[witnesses]` that it had"
            }
            Self::MirrorCopy { .. } => {
                "write to the log itself; verbs that read take the copy, and any web server can serve its `public/`"
            }
            Self::NotEmpty { .. } => "choose a directory that is empty or does not exist",
            Self::Exposed { path, .. } => return Some(format!("chmod 600 {}", path.display())),
            Self::NoState { .. } => FROM_BACKUP,
            Self::Exists { .. } => "name another file: no key is replaced",
        };
        Some(hint.to_owned())
    }
}
