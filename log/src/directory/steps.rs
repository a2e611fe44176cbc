//! The steps of file operations, before which tests inject faults, and the changes that they report afterwards.

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

/// A completed change to the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A directory was created.
    MakeDirectory(PathBuf),
    /// A file was created with these bytes.
    Write(PathBuf, Vec<u8>),
    /// These bytes were appended to a file.
    Append(PathBuf, Vec<u8>),
    /// A file was truncated to this length.
    Truncate(PathBuf, u64),
    /// The content of a file is durable.
    SyncFile(PathBuf),
    /// The names in a directory are durable.
    SyncDirectory(PathBuf),
    /// A file was given a second name.
    Link(PathBuf, PathBuf),
    /// A file was renamed, and may have replaced another file.
    Rename(PathBuf, PathBuf),
    /// A name was removed.
    Remove(PathBuf),
}
