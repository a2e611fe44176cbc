//! Destinations of entries: a log directory, written here, or a server that writes it.

use std::path::Path;

use glasslog_client::source::is_address;
use glasslog_client::submit::{Outcome, Receipt, Refused, Server, Wait};
use glasslog_log::{Log, Refusal};

use crate::clock::now;
use crate::failure::Failure;
use crate::output::say;

/// A log that takes entries.
pub(crate) enum Destination {
    Directory(Box<Log>),
    Server(Server),
}

impl Destination {
    /// Opens what `--log` names, for writing.
    ///
    /// # Errors
    /// The directory is not a log, or another process writes to it; or the address is malformed.
    pub(crate) fn open(log: &str) -> Result<Self, Failure> {
        match is_address(log) {
            true => Ok(Self::Server(Server::open(log)?)),
            false => Ok(Self::Directory(Box::new(open_log(Path::new(log))?))),
        }
    }

    /// Submits entries. A refused entry is an answer.
    ///
    /// # Errors
    /// The disk or the network fails, or a server refuses the batch as a whole.
    pub(crate) fn submit(&mut self, entries: Vec<Vec<u8>>, wait: Wait) -> Result<Outcome, Failure> {
        match self {
            Self::Server(server) => Ok(server.submit(&entries, wait)??),
            Self::Directory(log) => {
                let outcomes = log.append(entries)?;
                if wait == Wait::Published {
                    log.publish(now())?;
                }
                Ok(outcomes.into_iter().map(local).collect())
            }
        }
    }

    /// Publishes all submitted entries. A server publishes by itself.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn publish(&mut self) -> Result<(), Failure> {
        if let Self::Directory(log) = self {
            log.publish(now())?;
        }
        Ok(())
    }

    /// Submits one entry.
    ///
    /// # Errors
    /// As [`submit`](Self::submit), and if the entry is refused.
    pub(crate) fn add(&mut self, entry: Vec<u8>, wait: Wait) -> Result<Receipt, Failure> {
        Ok(self.offer(entry, wait)??)
    }

    /// Submits one entry. A refusal is an answer.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub(crate) fn offer(
        &mut self,
        entry: Vec<u8>,
        wait: Wait,
    ) -> Result<Result<Receipt, Refused>, Failure> {
        match self.submit(vec![entry], wait)?.pop() {
            Some(outcome) => Ok(outcome),
            None => Err(Failure::unfinished(
                "no-outcome",
                "the log gave no answer about the entry",
            )),
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
            class: Some(refusal.class()),
        })
}

/// Opens a log directory for writing.
///
/// # Errors
/// The directory is not a log, or another process writes to it.
pub(crate) fn open_log(path: &Path) -> Result<Log, Failure> {
    let log = Log::open(path)?;
    if let Some(reason) = log.rebuilt() {
        say(format_args!(
            "glasslog: the table of known entries was made again from the log: {reason}"
        ));
    }
    Ok(log)
}
