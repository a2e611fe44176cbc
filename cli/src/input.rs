//! Files named on the command line: bounded reads, `-` for standard input.

use std::fs::{File, Metadata};
use std::io::{Read, stdin};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use glasslog_core::merkle::{FileHasher, Hash};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::output::{Console, Progress};

/// A trust policy: more than the verifier takes (256 KiB), so that the verifier says that it is too long.
pub(crate) const MAX_POLICY: usize = 1 << 20;
/// A checkpoint or a proof: more than the verifier takes (2 MB), so that the verifier says that it is too long.
pub(crate) const MAX_PROOF: usize = 4 << 20;
/// A fraud proof: more than the verifier takes (32 MiB), so that the verifier says that it is too long.
pub(crate) const MAX_FRAUD: usize = 64 << 20;
/// Evidence of an inconsistency: more than the verifier takes (2 MB).
pub(crate) const MAX_INCONSISTENCY: usize = 4 << 20;

/// Code of a file that is longer than its kind may be.
const TOO_LONG: &str = "too-long";

/// True once standard input has been read. A second reader would find it empty.
static STDIN_TAKEN: AtomicBool = AtomicBool::new(false);

/// Opens a file, or standard input for `-`.
fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path.as_os_str() != "-" {
        let file = File::open(path).map_err(|error| Failure::file(path.display(), &error))?;
        return Ok(Box::new(file));
    }
    if STDIN_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(Failure::usage(
            "`-` is standard input, which can be read only once",
        ));
    }
    Ok(Box::new(stdin().lock()))
}

/// Reads a file of at most `most` bytes; `-` is standard input.
///
/// # Errors
/// The file cannot be read (exit 1), or is too long for its kind (exit 8).
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    read_by_kind(path, 0, |_| most)
}

/// Reads a file of at most `most` bytes that is wanted as one kind; `-` is standard input.
///
/// # Errors
/// As [`read`], or its content is that of another kind (exit 8).
pub(crate) fn read_as(path: &Path, most: usize, wanted: FileKind) -> Result<Vec<u8>, Failure> {
    let bytes = read(path, most).map_err(|failure| too_long_for(failure, path, wanted))?;
    wanted.check(path, &bytes)?;
    Ok(bytes)
}

/// Names a file that is too long for the wanted kind, if it begins as one of another kind.
pub(crate) fn too_long_for(failure: Failure, path: &Path, wanted: FileKind) -> Failure {
    match FileKind::at(path) {
        Some(found) if failure.code == TOO_LONG && found != wanted => {
            found.instead_of(wanted, path)
        }
        _ => failure,
    }
}

/// Reads a file whose kind, and so the most bytes that it may have, its first `beginning` bytes tell. No more than that is
/// held in memory.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_by_kind(
    path: &Path,
    beginning: usize,
    most: impl Fn(&[u8]) -> usize,
) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::file(path.display(), &error);
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    let first = beginning as u64;
    (&mut file)
        .take(first)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let most = most(&bytes);
    let too_long = || {
        let shown = path.display();
        Failure::new(
            Exit::Malformed,
            TOO_LONG,
            format!("`{shown}` is longer than {most} bytes, the limit for its kind"),
        )
    };
    // The length that a directory entry states spares the reading of a file that is refused anyway.
    let stated = std::fs::metadata(path).ok().filter(Metadata::is_file);
    let stated = stated.map_or(0, |metadata| metadata.len());
    if stated > most as u64 {
        return Err(too_long());
    }
    let rest = (most as u64 + 1).saturating_sub(bytes.len() as u64);
    file.take(rest).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() > most {
        true => Err(too_long()),
        false => Ok(bytes),
    }
}

/// Returns the digest of standard input.
///
/// # Errors
/// It was read before (exit 2), or cannot be read.
pub(crate) fn digest(console: &Console) -> Result<Hash, Failure> {
    let mut input = open(Path::new("-"))?;
    let progress = Progress::new(console, "hashing {spinner} {bytes} {binary_bytes_per_sec}");
    let mut hasher = FileHasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0;
    loop {
        let count = input
            .read(&mut buffer)
            .map_err(|error| Failure::file("-", &error))?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..count]);
        done += count as u64;
        progress.show(done, done);
    }
}
