//! The storage interface of a log: a directory of a POSIX file system, or a bucket of an object store.
//!
//! It separates three kinds of data. *Public files* appear complete, and all but a few never change. *Staged entries*
//! are acknowledged and not yet public. The *signed head* changes only by [`Storage::swap_head`]: of two writers that
//! both believe to be the only one, one fails before a reader sees its signature.

pub(crate) mod error;

pub use error::{JournalError, StorageError};

use crate::error::LogError;
use crate::leaf::Leaf;
use core::fmt;
use glasslog_core::tiles::PublicFile;
use std::path::PathBuf;

/// A version of the signed head, unique in its storage: a digest, a generation or an ETag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Acknowledged entries with the indices `first..first + leaves.len()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// Index of the first.
    pub first: u64,
    /// The entries, in order.
    pub leaves: Vec<Leaf>,
}

impl Staged {
    /// Returns one past the last index.
    pub fn end(&self) -> u64 {
        self.first + self.leaves.len() as u64
    }
}

/// Changes the content of a mutable public file. An argument of `None` means that the file is missing; a result of
/// `None` leaves it unchanged.
pub type Change<'a> = dyn FnMut(Option<Vec<u8>>) -> Result<Option<Vec<u8>>, LogError> + 'a;

/// The storage of one log. Methods block; several threads of one writer call them concurrently.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Returns the location of a public file, for messages.
    fn locate(&self, path: &str) -> PathBuf;

    /// Returns the location of a private file, for messages.
    fn locate_private(&self, name: &str) -> PathBuf;

    /// Reads a public file by its path relative to the tree; `None` if it is missing.
    ///
    /// # Errors
    /// The file cannot be read, or the storage does not tell if it exists.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError>;

    /// Reads public files; the results are in the order of the paths. A storage with slow reads reads them
    /// concurrently.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_many(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        paths.iter().map(|path| self.read(path)).collect()
    }

    /// Adds immutable public files: when this returns, readers see them complete. They need not survive a power loss
    /// before [`unstage`](Self::unstage) of the entries that they contain.
    ///
    /// A file that exists must be the same, byte for byte. A file that a power loss may have left incomplete is
    /// repaired.
    ///
    /// # Errors
    /// [`StorageError::Differs`] for a file with another content; any of the other files may then be in place.
    fn create(&self, files: &[PublicFile]) -> Result<(), LogError>;

    /// Adds a public file that cannot be derived again, durably, unless it exists; returns the existing content.
    ///
    /// # Errors
    /// The storage fails; the file then exists or not.
    fn keep(&self, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, LogError>;

    /// Changes a public file that other processes change too, durably and without losing their changes: `change`
    /// receives the current content, and is called again if that has changed meanwhile.
    ///
    /// # Errors
    /// The error of `change`, or of the storage; the old or the new content is then in place.
    fn update(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError>;

    /// As [`update`](Self::update), inside of the update of another file.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn update_inside(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError>;

    /// Removes a public file; a missing file is not an error.
    ///
    /// # Errors
    /// The storage fails.
    fn remove(&self, path: &str) -> Result<(), LogError>;

    /// Returns the names of the public files directly in a directory; none if the directory is missing.
    ///
    /// # Errors
    /// The directory cannot be listed.
    fn list(&self, directory: &str) -> Result<Vec<String>, LogError>;

    /// Reads a small private file by its name.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    fn read_private(&self, name: &str) -> Result<Option<Vec<u8>>, LogError>;

    /// Replaces or creates a small private file, durably.
    ///
    /// # Errors
    /// The storage fails; the old or the new content is then in place.
    fn replace_private(&self, name: &str, bytes: &[u8]) -> Result<(), LogError>;

    /// Stores acknowledged entries: when this returns, they survive a power loss. `first` is one past the last stored
    /// index.
    ///
    /// # Errors
    /// The storage fails; any prefix of the entries may then be stored, and the log must be opened again.
    fn stage(&self, first: u64, leaves: &[Leaf]) -> Result<(), LogError>;

    /// Returns the stored entries: all since the last [`unstage`](Self::unstage), and possibly some earlier ones. It is
    /// called once, before any entry is staged.
    ///
    /// # Errors
    /// The entries cannot be read, or are damaged.
    fn staged(&self) -> Result<Staged, LogError>;

    /// Discards the staged entries before `end`, which are public: first makes every file that was created for them
    /// durable. The writer calls it from time to time and at the end, also while other threads stage entries and create
    /// files.
    ///
    /// # Errors
    /// The storage fails; the entries may then still be staged.
    fn unstage(&self, end: u64) -> Result<(), LogError>;

    /// Returns the size up to which public files are durable: beyond it, a power loss may have left them incomplete or
    /// removed.
    ///
    /// # Errors
    /// The storage cannot be read.
    fn durable_size(&self) -> Result<u64, LogError>;

    /// Reads the signed head; `None` in a log that is being created.
    ///
    /// # Errors
    /// The storage cannot be read.
    fn load_head(&self) -> Result<Option<(Vec<u8>, Version)>, LogError>;

    /// Replaces the signed head of version `expected`, or creates the first, durably and atomically.
    ///
    /// # Errors
    /// [`StorageError::HeadMoved`] if the head has another version: another process writes to this log. After any other
    /// failure the old or the new head is in place.
    fn swap_head(&self, expected: Option<&Version>, head: &[u8]) -> Result<Version, LogError>;

    /// Returns the cause of a failure: a writer that was replaced may find files that contradict its state.
    fn explain(&self, error: LogError) -> LogError {
        error
    }

    /// Announces to other processes the URL where this writer accepts entries.
    ///
    /// # Errors
    /// The storage cannot be written.
    fn announce(&self, url: &str) -> Result<(), LogError>;
}
