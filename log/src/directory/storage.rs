//! The storage of a log in one directory of a POSIX file system (`docs/formats/log-directory.md`).

use crate::directory::disk::Disk;
use crate::directory::error::{DiskError, LayoutError};
use crate::directory::journal::Journal;
use crate::directory::layout::{Layout, PRIVATE_FILE};
use crate::directory::lock::{CheckpointLock, WriterLock};
use crate::directory::public::PublicTree;
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::error::{JournalError, StorageError};
use crate::storage::{Change, Staged, Storage, Version};
use glasslog_core::merkle::FileHasher;
use glasslog_core::text::wire::parse_decimal;
use glasslog_core::tiles::PublicFile;
use std::io::ErrorKind;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A log directory that only this process may write, until dropped.
#[derive(Debug)]
pub(crate) struct Posix {
    disk: Disk,
    layout: Layout,
    lock: Mutex<WriterLock>,
    tree: PublicTree,
    journal: Mutex<Journal>,
    /// Entries of the journal at opening, until they are requested.
    held: Mutex<Option<Staged>>,
    /// Public files that a power loss could still remove.
    lazy: Mutex<Vec<PathBuf>>,
    /// The size in `state/settled`; locked while files are synced, so that two syncs do not overwrite each other's
    /// size.
    durable: Mutex<Option<u64>>,
}

/// A panic in another thread leaves these values valid: each change is one assignment.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Posix {
    /// Opens the directory of a log and takes its lock.
    pub(crate) fn open(disk: &Disk, layout: &Layout) -> Result<Self, LogError> {
        let state = layout.state();
        if !state.exists() {
            return Err(LayoutError::NoState { path: state }.into());
        }
        let lock = WriterLock::take(&layout.lock())?;
        clear_temporary(disk, layout)?;
        // A missing head is reported before any error in the journal.
        if !layout.head().exists() {
            let path = layout.head();
            return Err(LogError::missing(path));
        }
        let durable = read_mark(disk, layout)?;
        let (journal, held) = Journal::open(disk, layout, durable.unwrap_or(u64::MAX))?;
        let storage = Self::new(disk, layout, lock, journal, Some(held));
        *locked(&storage.durable) = durable;
        Ok(storage)
    }

    /// Creates the empty journal in the directory of a new log.
    pub(crate) fn create(disk: &Disk, layout: &Layout, lock: WriterLock) -> Result<Self, LogError> {
        let journal = Journal::create(disk, layout, 0)?;
        Ok(Self::new(disk, layout, lock, journal, None))
    }

    fn new(
        disk: &Disk,
        layout: &Layout,
        lock: WriterLock,
        journal: Journal,
        held: Option<Staged>,
    ) -> Self {
        Self {
            disk: disk.clone(),
            layout: layout.clone(),
            lock: Mutex::new(lock),
            tree: PublicTree::new(disk, layout),
            journal: Mutex::new(journal),
            held: Mutex::new(held),
            lazy: Mutex::default(),
            durable: Mutex::default(),
        }
    }

    fn replace_state(&self, path: &Path, bytes: &[u8]) -> Result<(), LogError> {
        let temporary = self.layout.temporary();
        Ok(self.disk.replace(&temporary, path, bytes, PRIVATE_FILE)?)
    }
}

/// Removes temporary files of crashed writers. A cosigner uses `state/tmp` under the checkpoint lock.
pub(crate) fn clear_temporary(disk: &Disk, layout: &Layout) -> Result<(), LogError> {
    let _lock = CheckpointLock::wait(&layout.checkpoint_lock())?;
    let path = layout.temporary();
    let failed = |error: std::io::Error| DiskError::new("list", &path, &error);
    for entry in std::fs::read_dir(&path).map_err(failed)? {
        disk.remove(&entry.map_err(failed)?.path())?;
    }
    Ok(())
}

/// Reads the size up to which public files are durable.
fn read_mark(disk: &Disk, layout: &Layout) -> Result<Option<u64>, LogError> {
    let path = layout.durable_size();
    let Some(bytes) = disk.read(&path)? else {
        return Ok(None);
    };
    let text = str::from_utf8(&bytes).ok();
    let mark = text.and_then(|text| parse_decimal(text.strip_suffix('\n')?));
    let malformed = || LogError::malformed(path, "it is not a decimal number and a line feed");
    mark.map(Some).ok_or_else(malformed)
}

