//! The steps of which file operations consist, and the changes that they made: tests fail a step, or record each change.

use std::path::PathBuf;

/// One kind of change to the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A directory is made.
    MakeDirectory,
    /// A new file is made and filled.
    Write,
    /// Bytes are added at the end of an open file.
    Append,
    /// An open file is cut.
    Truncate,
    /// A file's content is synced.
    SyncFile,
    /// A directory's entries are synced.
    SyncDirectory,
    /// A name is given to a file, unless the name is taken.
    Link,
    /// A name is given to a file, whether taken or not.
    Rename,
    /// A name is removed.
    Remove,
}

/// A change to the file system that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// There is a new directory.
    MakeDirectory(PathBuf),
    /// There is a new file, and these bytes were written to it.
    Write(PathBuf, Vec<u8>),
    /// These bytes were written to the end of a file.
    Append(PathBuf, Vec<u8>),
    /// A file was cut to this length.
    Truncate(PathBuf, u64),
    /// The content of a file is durable.
    SyncFile(PathBuf),
    /// The names in a directory are durable.
    SyncDirectory(PathBuf),
    /// A file has a second name.
    Link(PathBuf, PathBuf),
    /// A file has another name, which another file may have had.
    Rename(PathBuf, PathBuf),
    /// A name is gone.
    Remove(PathBuf),
}
