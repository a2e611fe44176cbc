//! Remembered digests of large files, in the user's cache directory (`docs/formats/folders.md`, "Digest cache").
//!
//! A digest counts for the path, size, times, inode and device that it was computed for, and only if the times lay well
//! before the reading began: like an index of git, it never rests on a time at which the file could change again.

use std::fs::{self, DirBuilder, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use glasslog_client::cache_directory;
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::text::wire::hex_decode;

use super::stat::Stat;

/// Files from this size on are remembered: reading 4 MiB takes as long as some dozen look-ups.
const LEAST_BYTES: u64 = 4 << 20;
/// Longest remembered text: version, five numbers and a digest.
const MOST_BYTES: u64 = 512;
/// First word of a remembered text.
const VERSION: &str = "glasslog-digest/v1";

/// The directory of remembered digests.
#[derive(Debug)]
pub(super) struct Cache {
    root: PathBuf,
    written: AtomicU32,
}

impl Cache {
    /// Returns the user's cache, if there is one.
    pub(super) fn open() -> Option<Self> {
        cache_directory().map(|base| Self::at(base.join("digests")))
    }

    fn at(root: PathBuf) -> Self {
        Self {
            root,
            written: AtomicU32::new(0),
        }
    }

    /// Returns the remembered digest of a file in this state. Any trouble counts as "not remembered".
    pub(super) fn get(&self, path: &Path, stat: &Stat) -> Option<Hash> {
        if stat.size < LEAST_BYTES {
            return None;
        }
        let file = File::open(self.place(path)?).ok()?;
        // Another user's file could hold any digest.
        let metadata = file.metadata().ok()?;
        let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
        if !is_own || metadata.mode() & 0o022 != 0 {
            return None;
        }
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
        let state = format!("{VERSION} {} sha256:", stat.encode());
        let hex = text.strip_prefix(&state)?.strip_suffix('\n')?;
        let bytes = hex_decode(hex)?.try_into().ok()?;
        Some(Hash::from_bytes(bytes))
    }

    /// Remembers the digest of a file in this state, whose reading began at `began`. Any trouble is ignored.
    pub(super) fn put(&self, path: &Path, stat: &Stat, digest: &Hash, began: SystemTime) {
        if stat.size >= LEAST_BYTES && stat.is_settled(began) {
            let text = format!("{VERSION} {} sha256:{}\n", stat.encode(), digest.to_hex());
            let _ = self.write(path, text.as_bytes());
        }
    }

    /// Returns the place of a file's digest, by its absolute path.
    fn place(&self, path: &Path) -> Option<PathBuf> {
        let path = fs::canonicalize(path).ok()?;
        let name = sha256(path.as_os_str().as_encoded_bytes()).to_hex();
        Some(self.root.join(name))
    }

    /// Writes under another name and renames, so that a reader never sees half a text.
    fn write(&self, path: &Path, text: &[u8]) -> std::io::Result<()> {
        let Some(place) = self.place(path) else {
            return Ok(());
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&self.root)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = self
            .root
            .join(format!(".{}.{number}.part", std::process::id()));
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)?;
        file.write_all(text)?;
        fs::rename(&aside, &place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, UNIX_EPOCH};

    struct World {
        dir: tempfile::TempDir,
        cache: Cache,
    }

    /// A file of the least size that is remembered, modified long ago.
    fn world() -> World {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("cache"));
        let world = World { dir, cache };
        world.write(0);
        world
    }

    impl World {
        fn path(&self) -> PathBuf {
            self.dir.path().join("model.bin")
        }

        fn write(&self, byte: u8) {
            fs::write(self.path(), vec![byte; LEAST_BYTES.try_into().unwrap()]).unwrap();
            let file = File::options().write(true).open(self.path()).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000))
                .unwrap();
        }

        fn stat(&self) -> Stat {
            Stat::of(&fs::metadata(self.path()).unwrap())
        }

        fn get(&self) -> Option<Hash> {
            self.cache.get(&self.path(), &self.stat())
        }
    }

    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(10)
    }

    #[test]
    fn a_digest_counts_for_the_same_state_only() {
        let world = world();
        let digest = sha256(b"x");
        assert_eq!(world.get(), None);
        world
            .cache
            .put(&world.path(), &world.stat(), &digest, later());
        assert_eq!(world.get(), Some(digest));
        // Other content with the same size and time of modification: the time of change differs.
        std::thread::sleep(Duration::from_millis(30));
        world.write(1);
        assert_eq!(world.get(), None);
    }

    #[test]
    fn recent_and_small_files_are_not_remembered() {
        let world = world();
        let (path, digest) = (world.path(), sha256(b"x"));
        world
            .cache
            .put(&path, &world.stat(), &digest, SystemTime::now());
        assert_eq!(world.get(), None, "it has just been changed");
        fs::write(&path, "small").unwrap();
        world.cache.put(&path, &world.stat(), &digest, later());
        assert_eq!(world.get(), None);
    }

    #[test]
    fn a_cache_that_others_can_write_is_not_believed() {
        let world = world();
        let digest = sha256(b"x");
        world
            .cache
            .put(&world.path(), &world.stat(), &digest, later());
        let place = world.cache.place(&world.path()).unwrap();
        fs::set_permissions(&place, PermissionsExt::from_mode(0o666)).unwrap();
        assert_eq!(world.get(), None);
        fs::set_permissions(&place, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(world.get(), Some(digest));
        let text = fs::read_to_string(&place).unwrap();
        for damaged in [&text[..text.len() - 1], &text[1..], ""] {
            fs::write(&place, damaged).unwrap();
            assert_eq!(world.get(), None, "{damaged}");
        }
    }
}
