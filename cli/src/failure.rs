//! The one error type of the verbs: the problem, its stable code, the remedy and the exit code.

use core::fmt::Display;
use std::io::ErrorKind;
use std::path::Path;

use glasslog_client::io_reason;
use glasslog_client::prove::ProofError;
use glasslog_client::submit::Refused;
use glasslog_core::fetch::{CHECKPOINT_PATH, ProveError};
use glasslog_log::LogError;

use crate::exit::Exit;
use crate::submitted::Submitted;

/// Remedy for a path or address without a checkpoint.
pub(crate) const NO_LOG: &str = "this is not a log's address or directory: `LOG` is a log directory, its public tree, or the address of such a tree";

/// A verb that ends without a report.
///
/// `code` is stable and kebab-case; `message` is lower case without a full stop, with user input in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The entries that were submitted before.
    pub(crate) submitted: Option<Box<Submitted>>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code,
            message: message.into(),
            hint: None,
            submitted: None,
        }
    }

    /// Exit 1: the verb could not finish.
    pub(crate) fn unfinished(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Unfinished, code, message)
    }

    /// Exit 2: the command line is at fault.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Exit 2: the contract has it, but this version does not.
    pub(crate) fn not_available(what: impl Display) -> Self {
        Self::new(
            Exit::Usage,
            "not-available",
            format!("{what} is not available in this version"),
        )
    }

    /// Exit 1: a file could not be read or written.
    pub(crate) fn file(path: impl Display, error: &std::io::Error) -> Self {
        let (path, problem) = (path.to_string(), io_reason(error));
        let hint = path_hint(Path::new(&path), error.kind());
        let failure = glasslog_client::Error::File { path, problem }.into();
        Self { hint, ..failure }
    }

    /// Exit 1: standard output could not be written.
    pub(crate) fn stdout(error: &std::io::Error) -> Self {
        Self::unfinished(
            "standard-output",
            format!("standard output: {}", io_reason(error)),
        )
    }

    /// States what is known about the entries that were submitted before this failure.
    pub(crate) fn after(mut self, submitted: Submitted) -> Self {
        self.message = format!("{submitted}{}", self.message);
        self.submitted = Some(Box::new(submitted));
        self
    }

    /// States what was done before this failure, and stays done.
    pub(crate) fn despite(mut self, done: impl Display) -> Self {
        self.message = format!("{done}, but {}", self.message);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Returns the remedy for a path at which no file can be read or written.
fn path_hint(at: &Path, problem: ErrorKind) -> Option<String> {
    if at.to_string_lossy().contains("://") {
        return Some("that is an address, and the path of a file on this machine is wanted".into());
    }
    let policy = at.join("trust.policy");
    Some(match problem {
        ErrorKind::NotFound if at.as_os_str().is_empty() => "the path is empty: name a file".into(),
        ErrorKind::NotFound => {
            let folder = at.parent().filter(|folder| !folder.as_os_str().is_empty());
            match folder {
                Some(folder) if !folder.exists() => {
                    format!("there is no directory `{}`", folder.display())
                }
                _ if at.is_absolute() => "correct the path".into(),
                _ => "correct the path, which begins at the current directory".into(),
            }
        }
        ErrorKind::IsADirectory if policy.is_file() => format!(
            "a file is wanted; the trust policy in that directory is `{}`",
            policy.display()
        ),
        ErrorKind::IsADirectory => "a file is wanted: name one in that directory".into(),
        ErrorKind::NotADirectory => "one of the directories of the path is a file".into(),
        ErrorKind::AlreadyExists => "a file has that name already: give another one".into(),
        ErrorKind::PermissionDenied => {
            "change the rights of the path, or run it as a user who has them".into()
        }
        _ => return None,
    })
}

impl From<glasslog_client::Error> for Failure {
    fn from(error: glasslog_client::Error) -> Self {
        let exit = Exit::from(&error);
        let code = match exit {
            Exit::Usage => "usage",
            _ => error.code(),
        };
        Self {
            hint: error.hint(),
            ..Self::new(exit, code, error.to_string())
        }
    }
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Source(error) => error.into(),
            ProofError::Prove(ProveError::Missing { ref path }) if path == CHECKPOINT_PATH => {
                Self::new(Exit::from(&error), error.code(), error.to_string()).hint(NO_LOG)
            }
            error => Self::new(Exit::from(&error), error.code(), error.to_string()),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let of_path = || match &error {
            LogError::Disk(error) => path_hint(&error.path, error.kind),
            _ => None,
        };
        Self {
            hint: error.hint().or_else(of_path),
            ..Self::new(Exit::from(&error), error.code(), error.to_string())
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let hint = match refused.code.as_str() {
            "event-unknown-key" if refused.message.ends_with("is not enrolled") => {
                Some("an admin enrols it with `glasslog keys enrol`")
            }
            "event-unknown-key" => Some(
                "an actor signs with `--signer SPEC`, admins with `--admin SPEC`, by default `LOG/keys/admin`",
            ),
            "access-reason-missing" => Some("give `--reason-code` and `--reason`"),
            "acts-on-no-entry" => Some(
                "`glasslog history ARTIFACT` shows index and leaf hash (`leafHash` in JSON) of each event that can be answered",
            ),
            "register-new-name-missing" => Some(
                "add the member `\"newName\":true` and sign again; `glasslog record` does it by itself",
            ),
            "register-new-name-false" => {
                Some("sign again without `newName`; `glasslog record` does it by itself")
            }
            "register-name-freed" => {
                Some("let the admins sign too, `glasslog record --admin SPEC`")
            }
            _ => None,
        };
        let exit = Exit::from(&refused);
        // A failure has a static code; a server's code for a refusal is not static, but ends the process.
        let code = refused.code.leak();
        Self {
            hint: hint.map(str::to_owned),
            ..Self::new(exit, code, refused.message)
        }
    }
}