fn version(bytes: &[u8]) -> Version {
    let mut hasher = FileHasher::new();
    hasher.update(bytes);
    Version(hasher.finish().to_base64())
}

impl Storage for Posix {
    fn locate(&self, path: &str) -> PathBuf {
        self.layout.public_file(path)
    }

    fn locate_private(&self, name: &str) -> PathBuf {
        self.layout.private(name)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        self.tree.read(path)
    }

    fn create(&self, files: &[PublicFile]) -> Result<(), LogError> {
        let mut paths = self.tree.create_lazily(files)?;
        locked(&self.lazy).append(&mut paths);
        Ok(())
    }

    fn keep(&self, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        let found = self.tree.read(path)?;
        if found.is_none() {
            self.tree.replace(path, bytes)?;
        }
        Ok(found)
    }

    fn update(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError> {
        let _lock = CheckpointLock::wait(&self.layout.checkpoint_lock())?;
        self.update_inside(path, change)
    }

    fn update_inside(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError> {
        match change(self.tree.read(path)?)? {
            None => Ok(()),
            Some(bytes) => self.tree.replace(path, &bytes),
        }
    }

    fn remove(&self, path: &str) -> Result<(), LogError> {
        let path = self.layout.public_file(path);
        match self.disk.remove(&path) {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            removed => Ok(removed?),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, LogError> {
        let path = self.layout.public_file(directory);
        let failed = |error: std::io::Error| DiskError::new("list", &path, &error);
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry.map_err(failed)?.file_name().into_string());
        }
        Ok(names)
    }

    fn read_private(&self, name: &str) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.disk.read(&self.layout.private(name))?)
    }

    fn replace_private(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        self.replace_state(&self.layout.private(name), bytes)
    }

    fn stage(&self, first: u64, leaves: &[Leaf]) -> Result<(), LogError> {
        let mut journal = locked(&self.journal);
        let (end, head) = (journal.end(), first);
        if end != head {
            return Err(JournalError::Gap {
                first: end,
                end,
                head,
            }
            .into());
        }
        journal.append(leaves)
    }

    fn staged(&self) -> Result<Staged, LogError> {
        let held = locked(&self.held).take();
        Ok(held.unwrap_or_default())
    }

    fn unstage(&self, end: u64) -> Result<(), LogError> {
        let mut durable = locked(&self.durable);
        let paths = mem::take(&mut *locked(&self.lazy));
        self.tree.sync(&paths)?;
        if durable.is_none_or(|durable| durable < end) {
            let text = format!("{end}\n");
            self.replace_state(&self.layout.durable_size(), text.as_bytes())?;
            *durable = Some(end);
        }
        locked(&self.journal).forget(end)
    }

    fn durable_size(&self) -> Result<u64, LogError> {
        // Logs of version 0.1 have no such file: there every public file was durable before its checkpoint was public.
        Ok(locked(&self.durable).unwrap_or(u64::MAX))
    }

    fn load_head(&self) -> Result<Option<(Vec<u8>, Version)>, LogError> {
        let bytes = self.disk.read(&self.layout.head())?;
        Ok(bytes.map(|bytes| {
            let version = version(&bytes);
            (bytes, version)
        }))
    }

    fn swap_head(&self, expected: Option<&Version>, head: &[u8]) -> Result<Version, LogError> {
        let _lock = CheckpointLock::wait(&self.layout.head_lock())?;
        // If the lock file was deleted or replaced, another process may be writing.
        locked(&self.lock).check_held()?;
        let path = self.layout.head();
        let found = self.disk.read(&path)?.map(|bytes| version(&bytes));
        if found.as_ref() != expected {
            return Err(StorageError::HeadMoved { path }.into());
        }
        self.replace_state(&path, head)?;
        Ok(version(head))
    }

    fn announce(&self, url: &str) -> Result<(), LogError> {
        locked(&self.lock).announce(url)
    }
}
