//! Files that arguments name, read and parsed.

use std::path::Path;

use glasslog_core::note::SignerKey;
use glasslog_core::trust::TrustPolicy;
use glasslog_log::directory::Disk;
use glasslog_log::writer::read_signer;
use glasslog_log::{LogError, StorageError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// Reads and parses a trust policy.
///
/// # Errors
/// The file cannot be read (exit 1), or is not a trust policy (exit 8).
pub(crate) fn read_trust_policy(path: &Path) -> Result<TrustPolicy, Failure> {
    let bytes = input::read(path, input::MAX_POLICY)?;
    TrustPolicy::parse(&bytes).map_err(|error| {
        let message = format!("`{}`: {error}", path.display());
        Failure::new(Exit::Malformed, error.code(), message)
    })
}

/// Reads the secret key of a log, index, witness or auditor; the hint says how to make a missing one.
///
/// # Errors
/// The file is missing or cannot be read (exit 1), or is not such a key (exit 8).
pub(crate) fn named_key(path: &Path, kind: &str) -> Result<SignerKey, Failure> {
    read_signer(&Disk::new(), path).map_err(|error| match error {
        LogError::Storage(StorageError::Missing { .. }) => {
            Failure::from(error).hint(format!("`glasslog keygen --kind {kind}` makes a key"))
        }
        _ => error.into(),
    })
}
