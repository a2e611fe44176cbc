//! The files of a model folder, and the folder's digest (`docs/formats/folders.md`).
//!
//! The digest is the one that [OpenSSF Model Signing v1.0](https://github.com/sigstore/model-transparency) computes: the
//! SHA-256 of the files' SHA-256 digests, in the order of their paths. It commits to no path; the list of files does.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use crate::merkle::hash::{FileHasher, Hash};
use crate::text::escape;
use crate::text::limits::{MAX_FILE_PATH, MAX_FILES};

/// Paths at the top of a folder that no model depends on, as `model_signing` leaves them out.
const LEFT_OUT: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Relative path, its parts separated by `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub digest: Hash,
}

/// Files of a folder in ascending order of their paths, each path once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileList(Vec<FolderFile>);

/// The reason why files are not those of a folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileListError {
    /// There is no file.
    #[error("the folder holds no file")]
    Empty,
    /// There are more than [`MAX_FILES`].
    #[error("the folder holds more than {MAX_FILES} files")]
    TooMany,
    /// The path is not a relative one in its one spelling.
    #[error(
        "`{}` is not a path of a file list: parts separated by `/`, none of them empty, `.` or `..`, without control \
         characters and backslashes, {MAX_FILE_PATH} bytes at most",
        escape::excerpt(.path)
    )]
    Path {
        /// The path.
        path: String,
    },
    /// The path comes twice.
    #[error("`{}` is listed twice", escape::excerpt(.path))]
    Twice {
        /// The path.
        path: String,
    },
    /// The path is before its predecessor.
    #[error("`{}` is out of order", escape::excerpt(.path))]
    Order {
        /// The path.
        path: String,
    },
    /// The path is that of a file and also a folder of another file.
    #[error("`{}` is a file and a folder", escape::excerpt(.path))]
    Folder {
        /// The path.
        path: String,
    },
}

impl FileListError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "files-empty",
            Self::TooMany => "files-too-many",
            Self::Path { .. } => "files-path",
            Self::Twice { .. } => "files-twice",
            Self::Order { .. } => "files-order",
            Self::Folder { .. } => "files-folder",
        }
    }
}

/// Tells whether a text is the path of a file: relative, in its one spelling, and safe to show.
#[must_use]
pub fn is_file_path(path: &str) -> bool {
    (1..=MAX_FILE_PATH).contains(&path.len())
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !path
            .chars()
            .any(|character| character.is_control() || character == '\\')
}

/// Tells whether a path is left out of every folder: one of git at the top, or a path below it.
#[must_use]
pub fn is_left_out(path: &str) -> bool {
    let top = path.split('/').next();
    top.is_some_and(|top| LEFT_OUT.contains(&top))
}

/// Compares paths part by part, as `model_signing` does: `a/b` is before `a.b`.
fn compare(path: &str, other: &str) -> Ordering {
    path.split('/').cmp(other.split('/'))
}

impl FileList {
    /// Puts the files of a folder in order.
    ///
    /// # Errors
    /// [`FileListError`] if there is no file or too many, or a path is malformed, comes twice or is a folder too.
    pub fn new(mut files: Vec<FolderFile>) -> Result<Self, FileListError> {
        files.sort_by(|file, other| compare(&file.path, &other.path));
        Self::from_sorted(files)
    }

    /// Takes files that are in order.
    ///
    /// # Errors
    /// As [`FileList::new`], and if they are out of order.
    pub fn from_sorted(files: Vec<FolderFile>) -> Result<Self, FileListError> {
        if files.is_empty() {
            return Err(FileListError::Empty);
        }
        if files.len() > MAX_FILES {
            return Err(FileListError::TooMany);
        }
        let mut before: Option<&str> = None;
        for file in &files {
            let path = file.path.as_str();
            let refused = || path.to_string();
            if !is_file_path(path) {
                return Err(FileListError::Path { path: refused() });
            }
            match before.map(|before| compare(before, path)) {
                Some(Ordering::Greater) => return Err(FileListError::Order { path: refused() }),
                Some(Ordering::Equal) => return Err(FileListError::Twice { path: refused() }),
                Some(Ordering::Less) | None => {}
            }
            // In this order the files below a path come right after it.
            let below = before.and_then(|before| path.strip_prefix(before));
            if below.is_some_and(|below| below.starts_with('/')) {
                return Err(FileListError::Folder {
                    path: before.unwrap_or_default().to_string(),
                });
            }
            before = Some(path);
        }
        Ok(Self(files))
    }

    /// Returns the files in order.
    #[must_use]
    pub fn files(&self) -> &[FolderFile] {
        &self.0
    }

    /// Returns the `count` largest files, in the order of the list.
    #[must_use]
    pub fn largest(&self, count: usize) -> Vec<FolderFile> {
        let mut places: Vec<usize> = (0..self.0.len()).collect();
        let size = |place: &usize| self.0.get(*place).map_or(0, |file| file.size);
        places.sort_by_key(|place| Reverse(size(place)));
        places.truncate(count);
        places.sort_unstable();
        let files = places.into_iter().filter_map(|place| self.0.get(place));
        files.cloned().collect()
    }

    /// Returns the number of bytes of all files.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |size, file| size.saturating_add(file.size))
    }

    pub(crate) fn into_files(self) -> Vec<FolderFile> {
        self.0
    }

    /// Computes the digest of the folder.
    #[must_use]
    pub fn root(&self) -> Hash {
        root(&self.0)
    }

    /// Compares the files with those of a registration.
    #[must_use]
    pub fn compare(&self, registered: &[FolderFile]) -> Differences {
        let mut expected = BTreeMap::new();
        expected.extend(registered.iter().map(|file| (file.path.as_str(), file)));
        let mut differences = Differences::default();
        for file in &self.0 {
            match expected.remove(file.path.as_str()) {
                None => differences.extra.push(file.path.clone()),
                Some(known) if (known.digest, known.size) != (file.digest, file.size) => {
                    differences.changed.push(file.path.clone());
                }
                Some(_) => {}
            }
        }
        let missing = expected.into_keys().map(ToString::to_string);
        differences.missing = missing.collect();
        differences
    }
}

/// Computes the digest of a folder with these files, which are in order.
pub(crate) fn root(files: &[FolderFile]) -> Hash {
    let mut hasher = FileHasher::new();
    for file in files {
        hasher.update(file.digest.as_bytes());
    }
    hasher.finish()
}

/// Paths by which a folder differs from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Files with another content.
    pub changed: Vec<String>,
    /// Files that are not there.
    pub missing: Vec<String>,
    /// Files that the other does not have.
    pub extra: Vec<String>,
}

impl Differences {
    /// Tells whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.missing.is_empty() && self.extra.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::sha256;
    use alloc::string::String;

    pub(super) fn file(path: &str, content: &str) -> FolderFile {
        FolderFile {
            path: path.into(),
            size: content.len().try_into().unwrap(),
            digest: sha256(content.as_bytes()),
        }
    }

    fn code(paths: &[&str]) -> &'static str {
        let files = paths.iter().map(|path| file(path, "x")).collect();
        FileList::from_sorted(files).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn paths_have_one_spelling() {
        let longest = "x".repeat(MAX_FILE_PATH);
        for path in [
            "a", "a/b", "a b", ".git", "...", "a..b", "modèle", "a:b", &longest,
        ] {
            assert!(is_file_path(path), "{path}");
        }
        let too_long = "x".repeat(MAX_FILE_PATH + 1);
        for path in [
            "", "/a", "a/", "a//b", ".", "..", "./a", "a/../b", "a/..", "a\\b", "a\nb", "a\u{0}",
            "a\u{7f}", "a\u{85}", &too_long,
        ] {
            assert!(!is_file_path(path), "{path:?}");
        }
    }

    #[test]
    fn paths_of_git_are_left_out_at_the_top_only() {
        for path in [
            ".git",
            ".git/HEAD",
            ".github/x/y",
            ".gitignore",
            ".gitattributes",
        ] {
            assert!(is_left_out(path), "{path}");
        }
        for path in ["", "a", "sub/.git", ".gitmodules", ".git2/x", ".hidden"] {
            assert!(!is_left_out(path), "{path}");
        }
    }

    #[test]
    fn lists_are_in_order_and_hold_each_path_once() {
        for (paths, expected) in [
            (&["a"][..], "ok"),
            (&["a/b", "a.b"], "ok"),
            (&["a", "b/c", "b/d", "b.c"], "ok"),
            (&[], "files-empty"),
            (&["b", "a"], "files-order"),
            (&["a.b", "a/b"], "files-order"),
            (&["a", "a"], "files-twice"),
            (&["a", "a/b"], "files-folder"),
            (&["a/b", "a/b/c", "a.b"], "files-folder"),
            (&["a", "../b"], "files-path"),
        ] {
            assert_eq!(code(paths), expected, "{paths:?}");
        }
        let unsorted = [file("a.b", "1"), file("a/b", "2")].into();
        let list = FileList::new(unsorted).unwrap();
        let paths: Vec<&str> = list.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a/b", "a.b"]);
    }

    #[test]
    fn the_digest_is_the_hash_of_the_digests_in_order() {
        let list = FileList::new([file("b", "2"), file("a", "1")].into()).unwrap();
        let mut joined = sha256(b"1").as_bytes().to_vec();
        joined.extend(sha256(b"2").as_bytes());
        assert_eq!(list.root(), sha256(&joined));
        assert_eq!(list.size(), 2);
    }

    #[test]
    fn each_changed_missing_and_extra_file_is_named() {
        let list = |files: &[(&str, &str)]| {
            let files = files.iter().map(|(path, content)| file(path, content));
            FileList::new(files.collect()).unwrap()
        };
        let registered = list(&[("a", "1"), ("b", "2"), ("c/d", "3")]);
        let names = |names: &[&str]| {
            names
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<String>>()
        };
        for (found, changed, missing, extra) in [
            (
                &[("a", "1"), ("b", "2"), ("c/d", "3")][..],
                &[][..],
                &[][..],
                &[][..],
            ),
            (&[("a", "0"), ("b", "2"), ("c/d", "3")], &["a"], &[], &[]),
            (
                &[("a", "2"), ("b", "1"), ("c/d", "3")],
                &["a", "b"],
                &[],
                &[],
            ),
            (&[("a", "1"), ("c/d", "3"), ("e", "4")], &[], &["b"], &["e"]),
        ] {
            let differences = list(found).compare(registered.files());
            assert_eq!(differences.changed, names(changed));
            assert_eq!(differences.missing, names(missing));
            assert_eq!(differences.extra, names(extra));
        }
    }
}
