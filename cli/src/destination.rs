//! Destinations of entries: a log directory, written here, or a server that writes it.

use std::path::Path;

use glasslog_client::source::is_address;
use glasslog_client::submit::{self, Outcome, Receipt, Refused, Server, Wait};
use glasslog_log::cosigning::{Missing, NotCosigned};
use glasslog_log::{Log, LogError, Refusal};

use crate::clock::now;
use crate::failure::Failure;
use crate::output::say;
use crate::source;
use crate::submitted::{State, Submitted};

/// A log that takes entries.
pub(crate) enum Destination {
    Directory(Box<Log>),
    Server(Box<Server>),
}

impl Destination {
    /// Opens what `--log` names, for writing.
    ///
    /// # Errors
    /// The directory is not a log, or another process writes to it; or the address is malformed.
    pub(crate) fn open(log: &str) -> Result<Self, Failure> {
        match is_address(log)? {
            true => Ok(Self::Server(Box::new(Server::open(log)?))),
            false => Ok(Self::Directory(Box::new(open_log(Path::new(log))?))),
        }
    }

    /// Submits entries. A refused entry is an answer.
    ///
    /// # Errors
    /// The disk or the network fails, or a server refuses the batch as a whole.
    pub(crate) fn submit(&mut self, entries: Vec<Vec<u8>>, wait: Wait) -> Result<Outcome, Broken> {
        match self {
            Self::Server(server) => match server.submit(&entries, wait) {
                Ok(Ok(answered)) => match answered.unpublished {
                    None => Ok(answered.outcome),
                    Some(missing) => {
                        let failure = not_cosigned(&missing);
                        Err(Broken::unpublished(failure, answered.outcome))
                    }
                },
                // A server that refuses a batch as a whole may have begun to admit it.
                Ok(Err(refused)) => Err(Broken::unknown(refused)),
                Err(unanswered) if unanswered.may_be_admitted => {
                    Err(Broken::unknown(unanswered.error))
                }
                Err(unanswered) => Err(Broken::unsent(unanswered.error)),
            },
            Self::Directory(log) => {
                let appended = log.append(entries).map_err(Broken::unknown)?;
                let outcome: Outcome = appended.into_iter().map(local).collect();
                match wait {
                    Wait::Durable => Ok(outcome),
                    Wait::Published => match log.publish(now()) {
                        Ok(_) => Ok(outcome),
                        Err(error) => Err(Broken::unpublished(error, outcome)),
                    },
                }
            }
        }
    }

    /// Moves submitted entries out of memory, for more to come; without witnesses they are published. A server does so by
    /// itself. Returns whether they are published.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn settle(&mut self) -> Result<bool, Failure> {
        match self {
            Self::Directory(log) if log.has_witnesses() => {
                log.sequence()?;
                Ok(false)
            }
            _ => self.publish().map(|()| true),
        }
    }

    /// Publishes all submitted entries. A server publishes by itself.
    ///
    /// # Errors
    /// The disk fails, or too few of the log's witnesses cosign.
    pub(crate) fn publish(&mut self) -> Result<(), Failure> {
        if let Self::Directory(log) = self {
            log.publish(now())?;
        }
        Ok(())
    }

    /// Submits one entry. A refusal is an answer.
    ///
    /// # Errors
    /// The disk or the network fails; the failure states what is known about the entry.
    pub(crate) fn offer(
        &mut self,
        entry: &[u8],
        wait: Wait,
    ) -> Result<Result<Receipt, Refused>, Failure> {
        let no_answer = || {
            let message = "the log gave no answer about the entry";
            Failure::unfinished("no-outcome", message).after(Submitted::unknown(entry))
        };
        match self.submit(vec![entry.to_vec()], wait) {
            Ok(mut outcome) => outcome.pop().ok_or_else(no_answer),
            Err(Broken {
                failure,
                state,
                mut outcome,
            }) => match (state, outcome.pop()) {
                (None, _) => Err(failure),
                (Some(_), Some(Err(refused))) => Ok(Err(refused)),
                (Some(state), Some(Ok(receipt))) => {
                    Err(failure.after(Submitted::entry(state, &receipt, entry)))
                }
                (Some(_), None) => Err(failure.after(Submitted::unknown(entry))),
            },
        }
    }
}

/// A submission that failed, and what is known about its entries.
pub(crate) struct Broken {
    pub(crate) failure: Failure,
    /// `None` if nothing was sent.
    pub(crate) state: Option<State>,
    /// The answers, if there are any.
    pub(crate) outcome: Outcome,
}

impl Broken {
    fn new(failure: impl Into<Failure>, state: Option<State>, outcome: Outcome) -> Self {
        let failure = failure.into();
        Self {
            failure,
            state,
            outcome,
        }
    }

    fn unsent(failure: impl Into<Failure>) -> Self {
        Self::new(failure, None, Vec::new())
    }

    fn unknown(failure: impl Into<Failure>) -> Self {
        Self::new(failure, Some(State::Unknown), Vec::new())
    }

    fn unpublished(failure: impl Into<Failure>, outcome: Outcome) -> Self {
        Self::new(failure, Some(State::Durable), outcome)
    }
}

/// Describes entries that a server could not publish, as the log of a directory does.
fn not_cosigned(missing: &[submit::Missing]) -> LogError {
    let missing = missing.iter().map(|missing| Missing {
        name: missing.name.clone(),
        since: missing.since,
        problem: None,
    });
    LogError::from(NotCosigned {
        needs: "by the policy of its operator".to_owned(),
        missing: missing.collect(),
        next: None,
    })
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
    let log = Log::open(source::directory(path)?)?;
    if let Some(reason) = log.rebuilt() {
        say(format_args!(
            "glasslog: the table of known entries was made again from the log: {reason}"
        ));
    }
    Ok(log)
}
