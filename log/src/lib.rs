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

pub mod audit;
mod checkpoint_file;
mod closing;
mod config;
pub mod disk;
mod error;
pub mod inconsistency;
pub mod index;
mod init;
mod journal;
pub mod keys;
pub mod kind;
mod known;
mod layout;
mod leaf;
mod ledger;
mod lock;
mod log;
pub mod object_store;
mod open;
mod posix;
mod public;
mod publisher;
pub mod sequencer;
mod shown;
mod signer;
pub mod standing;
pub mod storage;
mod superseded;
mod torn;
pub mod witness;

pub use checkpoint_file::CheckpointFile;
pub use config::Config;
pub use error::LogError;
pub use init::{Made, NewLog};
pub use known::Bounds;
pub use layout::Layout;
pub use leaf::Leaf;
pub use ledger::{Ledger, Outcome, Receipt, Refusal};
pub use lock::Holder;
pub use log::Log;
pub use public::PublicTree;
pub use shown::ARCHIVE_INTERVAL;
