//! How a log directory stands, for operators: read without its lock, also while another process writes to it.

use crate::checkpoint_file::CheckpointFile;
use crate::closing::CLOSED;
use crate::config::Config;
use crate::disk::{Disk, DiskError};
use crate::error::LogError;
use crate::journal;
use crate::layout::Layout;
use crate::lock::{self, Holder};
use crate::sequencer::LAST_ERROR;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::index::file::LATEST_PATH;
use glasslog_core::index::manifest::Manifest;
use glasslog_core::tlog_proof::TlogProof;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

/// A look at a log directory; what changes meanwhile may be seen in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
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
    /// Superseded partial tiles and bundles that are still there.
    pub superseded_partials: u64,
    /// Whether the log is closed.
    pub is_closed: bool,
    /// Who writes to it.
    pub writer: Option<Holder>,
    /// What ended the last writer that did not end well.
    pub last_error: Option<String>,
}

impl Standing {
    /// Entries that are durable and not public.
    pub fn backlog(&self) -> u64 {
        self.size.saturating_sub(self.published)
    }

    /// Looks at the log at `path`.
    ///
    /// # Errors
    /// When it is not a log, or its files cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
        let config = Config::read(&disk, &layout)?;
        // The head first: the checkpoint never goes beyond it, and may only have caught up since.
        let head = read_head(&disk, &layout)?;
        let staged = journal::peek(&disk, &layout)?;
        let shown = CheckpointFile::new(&disk, &layout).read()?;
        let published = shown.map_or(0, |shown| shown.head().size);
        let size = staged.end().max(head).max(published);
        let waiting = (staged.first..)
            .zip(&staged.leaves)
            .filter(|(index, _)| *index >= published);
        let backlog_bytes = waiting.map(|(_, leaf)| leaf.entry().len() as u64).sum();
        let last_error = disk.read(&layout.private(LAST_ERROR))?;
        Ok(Self {
            origin: config.origin,
            size,
            published,
            backlog_bytes,
            lag: (size > published).then(|| age(&layout.checkpoint())),
            indexed: indexed(&disk, &layout)?,
            superseded_partials: superseded(&layout.public_file("tile"))?,
            is_closed: layout.private(CLOSED).exists(),
            writer: lock::writer(&layout.lock())?,
            last_error: last_error.map(|text| String::from_utf8_lossy(&text).trim().to_owned()),
        })
    }
}

fn read_head(disk: &Disk, layout: &Layout) -> Result<u64, LogError> {
    let path = layout.head();
    let Some(bytes) = disk.read(&path)? else {
        return Err(LogError::Missing { path });
    };
    match Checkpoint::parse(&bytes) {
        Ok(checkpoint) => Ok(checkpoint.head().size),
        Err(error) => Err(LogError::Malformed {
            path,
            problem: error.to_string(),
        }),
    }
}

/// Seconds since a file was replaced.
fn age(path: &Path) -> u64 {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = changed
        .ok()
        .and_then(|changed| SystemTime::now().duration_since(changed).ok());
    age.unwrap_or_default().as_secs()
}

/// Size of the log that the newest manifest covers.
fn indexed(disk: &Disk, layout: &Layout) -> Result<Option<u64>, LogError> {
    let path = layout.public_file(LATEST_PATH);
    let Some(bytes) = disk.read(&path)? else {
        return Ok(None);
    };
    let manifest = TlogProof::parse(&bytes)
        .ok()
        .and_then(|proof| Manifest::parse(proof.extra()).ok());
    let malformed = || LogError::Malformed {
        path,
        problem: "it holds no manifest".into(),
    };
    manifest
        .map(|manifest| Some(manifest.head().size))
        .ok_or_else(malformed)
}

/// Counts the partial files below a directory whose full ones are there.
fn superseded(directory: &Path) -> Result<u64, LogError> {
    let mut count = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let failed = |error: std::io::Error| DiskError::new("list", &directory, &error);
        let entries = match fs::read_dir(&directory) {
            // A directory of partial files goes when the last of them does.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries.map_err(failed)?,
        };
        let is_superseded = directory
            .extension()
            .is_some_and(|extension| extension == "p")
            && directory.with_extension("").exists();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                directories.push(entry.path());
            } else {
                count += u64::from(is_superseded);
            }
        }
    }
    Ok(count)
}
