//! Key files: written once, completely, and readable by their owner only.

use crate::directory::disk::{Created, Disk, Durability, directory_of};
use crate::directory::error::LayoutError;
use crate::directory::layout::{PRIVATE_FILE, PUBLIC_FILE};
use crate::error::LogError;
use glasslog_core::crypto::SecretKey;
use glasslog_core::note::SignerKey;
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
        Created::New => Ok(disk.sync_directory(directory)?),
        Created::Exists => Err(LayoutError::Exists {
            path: path.to_owned(),
        }
        .into()),
    }
}

/// Reads a `PRIVATE+KEY+…` file.
///
/// # Errors
/// The file is missing or is not such a key.
pub fn read_signer(disk: &Disk, path: &Path) -> Result<SignerKey, LogError> {
    let setting = |problem: String| LogError::setting(path, problem);
    let bytes = disk.read(path)?.ok_or_else(|| LogError::missing(path))?;
    let bytes = Zeroizing::new(bytes);
    let text = str::from_utf8(&bytes).map_err(|_| setting("it is not a key: not text".into()))?;
    SignerKey::parse(text.trim_end()).map_err(|error| setting(error.to_string()))
}
