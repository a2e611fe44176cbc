//! Remembers immutable files of remote logs, by the log's address: full tiles and entry bundles, and files of the index.
//!
//! Remembered files are as untrusted as fetched ones. The client forgets them when a verdict that rests on them fails, so
//! a damaged cache costs a second reading and never a wrong verdict.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use glasslog_core::fetch::LogFile;
use glasslog_core::merkle::sha256;
use glasslog_core::text::wire::hex_encode;

use super::source::limit_bytes;

/// Most bytes remembered for one log: a million small entries with their tiles. Beyond it nothing is added.
const MAX_BYTES: u64 = 1 << 30;

/// The remembered files of one log.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    /// Several threads ask for files.
    in_use: Mutex<Use>,
}

/// The files that the current verdict rests on.
#[derive(Debug, Default)]
struct Use {
    /// Bytes on disk; counted when the first file is added.
    size: Option<u64>,
    /// Files in the cache that the verdict rests on, remembered or just added.
    files: Vec<String>,
    /// True if one of them was remembered.
    hit: bool,
    /// True once remembered files have been forgotten: the cache is not used any more.
    is_off: bool,
}

impl Cache {
    /// Returns the cache for the log at `address`, if this user has a directory for it.
    pub(crate) fn of(address: &str) -> Option<Self> {
        Some(Self::at(cache_directory()?, address))
    }

    pub(super) fn at(base: PathBuf, address: &str) -> Self {
        Self {
            root: base.join(hex_encode(sha256(address.as_bytes()).as_bytes())),
            in_use: Mutex::default(),
        }
    }

    fn in_use(&self) -> MutexGuard<'_, Use> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a remembered file. Any trouble counts as "not remembered".
    pub(crate) fn get(&self, path: &str) -> Option<Vec<u8>> {
        if !is_immutable(path) || self.in_use().is_off {
            return None;
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(self.root.join(path)).ok()?;
        file.take(limit_bytes(path) as u64 + 1)
            .read_to_end(&mut bytes)
            .ok()?;
        let mut in_use = self.in_use();
        in_use.files.push(path.to_owned());
        in_use.hit = true;
        Some(bytes)
    }

    /// Remembers a file if it never changes. A cache that cannot be written is ignored.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let mut in_use = self.in_use();
        if in_use.is_off {
            return;
        }
        let size = in_use.size.unwrap_or_else(|| bytes_below(&self.root));
        let grown = size.saturating_add(bytes.len() as u64);
        if is_immutable(path) && grown <= MAX_BYTES && self.write(path, bytes).is_ok() {
            in_use.files.push(path.to_owned());
            in_use.size = Some(grown);
        }
    }

    /// Forgets the files that the current verdict rests on, and remembers and returns none from here on, if one of them
    /// was remembered; returns whether one was.
    pub(crate) fn forget_used(&self) -> bool {
        let mut in_use = self.in_use();
        if !in_use.hit {
            return false;
        }
        for path in in_use.files.drain(..) {
            let _ = fs::remove_file(self.root.join(path));
        }
        *in_use = Use {
            is_off: true,
            ..Use::default()
        };
        true
    }

    /// Writes the file under another name and renames it, so that a reader never sees half a file.
    fn write(&self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let target = self.root.join(path);
        let parent = target.parent().unwrap_or(&self.root);
        create_private(parent)?;
        let aside = parent.join(format!(".{}.part", std::process::id()));
        fs::write(&aside, bytes)?;
        fs::rename(&aside, &target)
    }
}

/// Returns true for files that never change and that the log keeps. Partial tiles may be deleted.
fn is_immutable(path: &str) -> bool {
    LogFile::parse(path).is_some_and(|file| file.is_immutable() && !file.is_partial())
}

/// Returns the user's directory for what can be fetched or computed again. `GLASSLOG_CACHE` names another directory, or
/// `off`.
#[must_use]
pub fn cache_directory() -> Option<PathBuf> {
    match std::env::var_os("GLASSLOG_CACHE") {
        Some(value) if value == "off" || value.is_empty() => None,
        Some(value) => Some(PathBuf::from(value)),
        None => Some(user_cache()?.join("glasslog")),
    }
}

fn user_cache() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(windows) {
        return absolute("LOCALAPPDATA");
    }
    absolute("XDG_CACHE_HOME").or_else(|| {
        let home = absolute("HOME")?;
        Some(if cfg!(target_os = "macos") {
            home.join("Library/Caches")
        } else {
            home.join(".cache")
        })
    })
}

/// Creates a directory for its owner only: the names of the logs that a user reads are private.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn bytes_below(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_full_files_only() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_owned(), "http://a/");
        cache.put("tile/0/000", b"full");
        cache.put("tile/0/001.p/3", b"partial");
        cache.put("checkpoint", b"head");
        let again = Cache::at(dir.path().to_owned(), "http://a/");
        assert_eq!(again.get("tile/0/000").as_deref(), Some(&b"full"[..]));
        assert_eq!(again.get("tile/0/001.p/3"), None);
        assert_eq!(again.get("checkpoint"), None);
        let other = Cache::at(dir.path().to_owned(), "http://b/");
        assert_eq!(other.get("tile/0/000"), None);
        assert!(!other.forget_used());
    }

    #[test]
    fn forgets_what_a_failed_verdict_rests_on() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_owned(), "http://a/");
        cache.put("tile/0/000", b"x");
        assert!(!cache.forget_used());
        let again = Cache::at(dir.path().to_owned(), "http://a/");
        assert!(again.get("tile/0/000").is_some() && again.forget_used());
        assert!(again.get("tile/0/000").is_none() && !again.forget_used());
        let fresh = Cache::at(dir.path().to_owned(), "http://a/");
        assert_eq!(fresh.get("tile/0/000"), None);
    }

    #[test]
    fn stops_growing() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_owned(), "http://a/");
        cache.in_use().size = Some(MAX_BYTES);
        cache.put("tile/0/000", b"x");
        assert_eq!(cache.get("tile/0/000"), None);
    }
}
