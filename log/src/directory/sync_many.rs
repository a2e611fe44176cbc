//! Creation of many files at once: they are synced concurrently, since a device flushes several of them as fast as one.

use super::disk::{Created, Disk, Durability};
use super::error::DiskError;
use std::path::{Path, PathBuf};
use std::thread;

/// Concurrent syncs: 16 take a tenth of the time of sequential ones, and more take no less.
const SYNCS_AT_ONCE: usize = 16;

impl Disk {
    /// Creates new files, each completely or not at all: none gets its name before all of them are synced. Existing
    /// files are left unchanged. The caller syncs the directories.
    ///
    /// # Errors
    /// A step fails; each file is then either absent or complete.
    pub fn create_all(
        &self,
        temporary: &Path,
        files: &[(PathBuf, &[u8])],
        mode: u32,
    ) -> Result<Vec<Created>, DiskError> {
        let mut sources = Vec::with_capacity(files.len());
        for (path, bytes) in files {
            sources.push(match path.exists() {
                true => None,
                false => {
                    Some(self.write_temporary(temporary, path, bytes, mode, Durability::Lazy)?)
                }
            });
        }
        let written: Vec<&PathBuf> = sources.iter().flatten().collect();
        self.sync_side_by_side(&written, Self::sync_file)?;
        let mut created = Vec::with_capacity(files.len());
        for ((path, _), source) in files.iter().zip(&sources) {
            created.push(match source {
                None => Created::Exists,
                Some(source) => self.name(source, path)?,
            });
        }
        Ok(created)
    }

    /// Makes the entries of directories durable.
    ///
    /// # Errors
    /// A directory cannot be opened or synced.
    pub fn sync_directories(&self, paths: &[&Path]) -> Result<(), DiskError> {
        self.sync_side_by_side(paths, Self::sync_directory)
    }

    fn sync_side_by_side<P: AsRef<Path> + Sync>(
        &self,
        paths: &[P],
        sync: impl Fn(&Self, &Path) -> Result<(), DiskError> + Sync,
    ) -> Result<(), DiskError> {
        let all = |paths: &[P]| paths.iter().try_for_each(|path| sync(self, path.as_ref()));
        let share = paths.len().div_ceil(SYNCS_AT_ONCE);
        if paths.len() <= 1 {
            return all(paths);
        }
        thread::scope(|scope| {
            let all = &all;
            let shares = paths.chunks(share);
            let helpers: Vec<_> = shares
                .map(|share| scope.spawn(move || all(share)))
                .collect();
            helpers.into_iter().try_for_each(|helper| {
                let synced = helper.join();
                synced.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::steps::Step;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::{fs, io};

    #[test]
    fn all_are_synced_before_one_has_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let temporary = directory.path().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let names: Vec<PathBuf> = (0..100)
            .map(|n| directory.path().join(n.to_string()))
            .collect();
        let files: Vec<(PathBuf, &[u8])> =
            names.iter().map(|name| (name.clone(), &b"x"[..])).collect();
        fs::write(&names[7], "other").unwrap();
        let fails = |at: u64| {
            let synced = Arc::new(AtomicU64::new(0));
            let disk = Disk::with_faults(move |step, _| {
                let number = match step {
                    Step::SyncFile => synced.fetch_add(1, Ordering::Relaxed),
                    _ => 0,
                };
                match number == at && step == Step::SyncFile {
                    true => Err(io::Error::other("no space")),
                    false => Ok(()),
                }
            });
            disk.create_all(&temporary, &files, 0o644)
        };
        for at in [0, 50, 98] {
            assert!(fails(at).is_err(), "sync {at}");
            assert_eq!(names.iter().filter(|name| name.exists()).count(), 1);
        }
        let created = fails(99).unwrap();
        assert_eq!(
            created.iter().filter(|file| **file == Created::New).count(),
            99
        );
        assert_eq!(created[7], Created::Exists);
        assert_eq!(fs::read(&names[7]).unwrap(), b"other");
        assert!(names.iter().all(|name| name.exists()));
        // Only files that the failures left.
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 3 * 99);
    }
}
