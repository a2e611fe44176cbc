//! Files that verbs write: checked before the work, and written whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Console;
use super::irreplaceable::check_replaceable;
use crate::failure::Failure;

/// Links that are followed at most, as Linux does.
const MAX_LINKS: usize = 40;

/// The place of one output, which could be written when it was opened.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Stdout,
    /// A pipe or a device, which stays what it is.
    Stream(File),
    /// A regular file, or a free name; no link stands in front of it. An existing file gives its mode to the new one.
    File {
        path: PathBuf,
        mode: Option<u32>,
    },
}

impl Output {
    /// Opens the place that an argument names: standard output (`-`), a pipe, a device, a regular file, or a free name.
    ///
    /// # Errors
    /// The place cannot be written (exit 1), or standard output is taken (exit 2).
    pub(crate) fn open(path: &Path, console: &Console) -> Result<Self, Failure> {
        if path.as_os_str() == "-" || path == Path::new("/dev/stdout") {
            console.give_stdout()?;
            return Ok(Self {
                path: "-".into(),
                place: Place::Stdout,
            });
        }
        Self::at(path)
    }

    /// Opens a new file, a pipe or a device; a regular file is never replaced.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the file exists (exit 1).
    pub(crate) fn open_new(path: &Path, console: &Console) -> Result<Self, Failure> {
        let output = Self::open(path, console)?;
        match output.place {
            Place::File { mode: Some(_), .. } => Err(Failure::file(
                path.display(),
                &ErrorKind::AlreadyExists.into(),
            )),
            _ => Ok(output),
        }
    }

    /// As [`open`](Self::open), for a path that the verb makes; `-` is a file's name there.
    ///
    /// # Errors
    /// The place cannot be written.
    pub(crate) fn at(path: &Path) -> Result<Self, Failure> {
        let place = Place::of(path).map_err(|error| Failure::file(path.display(), &error))?;
        if let Place::File {
            path: file,
            mode: Some(_),
        } = &place
        {
            check_replaceable(file, path)?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            place,
        })
    }

    /// Returns the path as the user gave it; `-` for standard output.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the file; `None` for a stream.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Writes the output: a regular file is replaced in one step, and stays as it was if that fails.
    ///
    /// # Errors
    /// The disk, or the reader of the pipe.
    pub(crate) fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        let Self { path, place } = self;
        let written = match place {
            Place::Stdout => {
                return write_stdout(bytes).map_err(|error| Failure::stdout(&error));
            }
            Place::Stream(mut file) => file.write_all(bytes),
            Place::File { path, mode } => replace(&path, mode, bytes),
        };
        written.map_err(|error| Failure::file(path.display(), &error))
    }

    /// Writes the output, and leaves the file in its place as it was until the output is [kept](Staged::keep). A stream cannot
    /// wait and is written now.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) fn stage(self, bytes: &[u8]) -> Result<Staged, Failure> {
        let files = match self.place {
            Place::File { ref path, mode } => {
                let aside = write_aside(path, mode, bytes);
                let aside = aside.map_err(|error| Failure::file(self.path.display(), &error))?;
                Some((aside, path.clone()))
            }
            Place::Stdout | Place::Stream(_) => {
                let path = self.path.clone();
                self.write(bytes)?;
                return Ok(Staged { path, files: None });
            }
        };
        let path = self.path;
        Ok(Staged { path, files })
    }
}

/// An output that is written, and not in its place yet.
#[must_use]
pub(crate) struct Staged {
    path: PathBuf,
    /// The written file and its place; `None` for a stream, and once it is kept.
    files: Option<(PathBuf, PathBuf)>,
}

