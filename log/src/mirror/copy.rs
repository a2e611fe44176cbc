//! The copy of a log in a directory: a public tree, and the mirror's private memory (`docs/formats/mirror.md`).

use super::error::MirrorError;
use super::tree::{INDEX, LOG, Tree};
use crate::directory::disk::Disk;
use crate::directory::error::DiskError;
use crate::directory::layout::{Layout, PRIVATE_DIRECTORY, PRIVATE_FILE, PUBLIC_DIRECTORY};
use crate::directory::lock::WriterLock;
use crate::directory::public::PublicTree;
use crate::error::LogError;
use glasslog_client::source::{Directory, Source};
use glasslog_core::note::Checkpoint;
use glasslog_core::tiles::PublicFile;
use std::fs;
use std::path::Path;

/// Content of the private file that tells a copy from other directories.
const MARK: &[u8] = b"glasslog-mirror/v1\n";

/// The copy of a log, which this process alone writes.
#[derive(Debug)]
pub struct Copy {
    disk: Disk,
    layout: Layout,
    public: PublicTree,
    source: Directory,
    _lock: WriterLock,
}

impl Copy {
    /// Opens the copy in a directory, or begins one.
    ///
    /// # Errors
    /// The directory holds something else, such as a log with its keys, or another process writes the copy.
    pub fn open(disk: &Disk, path: &Path) -> Result<Self, MirrorError> {
        let layout = Layout::new(path);
        let mark = layout.mirror();
        if layout.config().exists() || layout.keys().exists() {
            // A log that is written here, whatever its mark says: a newer copy of it would close it to its writer.
            let path = path.to_owned();
            return Err(MirrorError::NotACopy { path });
        }
        if disk.read(&mark)?.as_deref() != Some(MARK) {
            if !is_free(path)? {
                let path = path.to_owned();
                return Err(MirrorError::NotACopy { path });
            }
            disk.make_directory(path, PUBLIC_DIRECTORY)?;
            disk.make_directory(&layout.state(), PRIVATE_DIRECTORY)?;
            disk.replace(&layout.state(), &mark, MARK, PRIVATE_FILE)?;
        }
        disk.make_directory(&layout.temporary(), PRIVATE_DIRECTORY)?;
        disk.make_directory(&layout.public(), PUBLIC_DIRECTORY)?;
        let lock = WriterLock::take(&layout.lock())?;
        for leftover in names(&layout.temporary())? {
            disk.remove(&layout.temporary().join(leftover))?;
        }
        Ok(Self {
            disk: disk.clone(),
            public: PublicTree::new(disk, &layout),
            source: Directory::open(&layout.public())?,
            layout,
            _lock: lock,
        })
    }

    /// Returns the public files of the copy, which are read like those of any log.
    pub(super) fn source(&self) -> &dyn Source {
        &self.source
    }

    /// Reads the copied checkpoint of a tree.
    pub(super) fn checkpoint(&self, tree: &Tree) -> Result<Option<Checkpoint>, MirrorError> {
        let path = tree.checkpoint.path();
        let bytes = self.public.read(&path)?;
        self.parse(&self.layout.public_file(&path), bytes)
    }

    /// Reads the newest checkpoint of a tree that this mirror accepted: copied, or about to be.
    pub(super) fn seen(&self, tree: &Tree) -> Result<Option<Checkpoint>, MirrorError> {
        let path = self.layout.private(tree.memory);
        let damaged = |problem: String| MirrorError::Memory {
            path: path.clone(),
            problem,
        };
        let seen = self.disk.read(&path)?;
        let seen = seen.map(|bytes| Checkpoint::parse(&bytes));
        let seen = seen
            .transpose()
            .map_err(|error| damaged(error.to_string()))?;
        let copied = self.checkpoint(tree)?;
        Ok(seen
            .into_iter()
            .chain(copied)
            .max_by_key(|it| it.head().size))
    }

    /// Remembers a checkpoint of a tree, durably, before anything of its tree is copied.
    pub(super) fn remember(&self, tree: &Tree, accepted: &Checkpoint) -> Result<(), MirrorError> {
        let (path, bytes) = (self.layout.private(tree.memory), accepted.encode());
        if self.disk.read(&path)?.as_deref() != Some(&bytes) {
            let state = self.layout.state();
            self.disk.replace(&state, &path, &bytes, PRIVATE_FILE)?;
        }
        Ok(())
    }

    fn parse(
        &self,
        path: &Path,
        bytes: Option<Vec<u8>>,
    ) -> Result<Option<Checkpoint>, MirrorError> {
        let parse = |bytes: Vec<u8>| {
            Checkpoint::parse(&bytes).map_err(|error| LogError::malformed(path, error).into())
        };
        bytes.map(parse).transpose()
    }

    /// Adds verified files, durably.
    pub(super) fn add(&self, files: &[PublicFile]) -> Result<(), MirrorError> {
        Ok(self.public.create(files)?)
    }

    /// Replaces a file that changes, durably and in one step; nothing happens if it is the same.
    pub(super) fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), MirrorError> {
        match self.public.read(path)?.as_deref() == Some(bytes) {
            true => Ok(()),
            false => Ok(self.public.replace(path, bytes)?),
        }
    }

    /// Removes the checkpoints, so that the copy is read as no log.
    pub(super) fn withdraw(&self) -> Result<(), MirrorError> {
        for tree in [LOG, INDEX] {
            let path = tree.checkpoint.path();
            if self.public.read(&path)?.is_some() {
                self.disk.remove(&self.layout.public_file(&path))?;
            }
        }
        Ok(())
    }

    /// Removes the partial files of a tile or bundle whose full one, at `full`, is in the copy.
    pub(super) fn remove_partials(&self, full: &str) -> Result<(), MirrorError> {
        let folder = format!("{full}.p");
        let path = self.layout.public_file(&folder);
        let partials = names(&path)?;
        for name in &partials {
            self.disk.remove(&path.join(name))?;
        }
        if !partials.is_empty() {
            self.public.forget(&folder);
            fs::remove_dir(&path).map_err(|error| DiskError::new("remove", &path, &error))?;
        }
        Ok(())
    }
}

/// Returns true if a directory is missing or empty, or has only what a copy that was just begun has.
fn is_free(path: &Path) -> Result<bool, MirrorError> {
    Ok(names(path)?.iter().all(|name| name == "state") && names(&path.join("state"))?.len() <= 1)
}

/// Returns the names in a directory; none if it is missing.
fn names(path: &Path) -> Result<Vec<String>, DiskError> {
    let failed = |error: std::io::Error| DiskError::new("list", path, &error);
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let name = |entry: std::io::Result<fs::DirEntry>| {
        Ok(entry?.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect::<Result<_, _>>().map_err(failed)
}
