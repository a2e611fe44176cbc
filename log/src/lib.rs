//! The writer of a Glasslog log: admits entries, stores them durably, publishes tiles, signs checkpoints, builds the index.
//!
//! # Format
//! A log is a directory of a POSIX file system (`docs/formats/log-directory.md`). Its `public/` folder is a
//! [c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles) tree and the only one to serve; `state/` and `keys/` are private.
//! Alternatively everything but the keys and the configuration is in a bucket of an S3-compatible store
//! (`docs/formats/object-store.md`), where a lease replaces the lock.
//!
//! # Example
//! ```
//! # fn main() -> Result<(), glasslog_log::LogError> {
//! # let directory = tempfile::tempdir().expect("a temporary directory");
//! # let path = directory.path().join("log");
//! use glasslog_log::{Log, NewLog};
//!
//! let now = 1_767_225_600; // seconds since the epoch
//! NewLog::raw("example.com/log").create(&path, now)?;
//! let mut log = Log::open(&path)?;
//! let outcomes = log.append(vec![b"an entry".to_vec()])?;
//! assert!(outcomes[0].is_ok());
//! assert_eq!(log.publish(now)?.size, 1);
//! # log.close()
//! # }
//! ```
//!
//! # Modules
//! | module | purpose |
//! |---|---|
//! | [`storage`] | the interface of a log's storage; [`directory`] and [`object_store`] implement it |
//! | [`writer`] | opening, admission, publication, closing |
//! | [`sequencer`] | group commit for many submitters |
//! | `dedup` | the table of known entries, by which duplicates are found |
//! | [`index`] | the index of a log, and an auditor's cosignature on it |
//! | [`cosigning`] | the log's own witnesses, who cosign before a checkpoint is public |
//! | [`mirror`] | a verified copy of any log |
//! | [`witness`] | a one-shot witness |
//! | [`status`] | the status of a log, read without its lock |
//!
//! # Guarantees
//! * *Acknowledged entries are durable*: when [`Log::append`] returns, the entries and their indices survive a crash and a
//!   power loss, if the disk honours `fsync`.
//! * *A log never shrinks or forks*: a signed head is durable in `state/` before it is public. Opening refuses a log whose
//!   private state is older than its public files, or contradicts them.
//! * *There is one writer*: an operating system lock on `state/lock` ends with its process. In a bucket, a writer that lost
//!   its lease cannot change the signed head.
//! * *Public files are complete*: a file is written in `state/tmp` and then linked into `public/`.
//!
//! # Scope
//! The crate blocks; asynchronous callers use [`sequencer`]. `glasslog_core::rules` decides the admission of events,
//! `glasslog-server` is the HTTP interface, and `glasslog-client` reads and audits logs.

#![cfg(unix)]

pub mod caching;
mod config;
pub mod cosigning;
mod create;
mod dedup;
pub mod directory;
mod error;
pub mod index;
mod leaf;
pub mod mirror;
mod network;
pub mod object_store;
mod page_origin;
pub mod sequencer;
pub mod status;
pub mod storage;
pub mod witness;
pub mod writer;

pub use config::{Config, Schedule, Serving};
pub use create::{Made, NewLog};
pub use dedup::{Bounds, DedupError};
pub use directory::{
    CheckpointFile, DiskError, Holder, Layout, LayoutError, LockError, PublicTree,
};
pub use error::LogError;
pub use index::IndexError;
pub use leaf::Leaf;
pub use network::{Network, NetworkError};
pub use object_store::StoreError;
pub use page_origin::{PageOrigin, PageOriginError};
pub use storage::{JournalError, StorageError};
pub use writer::known_signers::KnownSigners;
pub use writer::{
    ARCHIVE_INTERVAL, Admitter, HistoryError, Log, Outcome, Receipt, Refusal, WriterError,
};
