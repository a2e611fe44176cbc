//! The public tree of a log: files appear once, complete, and never change; only the checkpoint does.

use crate::directory::disk::{Created, Disk, Durability, directory_of};
use crate::directory::layout::{Layout, PUBLIC_DIRECTORY, PUBLIC_FILE};
use crate::directory::torn::is_torn;
use crate::error::LogError;
use glasslog_core::tiles::PublicFile;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The public files of one log.
#[derive(Debug)]
pub struct PublicTree {
    disk: Disk,
    layout: Layout,
    /// Directories that certainly survive a power loss.
    durable: Mutex<BTreeSet<PathBuf>>,
}

impl PublicTree {
    /// Returns the tree of the log at `layout`.
    pub fn new(disk: &Disk, layout: &Layout) -> Self {
        let durable = BTreeSet::from([layout.public()]);
        Self {
            disk: disk.clone(),
            layout: layout.clone(),
            durable: Mutex::new(durable),
        }
    }

    /// Returns the location of a file, for messages.
    pub(crate) fn locate(&self, path: &str) -> PathBuf {
        self.layout.public_file(path)
    }

    /// Reads a file by its path relative to the tree; `None` if it is missing.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.disk.read(&self.layout.public_file(path))?)
    }

    /// Adds immutable files, durably. A file that exists must be the same, byte for byte.
    ///
    /// # Errors
    /// [`StorageError::Differs`](crate::StorageError::Differs) for a file with another content; other files may then be
    /// in place.
    pub fn create(&self, files: &[PublicFile]) -> Result<(), LogError> {
        let mut wanted = Vec::with_capacity(files.len());
        for file in files {
            let path = self.layout.public_file(&file.path);
            self.keep_directory(directory_of(&path))?;
            wanted.push((path, file.bytes.as_slice()));
        }
        let temporary = self.layout.temporary();
        let created = self.disk.create_all(&temporary, &wanted, PUBLIC_FILE)?;
        for ((path, bytes), created) in wanted.iter().zip(created) {
            if created == Created::Exists && self.disk.read(path)?.as_deref() != Some(bytes) {
                return Err(LogError::differs(path.clone()));
            }
        }
        let directories: BTreeSet<&Path> =
            wanted.iter().map(|(path, _)| directory_of(path)).collect();
        let directories: Vec<&Path> = directories.into_iter().collect();
        Ok(self.disk.sync_directories(&directories)?)
    }

    /// As [`create`](Self::create), but durable only after [`sync`](Self::sync) of the returned paths. An existing file
    /// that a power loss may have damaged is repaired.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub(crate) fn create_lazily(&self, files: &[PublicFile]) -> Result<Vec<PathBuf>, LogError> {
        let mut paths = Vec::with_capacity(files.len());
        for file in files {
            let path = self.layout.public_file(&file.path);
            if let Some(found) = self.add_lazily(&path, &file.bytes)? {
                if !is_torn(&found, &file.bytes) {
                    return Err(LogError::differs(path));
                }
                let temporary = self.layout.temporary();
                self.disk
                    .replace(&temporary, &path, &file.bytes, PUBLIC_FILE)?;
            }
            paths.push(path);
        }
        Ok(paths)
    }

    /// Makes files durable; missing files are not errors.
    ///
    /// # Errors
    /// A file cannot be synced.
    pub(crate) fn sync(&self, paths: &[PathBuf]) -> Result<(), LogError> {
        let mut directories = BTreeSet::new();
        for path in paths {
            self.disk.sync_file(path)?;
            directories.insert(directory_of(path));
        }
        for directory in directories {
            match self.disk.sync_directory(directory) {
                Err(error) if error.kind == ErrorKind::NotFound => {}
                synced => synced?,
            }
        }
        Ok(())
    }

    /// Replaces the checkpoint, durably; the caller holds the checkpoint lock.
    ///
    /// # Errors
    /// A step fails; the old or the new content is then in place.
    pub fn replace_checkpoint(&self, bytes: &[u8]) -> Result<(), LogError> {
        let (temporary, path) = (self.layout.temporary(), self.layout.checkpoint());
        Ok(self.disk.replace(&temporary, &path, bytes, PUBLIC_FILE)?)
    }

    /// Replaces a mutable file, durably.
    ///
    /// # Errors
    /// A step fails; the old or the new content is then in place.
    pub(crate) fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.layout.public_file(path);
        self.keep_directory(directory_of(&path))?;
        let temporary = self.layout.temporary();
        Ok(self.disk.replace(&temporary, &path, bytes, PUBLIC_FILE)?)
    }

    /// Creates a file; returns the content of an existing file if it differs.
    fn add_lazily(&self, path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        self.keep_directory(directory_of(path))?;
        let temporary = self.layout.temporary();
        match self
            .disk
            .create(&temporary, path, bytes, PUBLIC_FILE, Durability::Lazy)?
        {
            Created::New => Ok(None),
            Created::Exists => {
                let found = self.disk.read(path)?.unwrap_or_default();
                Ok(Some(found).filter(|found| found != bytes))
            }
        }
    }

    /// Forgets that a directory and those below it exist, because they may be removed.
    pub(crate) fn forget(&self, path: &str) {
        let path = self.layout.public_file(path);
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        durable.retain(|directory| !directory.starts_with(&path));
    }

    /// Ensures, once for each directory, that it and its parents up to the tree's own exist and survive a power loss.
    fn keep_directory(&self, directory: &Path) -> Result<(), LogError> {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        let mut at = Some(directory);
        while let Some(path) = at.filter(|path| !durable.contains(*path)) {
            missing.push(path);
            at = path.parent();
        }
        for path in missing.into_iter().rev() {
            self.disk.make_directory(path, PUBLIC_DIRECTORY)?;
            durable.insert(path.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree() -> (tempfile::TempDir, Layout, PublicTree) {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        fs::create_dir_all(layout.temporary()).unwrap();
        fs::create_dir(layout.public()).unwrap();
        let tree = PublicTree::new(&Disk::new(), &layout);
        (directory, layout, tree)
    }

    fn file(bytes: &[u8]) -> PublicFile {
        PublicFile {
            path: "tile/0/x001/067".into(),
            bytes: bytes.into(),
        }
    }

    #[test]
    fn a_file_appears_once_and_must_stay_the_same() {
        let (_directory, layout, tree) = tree();
        tree.create(&[file(b"one")]).unwrap();
        tree.create(&[file(b"one")]).unwrap();
        let path = layout.public_file("tile/0/x001/067");
        assert_eq!(tree.create(&[file(b"two")]), Err(LogError::differs(path)));
        assert_eq!(
            tree.read("tile/0/x001/067").unwrap().as_deref(),
            Some(&b"one"[..])
        );
        assert_eq!(tree.read("tile/0/x001/068").unwrap(), None);
    }

    #[test]
    fn what_a_power_loss_left_is_put_right_and_nothing_else() {
        let (_directory, layout, tree) = tree();
        let path = layout.public_file("tile/0/x001/067");
        tree.create_lazily(&[file(b"whole")]).unwrap();
        for torn in [&b""[..], b"who", b"\0\0\0\0\0"] {
            fs::write(&path, torn).unwrap();
            tree.create_lazily(&[file(b"whole")]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"whole");
        }
        fs::write(&path, b"other").unwrap();
        assert_eq!(
            tree.create_lazily(&[file(b"whole")]),
            Err(LogError::differs(path))
        );
    }
}
