//! Any error of this crate: each variant wraps the errors of one module.

use crate::cosigning::missing::NotCosigned;
use crate::dedup::error::DedupError;
use crate::directory::error::{DiskError, LayoutError, LockError};
use crate::index::error::IndexError;
use crate::object_store::error::StoreError;
use crate::storage::error::{JournalError, StorageError};
use crate::writer::error::{HistoryError, WriterError};
use std::path::PathBuf;
use thiserror::Error;

/// An operation on a log that was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum LogError {
    /// A file operation failed.
    Disk(#[from] DiskError),
    /// Another process holds a lock.
    Lock(#[from] LockError),
    /// The directory is not a log, or is not free for a new one.
    Layout(#[from] LayoutError),
    /// A file is missing or wrong.
    Storage(#[from] StorageError),
    /// The staged entries are damaged or do not fit.
    Journal(#[from] JournalError),
    /// State, public files and signed heads do not form one history.
    History(#[from] HistoryError),
    /// The log or its writer does not allow the operation.
    Writer(#[from] WriterError),
    /// The table of known entries failed.
    Dedup(#[from] DedupError),
    /// The bucket of the log failed.
    Store(#[from] StoreError),
    /// The index cannot be built.
    Index(#[from] IndexError),
    /// Too few witnesses cosigned: what was to be published is durable, and the public checkpoint stays.
    NotCosigned(#[from] NotCosigned),
}

impl LogError {
    /// The error of a writer that stopped after an earlier failure.
    pub const STOPPED: Self = Self::Writer(WriterError::Stopped);

    pub(crate) fn missing(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        StorageError::Missing { path }.into()
    }

    pub(crate) fn differs(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        StorageError::Differs { path }.into()
    }

    pub(crate) fn malformed(path: impl Into<PathBuf>, problem: impl ToString) -> Self {
        let (path, problem) = (path.into(), problem.to_string());
        StorageError::Malformed { path, problem }.into()
    }

    pub(crate) fn setting(path: impl Into<PathBuf>, problem: impl ToString) -> Self {
        let (path, problem) = (path.into(), problem.to_string());
        StorageError::Setting { path, problem }.into()
    }

    pub(crate) fn not_buildable(problem: impl ToString) -> Self {
        let problem = problem.to_string();
        IndexError::NotBuildable { problem }.into()
    }

    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disk(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Layout(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Journal(error) => error.code(),
            Self::History(error) => error.code(),
            Self::Writer(error) => error.code(),
            Self::Dedup(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Index(error) => error.code(),
            Self::NotCosigned(error) => error.code(),
        }
    }

    /// Returns the remedy for the operator, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Disk(_) => None,
            Self::Index(error) => error.hint(),
            Self::Lock(error) => Some(error.hint()),
            Self::Layout(error) => error.hint(),
            Self::Storage(error) => error.hint().map(str::to_owned),
            Self::Journal(error) => Some(error.hint().to_owned()),
            Self::History(error) => error.hint().map(str::to_owned),
            Self::Writer(error) => Some(error.hint().to_owned()),
            Self::Dedup(error) => Some(error.hint().to_owned()),
            Self::Store(error) => error.hint(),
            Self::NotCosigned(error) => Some(error.hint().to_owned()),
        }
    }
}
