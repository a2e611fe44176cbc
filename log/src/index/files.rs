//! The public files of an index: in a directory, or in a bucket that this process may write.
//!
//! The private state of a builder is in a directory in both cases. In a bucket it decides nothing: the lock object
//! names the manifests, so that of two builders that both believe to be the only one, one fails before it writes a file
//! whose name follows from its position.

use super::entries::LogFiles;
use crate::directory::disk::Disk;
use crate::directory::error::DiskError;
use crate::directory::layout::Layout;
use crate::directory::public::PublicTree;
use crate::error::LogError;
use crate::object_store::Bucket;
use crate::storage::{Change, Storage};
use glasslog_core::index::format::run_folder;
use glasslog_core::merkle::Hash;
use glasslog_core::tiles::PublicFile;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

/// The public files of one index. Clones are of the same files.
#[derive(Clone, Debug)]
pub(super) enum Files {
    Directory(Disk, Layout, Arc<PublicTree>),
    Bucket(Bucket),
}

impl Files {
    /// Returns the files of an index in a directory.
    pub(super) fn directory(disk: &Disk, layout: &Layout) -> Self {
        let tree = PublicTree::new(disk, layout);
        Self::Directory(disk.clone(), layout.clone(), Arc::new(tree))
    }

    /// Returns the location of a file, for messages.
    pub(super) fn locate(&self, path: &str) -> PathBuf {
        match self {
            Self::Directory(_, _, tree) => tree.locate(path),
            Self::Bucket(bucket) => Storage::locate(bucket, path),
        }
    }

    /// Reads a file; `None` if it is missing.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        match self {
            Self::Directory(_, _, tree) => tree.read(path),
            Self::Bucket(bucket) => Storage::read(bucket, path),
        }
    }

    /// Adds files that will never change; a file that exists must be the same.
    pub(super) fn create(&self, files: &[PublicFile]) -> Result<(), LogError> {
        match self {
            Self::Directory(_, _, tree) => tree.create(files),
            Self::Bucket(bucket) => bucket.create(files),
        }
    }

    /// Changes a file; `change` receives its content, and `None` leaves it as it is. In a directory the caller holds the lock
    /// of the mutable files.
    pub(super) fn update(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError> {
        match self {
            Self::Directory(_, _, tree) => match change(tree.read(path)?)? {
                Some(bytes) => tree.replace(path, &bytes),
                None => Ok(()),
            },
            Self::Bucket(bucket) => Storage::update(bucket, path, change),
        }
    }

    /// Removes a file; a missing one is not an error.
    pub(super) fn remove(&self, path: &str) -> Result<(), LogError> {
        match self {
            Self::Directory(disk, layout, _) => match disk.remove(&layout.public_file(path)) {
                Err(error) if error.kind != ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
            Self::Bucket(bucket) => bucket.remove(path),
        }
    }

    /// Returns the names in a folder; none if the folder is missing.
    pub(super) fn list(&self, folder: &str) -> Result<Vec<String>, LogError> {
        let path = match self {
            Self::Bucket(bucket) => return Storage::list(bucket, folder),
            Self::Directory(_, layout, _) => layout.public_file(folder),
        };
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| DiskError::new("list", &path, &error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| DiskError::new("list", &path, &error))?;
            names.extend(entry.file_name().into_string());
        }
        Ok(names)
    }

    /// Removes a folder that gets no more files, unless it contains other files.
    pub(super) fn leave(&self, folder: &str) {
        if let Self::Directory(_, layout, tree) = self {
            tree.forget(folder);
            // A folder with other files stays.
            let _ = std::fs::remove_dir(layout.public_file(folder));
        }
    }

    /// Forgets the folder of a finished or removed run: there are many, and none gets more files.
    pub(super) fn forget_run(&self, root: &Hash) {
        if let Self::Directory(_, _, tree) = self {
            tree.forget(&run_folder(root));
        }
    }

    /// Returns the bucket, if the files are in one.
    pub(super) fn bucket(&self) -> Option<&Bucket> {
        match self {
            Self::Directory(..) => None,
            Self::Bucket(bucket) => Some(bucket),
        }
    }
}

impl LogFiles for Files {
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        match self {
            Self::Directory(_, _, tree) => LogFiles::read(&**tree, paths),
            Self::Bucket(bucket) => bucket.read_many(paths),
        }
    }

    fn locate(&self, path: &str) -> PathBuf {
        Self::locate(self, path)
    }
}