impl Staged {
    /// Puts the file in its place.
    ///
    /// # Errors
    /// The disk; the file in its place is as it was.
    pub(crate) fn keep(mut self) -> Result<(), Failure> {
        match self.files.take() {
            None => Ok(()),
            Some((aside, path)) => {
                rename(&aside, &path).map_err(|error| Failure::file(self.path.display(), &error))
            }
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some((aside, _)) = &self.files {
            let _ = fs::remove_file(aside);
        }
    }
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        // Descriptors that are open already are not replaced: another program holds them too.
        let descriptors = ["/dev/fd", "/dev/stderr", "/proc"];
        let is_descriptor = descriptors.iter().any(|it| path.starts_with(it));
        let found = match fs::metadata(path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(found) = found else {
            let path = followed(path)?;
            let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
            if is_folder || path.file_name().is_none() {
                return Err(ErrorKind::NotFound.into());
            }
            check_folder(folder_of(&path))?;
            return Ok(Self::File { path, mode: None });
        };
        let kind = found.file_type();
        if kind.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        if kind.is_file() && found.permissions().readonly() {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let open = || OpenOptions::new().write(true).open(path);
        let is_stream = kind.is_fifo() || kind.is_char_device() || kind.is_block_device();
        if is_stream || is_descriptor {
            return Ok(Self::Stream(open()?));
        }
        // The file is replaced later; that it can be opened shows that its owner would let this user write it.
        drop(open()?);
        let path = followed(path)?;
        check_folder(folder_of(&path))?;
        let mode = found.permissions().mode() & 0o7777;
        Ok(Self::File {
            path,
            mode: Some(mode),
        })
    }
}

/// Follows the links that a path ends in.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            // It is no link.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent();
    let named = parent.filter(|parent| !parent.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

/// Checks that files can be made in a folder, by making one.
fn check_folder(folder: &Path) -> io::Result<()> {
    let (path, _) = new_aside(folder, 0o600)?;
    fs::remove_file(path)
}

/// Checks that files with default names can be made in the current directory.
///
/// # Errors
/// The directory cannot be written.
pub(crate) fn check_current_folder() -> Result<(), Failure> {
    check_folder(Path::new(".")).map_err(|error| Failure::file(".", &error))
}

/// Makes a file that is renamed later.
fn new_aside(folder: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".glasslog.{}.{number}.part", std::process::id()));
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&path)?;
    Ok((path, file))
}

/// Replaces a file in one step. A replaced file keeps its mode, a new one has that of the process.
fn replace(path: &Path, mode: Option<u32>, bytes: &[u8]) -> io::Result<()> {
    rename(&write_aside(path, mode, bytes)?, path)
}

/// Puts bytes into a file of the program's own, in one step, and returns once they are on the disk.
///
/// # Errors
/// The disk or permissions.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, None, bytes)
}

fn rename(aside: &Path, path: &Path) -> io::Result<()> {
    fs::rename(aside, path).inspect_err(|_| {
        let _ = fs::remove_file(aside);
    })
}

/// Writes the bytes that are to replace a file, and returns the path of the file that holds them.
fn write_aside(path: &Path, mode: Option<u32>, bytes: &[u8]) -> io::Result<PathBuf> {
    let (aside, mut file) = new_aside(folder_of(path), mode.map_or(0o666, |_| 0o600))?;
    let written = file
        .write_all(bytes)
        .and_then(|()| {
            mode.map_or(Ok(()), |mode| {
                file.set_permissions(Permissions::from_mode(mode))
            })
        })
        .and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(aside),
        Err(error) => {
            let _ = fs::remove_file(&aside);
            Err(error)
        }
    }
}

fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // A reader that went away needs no more.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes files with the same stem and several extensions under the first free names, `STEM.EXTENSION`, `STEM-2.EXTENSION`
/// and so on. Files that exist with the same content are left as they are; no file is ever overwritten.
///
/// # Errors
/// The disk or permissions; none of the files is left then.
pub(crate) fn write_new(stem: &Path, files: &[(&str, &[u8])]) -> Result<Vec<PathBuf>, Failure> {
    let mut number = 1u64;
    loop {
        let paths: Vec<PathBuf> = files
            .iter()
            .map(|(extension, _)| {
                let mut name = stem.as_os_str().to_owned();
                if number > 1 {
                    name.push(format!("-{number}"));
                }
                name.push(format!(".{extension}"));
                name.into()
            })
            .collect();
        if write_all_new(&paths, files)? {
            return Ok(paths);
        }
        number += 1;
    }
}

/// Writes each file, unless one of the names has another content already.
fn write_all_new(paths: &[PathBuf], files: &[(&str, &[u8])]) -> Result<bool, Failure> {
    let mut made: Vec<&PathBuf> = Vec::new();
    for (path, (_, bytes)) in paths.iter().zip(files) {
        let written = create(path, bytes);
        if let Ok(Created::New) = written {
            made.push(path);
            continue;
        }
        if let Ok(Created::Same) = written {
            continue;
        }
        for path in made {
            let _ = fs::remove_file(path);
        }
        return match written {
            Err(error) => Err(Failure::file(path.display(), &error)),
            Ok(_) => Ok(false),
        };
    }
    Ok(true)
}

