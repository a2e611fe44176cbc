//! The lock of the one writer: an operating system lock on `state/lock`, which names its holder.
//!
//! The kernel releases the lock when its holder ends, in any way; the content of the file is only for people.

use crate::directory::error::{DiskError, Holder, LockError};
use crate::directory::layout::PRIVATE_FILE;
use crate::error::LogError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Attempts to take a lock or to read its holder, and the pause between two of them.
const ATTEMPTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(5);

/// The right to write to a log, until dropped.
#[derive(Debug)]
pub(crate) struct WriterLock {
    file: File,
    path: PathBuf,
}

fn open(path: &Path) -> Result<File, DiskError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE_FILE)
        .open(path)
        .map_err(|error| DiskError::new("open", path, &error))
}

impl WriterLock {
    /// Takes the lock at `path`, or returns its holder in the error.
    ///
    /// It retries for a moment, because [`writer`] holds the lock briefly while it checks for a holder.
    ///
    /// # Errors
    /// [`LockError::Log`] if another process holds it.
    pub(crate) fn take(path: &Path) -> Result<Self, LogError> {
        let file = open(path)?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => {
                    let mut lock = Self {
                        file,
                        path: path.to_owned(),
                    };
                    lock.write(None)?;
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => {
                    return Err(DiskError::new("lock", path, &error).into());
                }
            }
        }
        Err(LockError::Log {
            holder: holder(path),
        }
        .into())
    }

    /// Checks that the file at the lock's path is still the locked one.
    ///
    /// # Errors
    /// [`LockError::Log`] if it was removed or replaced: another process may have locked the new file.
    pub(crate) fn check_held(&self) -> Result<(), LogError> {
        let failed = |error: std::io::Error| DiskError::new("look at", &self.path, &error);
        let own = self.file.metadata().map_err(failed)?;
        let there = std::fs::metadata(&self.path).ok();
        let is_same =
            there.is_some_and(|there| there.ino() == own.ino() && there.dev() == own.dev());
        match is_same {
            true => Ok(()),
            false => Err(LockError::Log {
                holder: holder(&self.path),
            }
            .into()),
        }
    }

    /// Announces the URL where the holder accepts entries.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn announce(&mut self, url: &str) -> Result<(), LogError> {
        self.write(Some(url))
    }

    fn write(&mut self, url: Option<&str>) -> Result<(), LogError> {
        let text = format!(
            "{}\n{}",
            std::process::id(),
            url.map(|url| format!("{url}\n")).unwrap_or_default()
        );
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .map_err(|error| DiskError::new("write", &self.path, &error).into())
    }
}

impl Drop for WriterLock {
    /// Unlocks explicitly. Closing the file is not enough: a process that another thread is starting holds a copy of
    /// the file, and with it the lock, until its program runs.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Returns the holder of the lock at `path`; `None` if it is free.
pub(crate) fn writer(path: &Path) -> Result<Option<Holder>, DiskError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| DiskError::new("open", path, &error))?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(holder(path)),
        Err(TryLockError::Error(error)) => Err(DiskError::new("lock", path, &error)),
    }
}

/// Reads the holder of a lock; the holder may still have to write its name.
fn holder(path: &Path) -> Option<Holder> {
    for _ in 0..ATTEMPTS {
        let mut text = String::new();
        if File::open(path)
            .and_then(|mut file| file.read_to_string(&mut text))
            .is_ok()
        {
            let mut lines = text.lines();
            if let Some(pid) = lines.next().and_then(|line| line.parse().ok()) {
                return Some(Holder {
                    pid,
                    url: lines.next().map(str::to_owned),
                });
            }
        }
        thread::sleep(PAUSE);
    }
    None
}

/// The right to change `public/checkpoint`, until dropped: publishing and cosigning exclude each other.
#[derive(Debug)]
pub(crate) struct CheckpointLock {
    _file: File,
}

impl CheckpointLock {
    /// Waits for the lock at `path`; holders keep it for a few file operations only.
    ///
    /// # Errors
    /// The file cannot be opened or locked.
    pub(crate) fn wait(path: &Path) -> Result<Self, DiskError> {
        let file = open(path)?;
        file.lock()
            .map_err(|error| DiskError::new("lock", path, &error))?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_about_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let mut first = WriterLock::take(&path).unwrap();
        let pid = std::process::id();
        let refused = |url: Option<&str>| {
            LogError::Lock(LockError::Log {
                holder: Some(Holder {
                    pid,
                    url: url.map(str::to_owned),
                }),
            })
        };
        assert_eq!(WriterLock::take(&path).unwrap_err(), refused(None));
        first.announce("http://127.0.0.1:1").unwrap();
        assert_eq!(
            WriterLock::take(&path).unwrap_err(),
            refused(Some("http://127.0.0.1:1"))
        );
        drop(first);
        WriterLock::take(&path).unwrap();
    }

    #[test]
    fn what_is_dropped_is_free_also_while_a_starting_process_has_a_copy_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = WriterLock::take(&path).unwrap();
        let _copy = lock.file.try_clone().unwrap();
        drop(lock);
        assert_eq!(writer(&path), Ok(None));
        WriterLock::take(&path).unwrap();
    }

    #[test]
    fn who_looks_for_the_writer_stops_no_writer() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        drop(WriterLock::take(&path).unwrap());
        let looking = File::open(&path).unwrap();
        looking.try_lock_shared().unwrap();
        thread::scope(|threads| {
            let writer = threads.spawn(|| WriterLock::take(&path));
            thread::sleep(PAUSE);
            looking.unlock().unwrap();
            writer.join().unwrap().unwrap();
        });
    }
}
