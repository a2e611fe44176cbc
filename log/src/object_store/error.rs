//! Errors of a log in a bucket.

use super::protocol::Unfit;
use glasslog_core::object_store::LockError;
use thiserror::Error;

/// Names the server that writes, in a message.
fn server(url: Option<&str>) -> String {
    url.map_or_else(|| "another process".into(), |url| format!("`{url}`"))
}

/// An operation on an object store that was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store did not answer for long. The request was carried out or not.
    #[error("cannot {operation} `{key}`: {reason}")]
    Unreachable {
        /// The operation as a verb.
        operation: &'static str,
        /// The object.
        key: String,
        /// The failure of the last attempt.
        reason: String,
    },
    /// The store refuses these credentials, or this bucket.
    #[error("`{key}`: access denied: {reason}")]
    Denied {
        /// The object.
        key: String,
        /// The message of the store.
        reason: String,
    },
    /// The store does not honour the conditions that writers rely on.
    #[error("`{store}` cannot hold a log: {what}")]
    Unfit {
        /// Location of the store.
        store: String,
        /// The condition that it broke.
        what: Unfit,
    },
    /// The lock object is malformed.
    #[error("`{key}`: {error}")]
    Lock {
        /// The object.
        key: String,
        /// The rule that it breaks.
        error: LockError,
    },
    /// The lock object is missing: there is no log, or it lost its lock.
    #[error("`{key}` is missing")]
    NoLock {
        /// Key of the lock.
        key: String,
    },
    /// Another process writes this log.
    #[error("the log is being written by {}", server(url.as_deref()))]
    NotWriter {
        /// The URL where it accepts entries, if it serves.
        url: Option<String>,
    },
    /// Too many batches wait for a signed head, so no more may be staged.
    #[error("too many batches wait for a signed head")]
    Backlog,
}

impl StoreError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "store-unreachable",
            Self::Denied { .. } => "store-denied",
            Self::Unfit { .. } => "store-unfit",
            Self::Lock { error, .. } => error.code(),
            Self::NoLock { .. } => "lock-missing",
            Self::NotWriter { .. } => "not-the-writer",
            Self::Backlog => "staged-backlog",
        }
    }

    /// Returns the remedy for the operator.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreachable { .. } => "check that the endpoint is right and the store is running".into(),
            Self::Denied { .. } => {
                "credentials are taken from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`".into()
            }
            Self::Unfit { .. } => {
                "choose a store with conditional writes (`If-Match`, `If-None-Match`), such as S3 or versitygw".into()
            }
            Self::Lock { .. } | Self::NoLock { .. } => {
                "a log whose lock object was lost or changed must not sign again".into()
            }
            Self::NotWriter { url: Some(url) } => {
                format!("write through the running server: `--log {url}`")
            }
            Self::NotWriter { url: None } => "wait until it ends".into(),
            Self::Backlog => "publish first".into(),
        })
    }
}
