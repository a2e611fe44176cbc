//! A log in a directory: bounded reads, and nothing outside the tree.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use glasslog_core::fetch::CHECKPOINT_PATH;

use super::source::{Answer, Source, limit_bytes};
use crate::error::Error;

/// The public tree of a log directory, or a public tree by itself.
#[derive(Debug)]
pub struct Directory {
    /// The path with every symbolic link resolved.
    root: PathBuf,
}

impl Directory {
    /// Opens a log directory or a public tree.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn open(log: &Path) -> Result<Self, Error> {
        let public = log.join("public");
        let tree = if !log.join(CHECKPOINT_PATH).exists() && public.is_dir() {
            public.as_path()
        } else {
            log
        };
        let root = tree
            .canonicalize()
            .map_err(|error| Error::file(log.display(), &error))?;
        if !root.is_dir() {
            let path = log.display().to_string();
            return Err(Error::NotADirectory { path });
        }
        Ok(Self { root })
    }

    /// Returns the path of the public tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Source for Directory {
    /// Fails also for what is not a file, and for a link that leads out of the tree.
    fn read(&self, path: &str) -> Answer {
        let relative = Path::new(path);
        if relative
            .components()
            .any(|part| !matches!(part, Component::Normal(_)))
        {
            return Err(outside(path));
        }
        let file = match self.root.join(relative).canonicalize() {
            Ok(file) => file,
            // A file in place of a directory hides the files that belong below it.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(Error::file(path, &error)),
        };
        if !file.starts_with(&self.root) {
            return Err(outside(path));
        }
        if !file.is_file() {
            return Err(Error::File {
                path: path.to_owned(),
                problem: "not a file".to_owned(),
            });
        }
        let most = limit_bytes(path) as u64 + 1;
        let mut bytes = Vec::new();
        File::open(&file)
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .map_err(|error| Error::file(path, &error))?;
        Ok(Some(bytes))
    }

    /// Links are named, not followed.
    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        let mut paths = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let fail = |error: std::io::Error| Error::file(folder.display(), &error);
            for entry in std::fs::read_dir(&folder).map_err(fail)? {
                let entry = entry.map_err(fail)?;
                let path = entry.path();
                if entry.file_type().map_err(fail)?.is_dir() {
                    folders.push(path);
                } else if let Ok(relative) = path.strip_prefix(&self.root) {
                    let parts: Vec<_> =
                        relative.iter().map(|part| part.to_string_lossy()).collect();
                    paths.push(parts.join("/"));
                }
            }
        }
        paths.sort_unstable();
        Ok(Some(paths))
    }
}

fn outside(path: &str) -> Error {
    let path = path.to_owned();
    Error::OutsideTree { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_files_and_tells_missing_ones_apart() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("checkpoint"), b"abc").unwrap();
        let source = Directory::open(dir.path()).unwrap();
        std::fs::create_dir(dir.path().join("checkpoints")).unwrap();
        std::fs::write(dir.path().join("checkpoints/7"), b"abc").unwrap();
        assert_eq!(
            source.list().unwrap().unwrap(),
            ["checkpoint", "checkpoints/7"]
        );
        assert_eq!(source.read("checkpoint"), Ok(Some(b"abc".to_vec())));
        assert_eq!(source.read("tile/0/000"), Ok(None));
        assert_eq!(source.read("checkpoint/000"), Ok(None));
    }

    #[test]
    fn opens_the_public_tree_of_a_log_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("public")).unwrap();
        std::fs::write(dir.path().join("public/checkpoint"), b"abc").unwrap();
        let source = Directory::open(dir.path()).unwrap();
        assert_eq!(source.read("checkpoint"), Ok(Some(b"abc".to_vec())));
    }

    #[test]
    fn reads_one_byte_past_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("tile/0")).unwrap();
        std::fs::write(dir.path().join("tile/0/000"), vec![0; 9000]).unwrap();
        let source = Directory::open(dir.path()).unwrap();
        assert_eq!(source.read("tile/0/000").unwrap().unwrap().len(), 8193);
    }

    #[test]
    fn stays_inside_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(dir.path().join("secret"), b"s").unwrap();
        let source = Directory::open(&tree).unwrap();
        assert_eq!(source.read("../secret").unwrap_err().code(), "outside-tree");
        assert_eq!(
            source.read("/etc/hostname").unwrap_err().code(),
            "outside-tree"
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), tree.join("checkpoint")).unwrap();
            assert_eq!(
                source.read("checkpoint").unwrap_err().code(),
                "outside-tree"
            );
        }
        std::fs::create_dir(tree.join("tile")).unwrap();
        assert_eq!(source.read("tile").unwrap_err().code(), "file");
    }
}
