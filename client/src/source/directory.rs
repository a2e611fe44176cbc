//! A log in a directory: bounded reads, and nothing outside the tree.
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use super::limit;
use crate::failure::Failure;

/// The public tree of a log directory, or one that stands alone.
#[derive(Debug)]
pub(crate) struct Directory {
    /// With every symbolic link resolved.
    root: PathBuf,
}

impl Directory {
    /// Opens a log directory or a public tree.
    ///
    /// # Errors
    /// There is no such directory.
    pub(crate) fn open(log: &Path) -> Result<Self, Failure> {
        let public = log.join("public");
        let tree = if !log.join("checkpoint").exists() && public.is_dir() {
            public.as_path()
        } else {
            log
        };
        let root = tree
            .canonicalize()
            .map_err(|error| Failure::file(log.display(), &error))?;
        if !root.is_dir() {
            return Err(Failure::unfinished(
                "file",
                format!("`{}`: not a directory", log.display()),
            )
            .hint("`LOG` is a log directory, its public tree or an http(s) URL"));
        }
        Ok(Self { root })
    }

    /// Where the tree lies.
    #[cfg(feature = "portal")]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads one file, or says that it is missing. Of a file over its limit, one byte more than the limit is read.
    ///
    /// # Errors
    /// The disk, permissions, what is not a file, or a link that leads out of the tree.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let relative = Path::new(path);
        if relative
            .components()
            .any(|part| !matches!(part, Component::Normal(_)))
        {
            return Err(outside(path));
        }
        let file = match self.root.join(relative).canonicalize() {
            Ok(file) => file,
            // A file where a directory should be hides what was to be below it.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(Failure::file(path, &error)),
        };
        if !file.starts_with(&self.root) {
            return Err(outside(path));
        }
        if !file.is_file() {
            return Err(Failure::unfinished("file", format!("`{path}`: not a file")));
        }
        let most = limit(path) as u64 + 1;
        let mut bytes = Vec::new();
        File::open(&file)
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .map_err(|error| Failure::file(path, &error))?;
        Ok(Some(bytes))
    }

    /// Every file of the tree, as paths relative to it. Links are named, not followed.
    ///
    /// # Errors
    /// The disk, or permissions.
    pub(crate) fn list(&self) -> Result<Vec<String>, Failure> {
        let mut paths = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let fail = |error: std::io::Error| Failure::file(folder.display(), &error);
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
        Ok(paths)
    }
}

fn outside(path: &str) -> Failure {
    Failure::unfinished(
        "outside-tree",
        format!("`{path}` leads out of the log's public tree"),
    )
    .hint("a public tree is complete in itself; copy the file into it")
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
        assert_eq!(source.list().unwrap(), ["checkpoint", "checkpoints/7"]);
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
        assert_eq!(source.read("../secret").unwrap_err().code, "outside-tree");
        assert_eq!(
            source.read("/etc/hostname").unwrap_err().code,
            "outside-tree"
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), tree.join("checkpoint")).unwrap();
            assert_eq!(source.read("checkpoint").unwrap_err().code, "outside-tree");
        }
        std::fs::create_dir(tree.join("tile")).unwrap();
        assert_eq!(source.read("tile").unwrap_err().code, "file");
    }
}
