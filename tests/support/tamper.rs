//! Copies a log and damages the copy.
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A private copy of a directory, to be damaged.
#[derive(Debug)]
pub struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Copies a whole tree.
    pub fn of(source: &Path) -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        copy_tree(source, folder.path());
        Self { folder }
    }

    /// The root of the copy.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// One file of it.
    pub fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Reads a file of it.
    pub fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces a file by what `change` makes of it.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(path);
        let before = bytes.clone();
        change(&mut bytes);
        assert_ne!(bytes, before, "{path} was to change");
        fs::write(self.file(path), bytes).expect("the copy can be written");
    }

    /// Flips the lowest bit of one byte.
    pub fn flip(&self, path: &str, position: usize) {
        self.change(path, |bytes| bytes[position] ^= 1);
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

/// Copies files and folders, not their permissions.
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("the folder can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("the file has a type").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            let bytes = fs::read(entry.path()).expect("the file can be read");
            fs::write(target, bytes).expect("the file can be written");
        }
    }
}
