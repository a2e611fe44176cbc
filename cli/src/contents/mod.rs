//! Contents of files and folders that arguments name: digests, computed on all cores or remembered.

mod cache;
mod hashing;
mod stat;
mod walk;

use std::path::{Path, PathBuf};

use glasslog_core::event::{FileList, FolderFile};
use glasslog_core::merkle::Hash;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Console;

use cache::Cache;
use hashing::hash_all;
use walk::walk;

/// Options for hashing files and folders.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ContentArgs {
    /// Path below the folder to leave out, beside `.git`, `.gitattributes`, `.github` and `.gitignore`
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) ignore_paths: Vec<PathBuf>,

    /// Hash the file that a symbolic link in the folder leads to, instead of refusing the folder
    #[arg(long)]
    pub(crate) allow_symlinks: bool,

    /// Read files again even if neither size, times nor place of them have changed since they were last hashed
    #[arg(long)]
    pub(crate) no_cache: bool,
}

impl ContentArgs {
    fn cache(&self) -> Option<Cache> {
        if self.no_cache { None } else { Cache::open() }
    }

    /// Returns the digest of a file of any length; `-` is standard input.
    ///
    /// # Errors
    /// The file cannot be read (exit 1).
    pub(crate) fn file(&self, path: &Path, console: &Console) -> Result<Hash, Failure> {
        if path.as_os_str() == "-" {
            return input::digest(console);
        }
        let file = walk::file(path)?;
        let mut digests = hash_all(&[file], self.cache().as_ref(), console)?;
        // One for each file.
        Ok(digests.remove(0))
    }

    /// Returns the files of a folder with their digests.
    ///
    /// # Errors
    /// A file cannot be read or changes meanwhile (exit 1), or the folder has no file, a link, a special file or a path that
    /// a list of files cannot hold (exit 8).
    pub(crate) fn folder(&self, path: &Path, console: &Console) -> Result<FileList, Failure> {
        let found = walk(path, self)?;
        if !found.left_out.is_empty() {
            let left_out: Vec<String> = found
                .left_out
                .iter()
                .map(|path| format!("`{path}`"))
                .collect();
            console.note(format_args!("not hashed: {}", left_out.join(", ")));
        }
        let digests = hash_all(&found.files, self.cache().as_ref(), console)?;
        let files = found.files.into_iter().zip(digests);
        let files = files.map(|(file, digest)| FolderFile {
            path: file.path,
            size: file.stat.size,
            digest,
        });
        FileList::new(files.collect()).map_err(|error| {
            let message = format!("`{}`: {error}", path.display());
            Failure::new(Exit::Malformed, error.code(), message)
        })
    }
}

/// Returns the digest as artifacts are named by it.
pub(crate) fn named(digest: &Hash) -> String {
    format!("sha256:{}", digest.to_hex())
}
