//! Files named on the command line: bounded reads, `-` for standard input.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use glasslog_core::merkle::{FileHasher, Hash};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Progress};

/// A trust policy: more than the verifier takes (256 KiB), so that the verifier says that it is too long.
pub(crate) const MAX_POLICY: usize = 1 << 20;
/// A checkpoint or a proof: more than the verifier takes (2 MB), so that the verifier says that it is too long.
pub(crate) const MAX_PROOF: usize = 4 << 20;
/// A fraud proof: more than the verifier takes (32 MiB), so that the verifier says that it is too long.
pub(crate) const MAX_FRAUD: usize = 64 << 20;

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
    let mut bytes = Vec::new();
    open(path)?
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::file(path.display(), &error))?;
    if bytes.len() > most {
        let shown = path.display();
        return Err(Failure::new(
            Exit::Malformed,
            "too-long",
            format!("`{shown}` is longer than {most} bytes, the limit for its kind"),
        ));
    }
    Ok(bytes)
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
