//! Owns the files of a Glasslog log: admits and stores entries durably, publishes tiles, signs checkpoints.
//!
//! One log is one directory of a POSIX file system (`docs/formats/log-directory.md`): `public/` is a
//! [c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles) tree and the only thing to serve; `state/` and `keys/` are private.
//! Or it lives in a bucket (`docs/formats/object-store.md`, [`object_store`]), where a lease takes the place of the lock.
//!
//! # Promises
//! * *Acknowledged means durable*: when [`Log::append`] returns, the entries and their indices survive a crash and a
//!   power loss (as far as the disk honours `fsync`).
//! * *Never shrinks, never forks*: a signed head is durable in `state/` before anyone can see it, and a log whose
//!   private state is older than its public files, or differs from them, is refused at open.
//! * *One writer*: an operating system lock on `state/lock`, which goes when the process goes.
//! * *Nothing half-written is public*: files are made and synced in `state/tmp` and then linked into `public/`.
//!
//! # Scope
//! Synchronous, one sequencer. What an entry may say is decided by `glasslog_core::rules::admission`.

#![cfg(unix)]

pub mod caching;
mod config;
mod create;
mod dedup;
pub mod directory;
mod error;
pub mod index;
mod leaf;
pub mod object_store;
pub mod sequencer;
pub mod status;
pub mod storage;
pub mod witness;
pub mod writer;

pub use config::{Config, Schedule};
pub use create::{Made, NewLog};
pub use dedup::{Bounds, DedupError};
pub use directory::{
    CheckpointFile, DiskError, Holder, Layout, LayoutError, LockError, PublicTree,
};
pub use error::LogError;
pub use index::IndexError;
pub use leaf::Leaf;
pub use object_store::StoreError;
pub use storage::{JournalError, StorageError};
pub use writer::{ARCHIVE_INTERVAL, Admitter, Log, Outcome, Receipt, Refusal};
pub use writer::{HistoryError, WriterError};
