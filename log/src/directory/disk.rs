//! Durable file operations. Every change to a log directory is made here, one step at a time.
//!
//! POSIX guarantees that `link` and `rename` are atomic, and that a file or a directory entry survives a power loss
//! once the file, or the directory of the entry, was synced ([POSIX.1-2024
//! `fsync`](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html)). Tests stop a log between any two
//! steps with [`Disk::with_faults`].

use super::error::DiskError;
use super::steps::{Change, Step};
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

type Witness = dyn Fn(Change) + Send + Sync;
type Fault = dyn Fn(Step, &Path) -> io::Result<()> + Send + Sync;

/// The file operations of a log.
#[derive(Clone, Default)]
pub struct Disk {
    fault: Option<Arc<Fault>>,
    witness: Option<Arc<Witness>>,
    syncs: Arc<AtomicU64>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("faults", &self.fault.is_some())
            .finish()
    }
}

/// The moment from which a new file survives a power loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// From the moment when the call has returned and the directory is synced.
    Now,
    /// From a later sync: until then a power loss may leave a part of it.
    Lazy,
}

/// Result of [`Disk::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The file is new.
    New,
    /// A file of that name existed and was left unchanged.
    Exists,
}

/// Returns the directory of `path`; of a bare name, the current directory.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Returns true if others may read it. Then it gets exactly this mode, whatever the umask of the process is: a public file
/// that the web server cannot read would be missing for readers.
fn is_shared(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Numbers temporary files, so that no two files of one process share a name.
static TEMPORARY: AtomicU64 = AtomicU64::new(0);

impl Disk {
    /// Returns the real file system.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a file system that calls `fault` before each step: an error from it fails the step.
    ///
    /// A write or append whose step fails leaves the first half of its bytes in place, like a torn write.
    pub fn with_faults(
        fault: impl Fn(Step, &Path) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fault: Some(Arc::new(fault)),
            ..Self::default()
        }
    }

    /// Returns the real file system, which reports each completed change to `witness`.
    pub fn watched(witness: impl Fn(Change) + Send + Sync + 'static) -> Self {
        Self {
            witness: Some(Arc::new(witness)),
            ..Self::default()
        }
    }

    fn tell(&self, change: impl FnOnce() -> Change) {
        if let Some(witness) = &self.witness {
            witness(change());
        }
    }

    /// Returns the number of files and directories synced so far.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    fn step(&self, step: Step, path: &Path) -> io::Result<()> {
        if matches!(step, Step::SyncFile | Step::SyncDirectory) {
            self.syncs.fetch_add(1, Ordering::Relaxed);
        }
        self.fault
            .as_ref()
            .map_or(Ok(()), |fault| fault(step, path))
    }

    /// Writes `bytes`, or half of them if a fault is injected.
    fn write_or_tear(
        &self,
        step: Step,
        path: &Path,
        file: &mut File,
        bytes: &[u8],
    ) -> io::Result<()> {
        if let Err(error) = self.step(step, path) {
            file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            return Err(error);
        }
        file.write_all(bytes)?;
        self.tell(|| match step {
            Step::Write => Change::Write(path.to_owned(), bytes.to_owned()),
            _ => Change::Append(path.to_owned(), bytes.to_owned()),
        });
        Ok(())
    }

    /// Reads a file; `None` if it is missing.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DiskError::new("read", path, &error)),
        }
    }

    /// Makes the directory `path` durable, and creates it if it is missing; its parent must exist.
    ///
    /// # Errors
    /// The directory cannot be created, or its parent cannot be synced.
    pub fn make_directory(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        let made = self
            .step(Step::MakeDirectory, path)
            .and_then(|()| fs::DirBuilder::new().mode(mode).create(path))
            .and_then(|()| match is_shared(mode) {
                true => fs::set_permissions(path, Permissions::from_mode(mode)),
                false => Ok(()),
            });
        match made {
            Ok(()) => self.tell(|| Change::MakeDirectory(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            Err(error) => return Err(DiskError::new("make directory", path, &error)),
        }
        self.sync_directory(directory_of(path))
    }

    /// Makes the entries of a directory durable.
    ///
    /// # Errors
    /// The directory cannot be opened or synced.
    pub fn sync_directory(&self, path: &Path) -> Result<(), DiskError> {
        self.step(Step::SyncDirectory, path)
            .and_then(|()| File::open(path)?.sync_all())
            .map_err(|error| DiskError::new("sync directory", path, &error))?;
        self.tell(|| Change::SyncDirectory(path.to_owned()));
        Ok(())
    }

    /// Writes the content of `wanted` under a new name in `directory` and returns that path; syncs it unless it is `Lazy`.
    /// An error names `wanted`, which the user knows.
    pub(super) fn write_temporary(
        &self,
        directory: &Path,
        wanted: &Path,
        bytes: &[u8],
        mode: u32,
        durability: Durability,
    ) -> Result<PathBuf, DiskError> {
        let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!(".glasslog.{}.{number}", std::process::id()));
        let failed = |error: io::Error| DiskError::new("write", wanted, &error);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(failed)?;
        if is_shared(mode) {
            let set = file.set_permissions(Permissions::from_mode(mode));
            set.map_err(failed)?;
        }
        let filled = self.fill(&path, &mut file, bytes, durability);
        filled.map_err(|error| {
            // Nobody reads a file that was not finished, and a disk that is full needs its bytes.
            let _ = fs::remove_file(&path);
            DiskError {
                path: wanted.to_owned(),
                ..error
            }
        })?;
        Ok(path)
    }

    /// Writes a new file, and syncs it unless it is `Lazy`.
    fn fill(
        &self,
        path: &Path,
        file: &mut File,
        bytes: &[u8],
        durability: Durability,
    ) -> Result<(), DiskError> {
        self.write_or_tear(Step::Write, path, file, bytes)
            .map_err(|error| DiskError::new("write", path, &error))?;
        if durability == Durability::Now {
            self.step(Step::SyncFile, path)
                .and_then(|()| file.sync_all())
                .map_err(|error| DiskError::new("sync", path, &error))?;
            self.tell(|| Change::SyncFile(path.to_owned()));
        }
        Ok(())
    }

    /// Makes the content of a file durable; a missing file is not an error.
    ///
    /// # Errors
    /// The file cannot be opened or synced.
    pub fn sync_file(&self, path: &Path) -> Result<(), DiskError> {
        let synced = self
            .step(Step::SyncFile, path)
            .and_then(|()| File::open(path)?.sync_data());
        match synced {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DiskError::new("sync", path, &error))
            }
            Err(_) => Ok(()),
            Ok(()) => {
                self.tell(|| Change::SyncFile(path.to_owned()));
                Ok(())
            }
        }
    }

    /// Gives a file a second name, durably; an existing file of that name is not an error.
    ///
    /// # Errors
    /// The file cannot be linked, or the directory cannot be synced.
    pub fn link(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let linked = self
            .step(Step::Link, to)
            .and_then(|()| fs::hard_link(from, to));
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(DiskError::new("link", to, &error));
            }
            Err(_) => {}
            Ok(()) => self.tell(|| Change::Link(from.to_owned(), to.to_owned())),
        }
        self.sync_directory(directory_of(to))
    }

    /// Creates a new file, completely or not at all; the caller syncs its directory, and also the file if it is `Lazy`.
    ///
    /// The exclusive step is `link`, which fails if the name exists.
    ///
    /// # Errors
    /// A step fails; the file is then either absent or complete.
    pub fn create(
        &self,
        temporary: &Path,
        path: &Path,
        bytes: &[u8],
        mode: u32,
        durability: Durability,
    ) -> Result<Created, DiskError> {
        if path.exists() {
            return Ok(Created::Exists);
        }
        let source = self.write_temporary(temporary, path, bytes, mode, durability)?;
        self.name(&source, path).inspect_err(|_| {
            // A disk that fails may keep the copy; whatever is left of a key must not stay for long.
            let _ = fs::remove_file(&source);
        })
    }

    /// Gives a temporary file its final name, unless that exists, and removes the temporary name.
    pub(super) fn name(&self, source: &Path, path: &Path) -> Result<Created, DiskError> {
        let linked = self
            .step(Step::Link, path)
            .and_then(|()| fs::hard_link(source, path));
        let created = match linked {
            Ok(()) => {
                self.tell(|| Change::Link(source.to_owned(), path.to_owned()));
                Created::New
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Created::Exists,
            Err(error) => return Err(DiskError::new("create", path, &error)),
        };
        self.remove(source)?;
        Ok(created)
    }

    /// Replaces a file by `bytes`, atomically and durably.
    ///
    /// # Errors
    /// A step fails; the file is then either the old one or the new one.
    pub fn replace(
        &self,
        temporary: &Path,
        path: &Path,
        bytes: &[u8],
        mode: u32,
    ) -> Result<(), DiskError> {
        let source = self.write_temporary(temporary, path, bytes, mode, Durability::Now)?;
        self.step(Step::Rename, path)
            .and_then(|()| fs::rename(&source, path))
            .map_err(|error| DiskError::new("replace", path, &error))?;
        self.tell(|| Change::Rename(source.clone(), path.to_owned()));
        self.sync_directory(directory_of(path))
    }

    /// Removes a file; a missing file is an error.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.step(Step::Remove, path)
            .and_then(|()| fs::remove_file(path))
            .map_err(|error| DiskError::new("remove", path, &error))?;
        self.tell(|| Change::Remove(path.to_owned()));
        Ok(())
    }

    /// Appends `bytes` to an open file and syncs them.
    ///
    /// # Errors
    /// A step fails; the file may then end in a part of `bytes`.
    pub fn append(&self, file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.write_or_tear(Step::Append, path, file, bytes)
            .map_err(|error| DiskError::new("append to", path, &error))?;
        self.step(Step::SyncFile, path)
            .and_then(|()| file.sync_data())
            .map_err(|error| DiskError::new("sync", path, &error))?;
        self.tell(|| Change::SyncFile(path.to_owned()));
        Ok(())
    }

    /// Truncates an open file to `length` bytes, durably.
    ///
    /// # Errors
    /// A step fails.
    pub fn truncate(&self, file: &File, path: &Path, length: u64) -> Result<(), DiskError> {
        self.step(Step::Truncate, path)
            .and_then(|()| file.set_len(length))
            .map_err(|error| DiskError::new("truncate", path, &error))?;
        self.tell(|| Change::Truncate(path.to_owned(), length));
        self.step(Step::SyncFile, path)
            .and_then(|()| file.sync_all())
            .map_err(|error| DiskError::new("sync", path, &error))?;
        self.tell(|| Change::SyncFile(path.to_owned()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_never_overwrites_and_replace_always_does() {
        let directory = tempfile::tempdir().unwrap();
        let (temporary, path) = (
            directory.path().join("tmp"),
            directory.path().join("a/b/file"),
        );
        let disk = Disk::new();
        disk.make_directory(&temporary, 0o700).unwrap();
        disk.make_directory(&directory.path().join("a"), 0o755)
            .unwrap();
        for _ in 0..2 {
            disk.make_directory(path.parent().unwrap(), 0o755).unwrap();
        }
        assert_eq!(disk.read(&path).unwrap(), None);
        assert_eq!(
            disk.create(&temporary, &path, b"one", 0o644, Durability::Now)
                .unwrap(),
            Created::New
        );
        assert_eq!(
            disk.create(&temporary, &path, b"two", 0o644, Durability::Now)
                .unwrap(),
            Created::Exists
        );
        assert_eq!(disk.read(&path).unwrap().as_deref(), Some(&b"one"[..]));
        disk.replace(&temporary, &path, b"three", 0o600).unwrap();
        assert_eq!(disk.read(&path).unwrap().as_deref(), Some(&b"three"[..]));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(&temporary).unwrap().count(),
            0,
            "temporary files are gone"
        );
    }

    #[test]
    fn a_bare_name_lies_in_the_current_directory() {
        assert_eq!(directory_of(Path::new("name")), Path::new("."));
        assert_eq!(directory_of(Path::new("a/name")), Path::new("a"));
    }

    #[test]
    fn a_fault_tears_a_write_before_the_name_exists() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let disk = Disk::with_faults(|step, _| match step {
            Step::Write => Err(io::Error::other("torn")),
            _ => Ok(()),
        });
        let error = disk
            .create(directory.path(), &path, b"1234", 0o644, Durability::Now)
            .unwrap_err();
        assert!(error.to_string().ends_with(": torn"), "{error}");
        assert!(!path.exists());
    }
}
