//! The public tree of a log: files appear whole, once, and never change; only the checkpoint moves.
//!
//! This is all that publishing asks of the place where a log's files live.

use crate::disk::{Created, Disk, directory_of};
use crate::error::LogError;
use crate::layout::{Layout, PUBLIC_DIRECTORY, PUBLIC_FILE};
use glasslog_core::edge::PublicFile;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The public files of one log.
#[derive(Debug)]
pub struct PublicTree {
    disk: Disk,
    layout: Layout,
    /// Directories that are known to survive a power loss.
    durable: BTreeSet<PathBuf>,
}

impl PublicTree {
    /// Returns the tree of the log at `layout`.
    pub fn new(disk: &Disk, layout: &Layout) -> Self {
        let durable = BTreeSet::from([layout.public()]);
        Self {
            disk: disk.clone(),
            layout: layout.clone(),
            durable,
        }
    }

    /// Reads a file by its path relative to the tree; `None` when there is none.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.disk.read(&self.layout.public_file(path))?)
    }

    /// Adds files that will never change, durably. A file that is there already must be the same, byte for byte.
    ///
    /// # Errors
    /// [`LogError::Differs`] for a file that holds something else; files before it are then in place.
    pub fn create(&mut self, files: &[PublicFile]) -> Result<(), LogError> {
        let mut directories = BTreeSet::new();
        for file in files {
            let path = self.layout.public_file(&file.path);
            let directory = directory_of(&path).to_owned();
            self.keep_directory(&directory)?;
            let temporary = self.layout.temporary();
            if self
                .disk
                .create(&temporary, &path, &file.bytes, PUBLIC_FILE)?
                == Created::Exists
                && self.disk.read(&path)?.as_ref() != Some(&file.bytes)
            {
                return Err(LogError::Differs { path });
            }
            directories.insert(directory);
        }
        for directory in directories {
            self.disk.sync_directory(&directory)?;
        }
        Ok(())
    }

    /// Puts a new checkpoint in the place of the old one, durably; the caller holds the checkpoint lock.
    ///
    /// # Errors
    /// When a step fails; the old or the new checkpoint is then in place.
    pub fn replace_checkpoint(&self, bytes: &[u8]) -> Result<(), LogError> {
        let (temporary, path) = (self.layout.temporary(), self.layout.checkpoint());
        Ok(self.disk.replace(&temporary, &path, bytes, PUBLIC_FILE)?)
    }

    /// Puts a file of the index that may change in the place of the old one, durably.
    ///
    /// # Errors
    /// When a step fails; the old or the new file is then in place.
    pub(crate) fn replace(&mut self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.layout.public_file(path);
        self.keep_directory(directory_of(&path))?;
        let temporary = self.layout.temporary();
        Ok(self.disk.replace(&temporary, &path, bytes, PUBLIC_FILE)?)
    }

    /// Makes sure, once for each directory, that it exists and survives a power loss, up to the tree's own.
    fn keep_directory(&mut self, directory: &Path) -> Result<(), LogError> {
        if self.durable.contains(directory) {
            return Ok(());
        }
        if let Some(parent) = directory.parent() {
            self.keep_directory(parent)?;
        }
        self.disk.make_directory(directory, PUBLIC_DIRECTORY)?;
        self.durable.insert(directory.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_appears_once_and_must_stay_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        fs::create_dir_all(layout.temporary()).unwrap();
        fs::create_dir(layout.public()).unwrap();
        let file = |bytes: &[u8]| PublicFile {
            path: "tile/0/x001/067".into(),
            bytes: bytes.into(),
        };
        let mut tree = PublicTree::new(&Disk::new(), &layout);
        tree.create(&[file(b"one")]).unwrap();
        tree.create(&[file(b"one")]).unwrap();
        let path = layout.public_file("tile/0/x001/067");
        assert_eq!(
            tree.create(&[file(b"two")]),
            Err(LogError::Differs { path })
        );
        assert_eq!(
            tree.read("tile/0/x001/067").unwrap().as_deref(),
            Some(&b"one"[..])
        );
        assert_eq!(tree.read("tile/0/x001/068").unwrap(), None);
    }
}
