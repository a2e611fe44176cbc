//! Where entries go: a log directory, written here, or a server that writes it.
use glasslog_log::{IndexError, StorageError};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use glasslog_core::merkle::Hash;
use glasslog_core::note::SignerKey;
use glasslog_log::directory::Disk;
use glasslog_log::writer::read_signer;
use glasslog_log::{Log, LogError, Refusal};

use crate::console::say;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::is_address;

mod server;

use server::Server;

/// A log that takes entries.
pub(crate) enum Destination {
    Directory(Box<Log>),
    Server(Server),
}

/// When a submission returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// When the entries survive a power loss.
    Durable,
    /// When they are in a published checkpoint.
    Published,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) index: u64,
    pub(crate) leaf_hash: Hash,
}

/// An entry that was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) exit: Exit,
}

/// What became of each entry, in order.
pub(crate) type Outcome = Vec<Result<Receipt, Refused>>;

impl Destination {
    /// Opens what `--log` names, for writing.
    ///
    /// # Errors
    /// A directory that is not a log, or that another process writes to; an address that is none.
    pub(crate) fn open(log: &str) -> Result<Self, Failure> {
        match is_address(log) {
            true => Server::open(log).map(Self::Server),
            false => Ok(Self::Directory(Box::new(open_log(Path::new(log))?))),
        }
    }

    /// Submits entries.
    ///
    /// # Errors
    /// The disk, or the network. A refused entry is an answer.
    pub(crate) fn submit(&mut self, entries: Vec<Vec<u8>>, wait: Wait) -> Result<Outcome, Failure> {
        match self {
            Self::Server(server) => server.submit(&entries, wait),
            Self::Directory(log) => {
                let outcomes = log.append(entries).map_err(|error| refuse(&error))?;
                if wait == Wait::Published {
                    log.publish(now()).map_err(|error| refuse(&error))?;
                }
                Ok(outcomes.into_iter().map(local).collect())
            }
        }
    }

    /// Makes everything that was submitted public.
    ///
    /// # Errors
    /// The disk. A server publishes by itself.
    pub(crate) fn publish(&mut self) -> Result<(), Failure> {
        match self {
            Self::Server(_) => Ok(()),
            Self::Directory(log) => log
                .publish(now())
                .map(|_| ())
                .map_err(|error| refuse(&error)),
        }
    }

    /// Submits one entry.
    ///
    /// # Errors
    /// As [`submit`](Self::submit), and also when the entry is refused.
    pub(crate) fn add(&mut self, entry: Vec<u8>, wait: Wait) -> Result<Receipt, Failure> {
        match self.submit(vec![entry], wait)?.pop() {
            Some(Ok(receipt)) => Ok(receipt),
            Some(Err(refused)) => Err(refused.into()),
            None => Err(Failure::unfinished(
                "no-answer",
                "nothing was said about the entry",
            )),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let hint = match refused.code.as_str() {
            "event-unknown-key" => Some("an admin enrols it with `glasslog keys enrol`"),
            "access-reason-missing" => Some("give `--reason-code` and `--reason`"),
            _ => None,
        };
        // Failures have static codes; a server's word for a refusal is one, and ends the process.
        let code = refused.code.leak();
        Self {
            hint: hint.map(str::to_owned),
            ..Self::new(refused.exit, code, refused.message)
        }
    }
}

fn local(outcome: Result<glasslog_log::Receipt, Refusal>) -> Result<Receipt, Refused> {
    outcome
        .map(|receipt| Receipt {
            index: receipt.index,
            leaf_hash: receipt.leaf_hash,
        })
        .map_err(|refusal| Refused {
            code: refusal.code().into(),
            message: refusal.to_string(),
            exit: refusal.class().into(),
        })
}

/// The exit code that stands for an HTTP refusal (`docs/cli.md`, "Writers" and "Exit codes").
fn exit_of_status(status: u16) -> Exit {
    match status {
        400 | 413 => Exit::Malformed,
        403 => Exit::Undecided,
        409 => Exit::Refused,
        422 => Exit::False,
        _ => Exit::Unfinished,
    }
}

/// Opens a log directory for writing.
///
/// # Errors
/// A directory that is not a log, or that another process writes to.
pub(crate) fn open_log(path: &Path) -> Result<Log, Failure> {
    let log = Log::open(path).map_err(|error| refuse(&error))?;
    if let Some(reason) = log.rebuilt() {
        say(format_args!(
            "glasslog: the table of known entries was made again from the log: {reason}"
        ));
    }
    Ok(log)
}

/// Says why a log directory cannot be used.
pub(crate) fn refuse(error: &LogError) -> Failure {
    let exit = match error {
        LogError::Storage(StorageError::Setting { .. } | StorageError::Malformed { .. }) => {
            Exit::Malformed
        }
        LogError::Index(IndexError::NotInTree { .. }) => Exit::False,
        LogError::Index(IndexError::AnotherHistory { .. }) => Exit::Inconsistent,
        _ => Exit::Unfinished,
    };
    Failure {
        hint: error.hint(),
        ..Failure::new(exit, error.code(), error.to_string())
    }
}

/// The secret key in a file that an argument names; a missing one can be made.
pub(crate) fn named_key(path: &Path, kind: &str) -> Result<SignerKey, Failure> {
    read_signer(&Disk::new(), path).map_err(|error| match error {
        LogError::Storage(StorageError::Missing { .. }) => {
            refuse(&error).hint(format!("`glasslog keygen --kind {kind}` makes a key"))
        }
        _ => refuse(&error),
    })
}

/// The clock, in seconds since the epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
