//! How a log stands, for operators: read without its lock, also while another process writes to it.

mod bucket;
mod directory;

use crate::config::Config;
use crate::directory::disk::Disk;
use crate::directory::error::Holder;
use crate::directory::layout::Layout;
use crate::error::LogError;
use glasslog_core::index::format::Manifest;
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::object_store;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A look at a log; what changes meanwhile may be seen in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The log's identity.
    pub origin: String,
    /// Entries that are durable.
    pub size: u64,
    /// Entries that are in the public checkpoint.
    pub published: u64,
    /// Bytes of the entries between the two.
    pub backlog_bytes: u64,
    /// Seconds since the public checkpoint was replaced, if there is a backlog.
    pub lag: Option<u64>,
    /// Entries that the public index covers; `None` without an index.
    pub indexed: Option<u64>,
    /// Partials partial tiles and bundles that are still there.
    pub superseded_partials: u64,
    /// Whether the log is closed.
    pub is_closed: bool,
    /// Who writes to it.
    pub writer: Option<Writer>,
    /// What ended the last writer that did not end well.
    pub last_error: Option<String>,
}

/// Who writes to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A process of this machine, which has the lock of the directory.
    Process(Holder),
    /// The process that has the lease of the bucket, or had it and fell silent less than a lease ago.
    Lease(object_store::Holder),
}

impl Writer {
    /// Where it takes entries, if it serves.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Process(holder) => holder.url.as_deref(),
            Self::Lease(holder) => holder.url.as_deref(),
        }
    }
}

impl Status {
    /// Entries that are durable and not public.
    pub fn backlog(&self) -> u64 {
        self.size.saturating_sub(self.published)
    }

    /// Looks at the log with the directory `path`, wherever its entries live.
    ///
    /// # Errors
    /// When it is not a log, or its files or its bucket cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
        let config = Config::read(&disk, &layout)?;
        match &config.store {
            None => directory::read(&disk, &layout, config.origin),
            Some(settings) => bucket::read(settings, &layout, config.origin),
        }
    }
}

/// The words in the file of the last error.
fn last_error(file: Option<Vec<u8>>) -> Option<String> {
    file.map(|text| String::from_utf8_lossy(&text).trim().to_owned())
}

/// Seconds since a moment; none if it lies ahead, or is not known.
fn age(changed: Option<SystemTime>) -> u64 {
    let age = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
    age.unwrap_or_default().as_secs()
}

/// Size of the tree in a checkpoint, from the file `path` that holds it.
fn size_in(bytes: &[u8], path: PathBuf) -> Result<u64, LogError> {
    match Checkpoint::parse(bytes) {
        Ok(checkpoint) => Ok(checkpoint.head().size),
        Err(error) => Err(LogError::malformed(path, error)),
    }
}

/// Size of the log that the newest manifest covers, from the file `path` that holds it.
fn indexed(bytes: &[u8], path: PathBuf) -> Result<u64, LogError> {
    let manifest = TlogProof::parse(bytes)
        .ok()
        .and_then(|proof| Manifest::parse(proof.extra()).ok());
    let malformed = || LogError::malformed(path, "it holds no manifest");
    manifest
        .map(|manifest| manifest.head().size)
        .ok_or_else(malformed)
}
