//! Files named on the command line: bounded reads, `-` for standard input, digests of large files.
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use glasslog_core::hash::FileHasher;
use glasslog_core::wire::hex_encode;
use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// A trust policy: more than the verifier takes (256 KiB), so that it says itself what is wrong.
pub(crate) const MAX_POLICY: usize = 1 << 20;
/// A checkpoint or a proof: more than the verifier takes (2 MB), so that it says itself what is wrong.
pub(crate) const MAX_PROOF: usize = 4 << 20;

/// Files from this length on take long enough to hash that progress is shown: a tenth of a second.
const LARGE_FILE: u64 = 64 << 20;

/// Reads a file of at most `most` bytes; `-` is standard input.
///
/// # Errors
/// The file cannot be read (exit 1), or is too long to be what it should be (exit 8).
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let up_to = most as u64 + 1;
    let outcome = if path.as_os_str() == "-" {
        stdin().lock().take(up_to).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(up_to).read_to_end(&mut bytes))
    };
    outcome.map_err(|error| Failure::file(path.display(), &error))?;
    if bytes.len() > most {
        return Err(Failure::new(
            Exit::Malformed,
            "too-long",
            format!(
                "`{}` is longer than {most} bytes, too long for what it should be",
                path.display()
            ),
        ));
    }
    Ok(bytes)
}

/// The digest of a file of any length, `sha256:` and hex.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn digest(path: &Path) -> Result<String, Failure> {
    digest_of(path, |_| ())
}

/// As [`digest`], with a progress bar for a file that takes a while.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn digest_with_progress(path: &Path, console: &Console) -> Result<String, Failure> {
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if !console.has_terminal() || length < LARGE_FILE {
        return digest(path);
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(
        "hashing {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}",
    ) {
        bar.set_style(style);
    }
    let digest = digest_of(path, |count| bar.inc(count));
    bar.finish_and_clear();
    digest
}

fn digest_of(path: &Path, mut progress: impl FnMut(u64)) -> Result<String, Failure> {
    let fail = |error: std::io::Error| Failure::file(path.display(), &error);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = FileHasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer).map_err(fail)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        progress(count as u64);
    }
    Ok(format!("sha256:{}", hex_encode(hasher.finish().as_bytes())))
}