enum Created {
    New,
    /// The file exists, with these bytes.
    Same,
    /// The name is another file's.
    Taken,
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<Created> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Ok(match holds(path, bytes) {
                true => Created::Same,
                false => Created::Taken,
            });
        }
        Err(error) => return Err(error),
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        let _ = fs::remove_file(path);
    })?;
    Ok(Created::New)
}

/// Tells whether a path is a regular file with these bytes.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    let is_as_long = |found: fs::Metadata| found.is_file() && found.len() == bytes.len() as u64;
    fs::metadata(path).is_ok_and(is_as_long) && fs::read(path).is_ok_and(|found| found == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        Output::at(path)?.write(bytes)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_replaced_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path, b"one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        fs::create_dir(dir.path().join("folder")).unwrap();
        for refused in ["absent/a", "folder", "folder/", "new/", ""] {
            assert!(Output::at(&dir.path().join(refused)).is_err(), "{refused}");
        }
        assert!(Output::at(Path::new("")).is_err());
        assert_eq!(names(dir.path()), ["a", "folder"]);
    }

    #[test]
    fn links_are_followed_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("folder/target"), "old").unwrap();
        symlink("folder/target", at("link")).unwrap();
        symlink("link", at("second")).unwrap();
        symlink("folder/absent", at("dangling")).unwrap();
        symlink("ring", at("ring")).unwrap();
        write(&at("second"), b"new").unwrap();
        write(&at("dangling"), b"made").unwrap();
        assert!(write(&at("ring"), b"x").is_err());
        assert_eq!(fs::read(at("folder/target")).unwrap(), b"new");
        assert_eq!(fs::read(at("folder/absent")).unwrap(), b"made");
        for link in ["link", "second", "dangling"] {
            assert!(at(link).is_symlink(), "{link}");
        }
        assert_eq!(names(&at("folder")), ["absent", "target"]);
    }

    #[test]
    fn a_read_only_file_is_refused_before_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
        let refused = Output::at(&path).unwrap_err();
        assert!(
            refused.message.ends_with("permission denied"),
            "{refused:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn devices_are_written_into() {
        let dir = tempfile::tempdir().unwrap();
        // By a link, so that a fault replaces the link and not the device.
        for (device, error) in [
            ("/dev/null", None),
            ("/dev/full", Some("no space left on the device")),
        ] {
            let link = dir.path().join(device.replace('/', "-"));
            symlink(device, &link).unwrap();
            let is_device = |found: fs::Metadata| found.file_type().is_char_device();
            if !fs::metadata(&link).is_ok_and(is_device) {
                continue;
            }
            let refused = write(&link, b"x").err().map(|failure| failure.message);
            let expected = error.map(|error| format!("`{}`: {error}", link.display()));
            assert_eq!(refused, expected);
            assert!(link.is_symlink());
        }
    }

    #[test]
    fn default_names_are_numbered_and_overwrite_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let stem = dir.path().join("a-1");
        let write = |proof: &[u8], entry: &[u8]| {
            let paths = write_new(&stem, &[("proof", proof), ("entry", entry)]).unwrap();
            let name = paths[0].file_name().unwrap();
            name.to_str().unwrap().to_owned()
        };
        assert_eq!(write(b"one", b"e"), "a-1.proof");
        assert_eq!(write(b"one", b"e"), "a-1.proof", "the same files");
        assert_eq!(write(b"two", b"e"), "a-1-2.proof");
        assert_eq!(write(b"one", b"f"), "a-1-3.proof");
        assert_eq!(fs::read(stem.with_extension("proof")).unwrap(), b"one");
        let expected = ["a-1-2.entry", "a-1-2.proof", "a-1-3.entry", "a-1-3.proof"];
        assert_eq!(names(dir.path())[..4], expected);
        assert_eq!(names(dir.path()).len(), 6);
        assert!(write_new(&dir.path().join("absent/a"), &[("x", b"")]).is_err());
    }
}
