//! What a log asks of the place where it lives: a directory of a POSIX file system, or a bucket of an object store.
//!
//! Three kinds of things are kept apart. *Public files* appear whole; all but a few never change. *Staged entries* are
//! acknowledged and not public yet. The *signed head* moves only by [`Storage::swap_head`], so that of two writers that
//! both believe to be the only one, one fails before anybody sees what it signed.

pub(crate) mod error;

pub use error::{JournalError, StorageError};

use crate::error::LogError;
use crate::leaf::Leaf;
use core::fmt;
use glasslog_core::tiles::PublicFile;
use std::path::PathBuf;

/// One state of the signed head, as the storage tells it from every other: a digest, a generation, an ETag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Acknowledged entries: those with the indices `first..first + leaves.len()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// Index of the first.
    pub first: u64,
    /// The entries, in order.
    pub leaves: Vec<Leaf>,
}

impl Staged {
    /// One past the last index.
    pub fn end(&self) -> u64 {
        self.first + self.leaves.len() as u64
    }
}

/// Changes the content of a mutable public file: `None` in is *absent*, `None` out is *leave it as it is*.
pub type Change<'a> = dyn FnMut(Option<Vec<u8>>) -> Result<Option<Vec<u8>>, LogError> + 'a;

/// The place where one log lives. Methods block; several threads of one writer call them at the same time.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Where a public file lies, for messages.
    fn locate(&self, path: &str) -> PathBuf;

    /// Where a private file lies, for messages.
    fn locate_private(&self, name: &str) -> PathBuf;

    /// Reads a public file by its path relative to the tree; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be told whether the file exists, or it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError>;

    /// Reads public files; the answers are in order. Where a read takes long, they are read side by side.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_many(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        paths.iter().map(|path| self.read(path)).collect()
    }

    /// Adds public files that will never change: when this returns, readers see them whole. They need not survive a
    /// power loss before [`unstage`](Self::unstage) of the entries that they are made of.
    ///
    /// A file that is there already must be the same, byte for byte. What a power loss left of one, where the storage
    /// can have such, is put right.
    ///
    /// # Errors
    /// [`LogError::Differs`] for a file that holds something else; any of the others may then be in place.
    fn create(&self, files: &[PublicFile]) -> Result<(), LogError>;

    /// Adds a public file that nothing else would give back, durably, unless there is one; returns the one there was.
    ///
    /// # Errors
    /// When it fails; the file may then be there or not.
    fn keep(&self, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, LogError>;

    /// Changes a public file that others change too, durably, so that nobody's change is lost: `change` is given what is
    /// there, and again if that has changed meanwhile.
    ///
    /// # Errors
    /// What `change` says, or when it fails; the old or the new content is then in place.
    fn update(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError>;

    /// Removes a public file; that it is gone already is no error.
    ///
    /// # Errors
    /// When it fails.
    fn remove(&self, path: &str) -> Result<(), LogError>;

    /// Names of the public files directly in a directory; none of a directory that is not there.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn list(&self, directory: &str) -> Result<Vec<String>, LogError>;

    /// Reads a small private file by its name.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    fn read_private(&self, name: &str) -> Result<Option<Vec<u8>>, LogError>;

    /// Puts a small private file in the place of an older one, or of none, durably.
    ///
    /// # Errors
    /// When it fails; the old or the new content is then in place.
    fn replace_private(&self, name: &str, bytes: &[u8]) -> Result<(), LogError>;

    /// Keeps acknowledged entries: when this returns, they survive a power loss. `first` is one past the last one kept.
    ///
    /// # Errors
    /// When it fails; any prefix of the entries may then be kept, and the log must be opened again.
    fn stage(&self, first: u64, leaves: &[Leaf]) -> Result<(), LogError>;

    /// Returns the entries that are kept, which are those from the last [`unstage`](Self::unstage) on, and maybe some
    /// before. Called once, before anything is staged.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    fn staged(&self) -> Result<Staged, LogError>;

    /// Lets go of the entries before `end`, which are public: first makes every file that was created for them durable.
    /// Called now and then, and at the end; also while entries are staged and files created.
    ///
    /// # Errors
    /// When it fails; the entries may then still be kept.
    fn unstage(&self, end: u64) -> Result<(), LogError>;

    /// The size up to which public files are durable: beyond it, a power loss may have left parts of them or none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn durable_size(&self) -> Result<u64, LogError>;

    /// Reads the signed head; `None` in a log that is being made.
    ///
    /// # Errors
    /// When it cannot be read.
    fn load_head(&self) -> Result<Option<(Vec<u8>, Version)>, LogError>;

    /// Puts a new signed head in the place of the one that is `expected`, or of none, durably and atomically.
    ///
    /// # Errors
    /// [`LogError::HeadMoved`] when another one is there: someone else writes to this log. After any other failure the
    /// old or the new one is in place.
    fn swap_head(&self, expected: Option<&Version>, head: &[u8]) -> Result<Version, LogError>;

    /// Says what a failure comes from: a writer that was replaced may find things that do not fit what it knows.
    fn explain(&self, error: LogError) -> LogError {
        error
    }

    /// Lets other writers know where this one takes entries.
    ///
    /// # Errors
    /// When it cannot be written.
    fn announce(&self, url: &str) -> Result<(), LogError>;
}
