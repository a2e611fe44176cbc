//! The files of a folder, by the rules of `model_signing` (`docs/formats/folders.md`, "Files of a folder").

use std::fs::{self, DirEntry, Metadata};
use std::path::{Path, PathBuf};

use glasslog_core::event::{is_file_path, is_left_out};
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::limits::MAX_FILES;

use super::ContentArgs;
use super::stat::Stat;
use crate::exit::Exit;
use crate::failure::Failure;

/// A file to hash.
#[derive(Debug)]
pub(super) struct Found {
    /// Path below the folder, with `/` between its parts.
    pub(super) path: String,
    /// Path to open.
    pub(super) place: PathBuf,
    pub(super) stat: Stat,
}

/// The files of a folder, and the paths that were left out.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) files: Vec<Found>,
    pub(super) left_out: Vec<String>,
}

/// Returns the file at a path.
pub(super) fn file(path: &Path) -> Result<Found, Failure> {
    let metadata = fs::metadata(path).map_err(|error| Failure::file(path.display(), &error))?;
    Ok(Found {
        path: String::new(),
        place: path.to_owned(),
        stat: Stat::of(&metadata),
    })
}

/// Finds the files of a folder, in no order.
///
/// # Errors
/// A folder cannot be read (exit 1), or holds a link, a special file or a path that a list of files cannot hold (exit 8).
pub(super) fn walk(folder: &Path, args: &ContentArgs) -> Result<Files, Failure> {
    let ignored = ignored(args)?;
    let mut files = Files {
        files: Vec::new(),
        left_out: Vec::new(),
    };
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((place, prefix)) = folders.pop() {
        let failed = |error| Failure::file(place.display(), &error);
        for entry in fs::read_dir(&place).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = relative(&prefix, &entry)?;
            if is_left_out(&path) || ignored.contains(&path) {
                files.left_out.push(path);
                continue;
            }
            let place = entry.path();
            let metadata = look(&place, args.allow_symlinks)?;
            if metadata.is_dir() {
                folders.push((place, format!("{path}/")));
                continue;
            }
            if files.files.len() == MAX_FILES {
                let message = format!(
                    "`{}` holds more than {MAX_FILES} files, the limit for a folder",
                    folder.display()
                );
                return Err(Failure::new(
                    Exit::Malformed,
                    "folder-too-many-files",
                    message,
                ));
            }
            files.files.push(Found {
                path,
                place,
                stat: Stat::of(&metadata),
            });
        }
    }
    files.left_out.sort();
    Ok(files)
}

/// Returns the paths that the user leaves out.
fn ignored(args: &ContentArgs) -> Result<Vec<String>, Failure> {
    let ignored = args.ignore_paths.iter().map(|path| {
        let text = path.to_str().map(|text| text.trim_end_matches('/'));
        let text = text.filter(|text| is_file_path(text)).ok_or_else(|| {
            let shown = path.display();
            Failure::usage(format!(
                "`--ignore-paths {shown}`: not a path below the folder"
            ))
            .hint("write it as seen from the folder, such as `logs/train.log`")
        })?;
        Ok(text.to_owned())
    });
    ignored.collect()
}

/// Returns the path of an entry below the folder.
fn relative(prefix: &str, entry: &DirEntry) -> Result<String, Failure> {
    let name = entry.file_name();
    let path = name.to_str().map(|name| format!("{prefix}{name}"));
    path.filter(|path| is_file_path(path)).ok_or_else(|| {
        let shown = display_safe(&entry.path().to_string_lossy());
        let message = format!(
            "`{shown}` cannot be listed: a path in a model folder is UTF-8 without control characters and backslashes, \
             1,024 bytes at most"
        );
        Failure::new(Exit::Malformed, "folder-path", message).hint("rename the file, or leave its folder out with `--ignore-paths`")
    })
}

/// Returns the state of a file or folder. A link counts as its file if links are allowed; one to a folder never does,
/// because `model_signing` would leave the folder's files out without a word.
fn look(place: &Path, allow_symlinks: bool) -> Result<Metadata, Failure> {
    let failed = |error| Failure::file(place.display(), &error);
    let shown = display_safe(&place.to_string_lossy());
    let refuse = |what: &str, hint: &str| {
        let message = format!("`{shown}` is {what}");
        Failure::new(Exit::Malformed, "folder-special-file", message).hint(hint)
    };
    let metadata = fs::symlink_metadata(place).map_err(failed)?;
    if metadata.is_dir() || metadata.is_file() {
        return Ok(metadata);
    }
    if !metadata.is_symlink() {
        return Err(refuse(
            "neither a file nor a folder",
            "`--ignore-paths` leaves it out",
        ));
    }
    if !allow_symlinks {
        return Err(refuse(
            "a symbolic link",
            "`--allow-symlinks` hashes the file that it leads to, `--ignore-paths` leaves it out",
        ));
    }
    let metadata = fs::metadata(place).map_err(failed)?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(refuse(
        "a symbolic link to something other than a file",
        "copy the folder to its place, or leave the link out with `--ignore-paths`",
    ))
}
