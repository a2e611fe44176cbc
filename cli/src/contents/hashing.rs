//! Digests of many files, computed on all cores in constant memory.

use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use glasslog_core::merkle::{FileHasher, Hash};

use super::cache::Cache;
use super::stat::Stat;
use super::walk::Found;
use crate::failure::Failure;
use crate::output::{Console, Progress};

/// Bytes that each thread reads at once.
const CHUNK: usize = 1 << 20;
/// Time between two looks at the progress.
const TICK: Duration = Duration::from_millis(100);

/// Work that the threads share.
struct Work<'a> {
    files: &'a [Found],
    /// Positions of the files, the largest first, so that no thread begins a large one last.
    order: Vec<usize>,
    next: AtomicUsize,
    done: AtomicU64,
    has_failed: AtomicBool,
    cache: Option<&'a Cache>,
}

/// Returns the digest of each file, in their order.
///
/// # Errors
/// A file cannot be read, or changes while it is read.
pub(super) fn hash_all(
    files: &[Found],
    cache: Option<&Cache>,
    console: &Console,
) -> Result<Vec<Hash>, Failure> {
    let work = Work::new(files, cache);
    let progress = Progress::new(
        console,
        "hashing {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}",
    );
    let sizes = files.iter().map(|file| file.stat.size);
    let total = sizes.fold(0, u64::saturating_add);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (alive, ended) = channel::<()>();
    let parts = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores.min(files.len()))
            .map(|_| {
                let (work, alive) = (&work, alive.clone());
                scope.spawn(move || {
                    let _alive = alive;
                    work.hash()
                })
            })
            .collect();
        drop(alive);
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            progress.show(work.done.load(Ordering::Relaxed), total);
        }
        let parts = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        parts.collect::<Result<Vec<_>, Failure>>()
    })?;
    let mut digests: Vec<(usize, Hash)> = parts.into_iter().flatten().collect();
    digests.sort_by_key(|(at, _)| *at);
    Ok(digests.into_iter().map(|(_, digest)| digest).collect())
}

impl<'a> Work<'a> {
    fn new(files: &'a [Found], cache: Option<&'a Cache>) -> Self {
        let mut order: Vec<usize> = (0..files.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(files[*at].stat.size));
        Self {
            files,
            order,
            next: AtomicUsize::new(0),
            done: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            cache,
        }
    }

    /// Hashes files until none is left or one failed.
    fn hash(&self) -> Result<Vec<(usize, Hash)>, Failure> {
        let mut digests = Vec::new();
        let mut buffer = vec![0; CHUNK];
        while !self.has_failed.load(Ordering::Relaxed) {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(at) = self.order.get(next) else {
                break;
            };
            match self.digest(&self.files[*at], &mut buffer) {
                Ok(digest) => digests.push((*at, digest)),
                Err(failure) => {
                    self.has_failed.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
        Ok(digests)
    }

    fn digest(&self, found: &Found, buffer: &mut [u8]) -> Result<Hash, Failure> {
        let remembered = self
            .cache
            .and_then(|cache| cache.get(&found.place, &found.stat));
        if let Some(digest) = remembered {
            self.done.fetch_add(found.stat.size, Ordering::Relaxed);
            return Ok(digest);
        }
        let began = SystemTime::now();
        let digest = self.read(&found.place, &found.stat, buffer)?;
        if let Some(cache) = self.cache {
            cache.put(&found.place, &found.stat, &digest, began);
        }
        Ok(digest)
    }

    /// Reads a file, which must be in this state before and after.
    fn read(&self, path: &Path, stat: &Stat, buffer: &mut [u8]) -> Result<Hash, Failure> {
        let failed = |error: &std::io::Error| Failure::file(path.display(), error);
        let mut file = File::open(path).map_err(|error| failed(&error))?;
        let mut hasher = FileHasher::new();
        loop {
            let count = file.read(buffer).map_err(|error| failed(&error))?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            self.done.fetch_add(count as u64, Ordering::Relaxed);
        }
        let metadata = file.metadata().map_err(|error| failed(&error))?;
        // The size of a pipe or a device says nothing.
        if metadata.is_file() && Stat::of(&metadata) != *stat {
            let message = format!("`{}` changed while it was read", path.display());
            return Err(Failure::unfinished("file-changed", message)
                .hint("run the command again when nothing writes to it"));
        }
        Ok(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk;
    use super::*;
    use glasslog_core::merkle::sha256;
    use std::fs;
    use std::io::Write;

    #[test]
    fn every_byte_is_hashed_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let contents = [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 1].map(|length| vec![7; length]);
        let files: Vec<Found> = contents
            .iter()
            .enumerate()
            .map(|(at, content)| {
                let path = folder.path().join(at.to_string());
                fs::write(&path, content).unwrap();
                walk::file(&path).unwrap()
            })
            .collect();
        let work = Work::new(&files, None);
        let mut digests = work.hash().unwrap();
        digests.sort_by_key(|(at, _)| *at);
        for ((_, digest), content) in digests.iter().zip(&contents) {
            assert_eq!(*digest, sha256(content));
        }
        let total: usize = contents.iter().map(Vec::len).sum();
        assert_eq!(work.done.load(Ordering::Relaxed), total as u64);
    }

    #[test]
    fn files_that_change_while_they_are_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        let append = || {
            let mut file = File::options().append(true).open(&path).unwrap();
            file.write_all(b"more").unwrap();
        };
        let replace = || {
            fs::write(&other, "other!").unwrap();
            fs::rename(&other, &path).unwrap();
        };
        let truncate = || fs::write(&path, "").unwrap();
        let changes: [(&str, &dyn Fn()); 3] = [
            ("append", &append),
            ("replace", &replace),
            ("truncate", &truncate),
        ];
        for (name, change) in changes {
            fs::write(&path, "before").unwrap();
            let files = [walk::file(&path).unwrap()];
            change();
            let failure = Work::new(&files, None).hash().unwrap_err();
            assert_eq!(failure.code, "file-changed", "{name}");
        }
    }
}
