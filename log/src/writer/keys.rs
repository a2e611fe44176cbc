//! Key files: written once, completely, and readable by their owner only.

use crate::directory::disk::{Created, Disk, Durability, directory_of};
use crate::directory::error::LayoutError;
use crate::directory::layout::{PRIVATE_FILE, PUBLIC_FILE};
use crate::error::LogError;
use glasslog_core::crypto::SecretKey;
use glasslog_core::note::SignerKey;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Generates a secret key from the randomness of the operating system.
///
/// # Errors
/// The operating system gives no randomness.
pub fn new_secret() -> Result<SecretKey, getrandom::Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())?;
    Ok(SecretKey::from_seed(&seed))
}

/// Refuses a secret key that others than its owner can read or write, as ssh does.
///
/// # Errors
/// [`LayoutError::Exposed`]. A file that is missing is not one, and neither is a pipe or a device.
pub fn check_private(path: &Path) -> Result<(), LogError> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    let mode = metadata.permissions().mode() & 0o7777;
    match metadata.is_file() && mode & 0o077 != 0 {
        true => Err(LayoutError::Exposed {
            path: path.to_owned(),
            mode,
        }
        .into()),
        false => Ok(()),
    }
}

/// Writes both halves of a new key pair, or none of them.
///
/// # Errors
/// A file exists, or the disk fails.
pub fn write_pair(
    disk: &Disk,
    (secret, secret_text): (&Path, &str),
    (public, public_text): (&Path, &str),
) -> Result<(), LogError> {
    // The public half goes first: without its secret it is of no use to anyone.
    write_public(disk, public, public_text)?;
    write_secret(disk, secret, secret_text).inspect_err(|_| {
        // The first error is the one to report.
        let _ = fs::remove_file(public);
    })
}

/// Writes a new secret key file (mode 0600).
///
/// # Errors
/// The file exists, or the disk fails.
pub fn write_secret(disk: &Disk, path: &Path, text: &str) -> Result<(), LogError> {
    write(disk, path, text, PRIVATE_FILE)
}

/// Writes a new `PRIVATE+KEY+…` file (mode 0600).
///
/// # Errors
/// The file exists, or the disk fails.
pub fn write_signer(disk: &Disk, path: &Path, key: &SignerKey) -> Result<(), LogError> {
    let text = Zeroizing::new(format!("{}\n", key.encode().as_str()));
    write_secret(disk, path, &text)
}

/// Writes the public half of a key to a new file.
///
/// # Errors
/// The file exists, or the disk fails.
pub fn write_public(disk: &Disk, path: &Path, text: &str) -> Result<(), LogError> {
    write(disk, path, text, PUBLIC_FILE)
}

fn write(disk: &Disk, path: &Path, text: &str, mode: u32) -> Result<(), LogError> {
    let directory = directory_of(path);
    match disk.create(directory, path, text.as_bytes(), mode, Durability::Now)? {
        Created::New => Ok(disk.sync_directory(directory).inspect_err(|_| {
            // A key that may vanish with the power must not be used.
            let _ = fs::remove_file(path);
        })?),
        Created::Exists => Err(LayoutError::Exists {
            path: path.to_owned(),
        }
        .into()),
    }
}

/// Reads a `PRIVATE+KEY+…` file.
///
/// # Errors
/// The file is missing, is not such a key, or others can read it.
pub fn read_signer(disk: &Disk, path: &Path) -> Result<SignerKey, LogError> {
    let setting = |problem: String| LogError::setting(path, problem);
    let bytes = disk.read(path)?.ok_or_else(|| LogError::missing(path))?;
    let bytes = Zeroizing::new(bytes);
    let text = str::from_utf8(&bytes).map_err(|_| setting("it is not a key: not text".into()))?;
    let key = SignerKey::parse(text.trim_end()).map_err(|error| setting(error.to_string()))?;
    // A public half, which anyone may read, is refused as what it is.
    check_private(path)?;
    Ok(key)
}
