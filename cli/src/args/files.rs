//! Files that arguments name, read and parsed.

use std::path::Path;

use glasslog_core::note::{Role, SignerKey};
use glasslog_core::trust::TrustPolicy;
use glasslog_log::directory::Disk;
use glasslog_log::writer::read_signer;
use glasslog_log::{LogError, StorageError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;

/// Reads a trust policy, which a verification parses.
///
/// # Errors
/// The file cannot be read (exit 1), or is of another kind (exit 8).
pub(crate) fn read_policy(path: &Path) -> Result<Vec<u8>, Failure> {
    input::read_as(path, input::MAX_POLICY, FileKind::Policy)
}

/// Reads and parses a trust policy.
///
/// # Errors
/// The file cannot be read (exit 1), or is not a trust policy (exit 8).
pub(crate) fn read_trust_policy(path: &Path) -> Result<TrustPolicy, Failure> {
    let bytes = read_policy(path)?;
    TrustPolicy::parse(&bytes).map_err(|error| {
        let message = format!("`{}`: {error}", path.display());
        Failure::new(Exit::Malformed, error.code(), message)
    })
}

/// Reads the secret key of a log, index, witness or auditor, as `keygen --kind` names it; the hint says how to make one.
///
/// # Errors
/// The file is missing or cannot be read (exit 1), is not a key that signs notes (exit 8), or is the key of another role
/// (exit 2).
pub(crate) fn named_key(path: &Path, kind: &str) -> Result<SignerKey, Failure> {
    let role = match kind {
        "witness" => Role::Witness,
        "auditor" => Role::Auditor,
        _ => Role::Log,
    };
    let hint = format!("`glasslog keygen --kind {kind}` makes a key");
    let key = read_signer(&Disk::new(), path).map_err(|error| match error {
        LogError::Storage(StorageError::Missing { .. }) => Failure::from(error).hint(&hint),
        LogError::Storage(StorageError::Setting { .. }) => {
            let failure = Failure::from(error);
            match of_another_kind(path) {
                Some(found) => {
                    let message = format!(
                        "`{}` is {}, not the secret key of {}",
                        path.display(),
                        found.words(),
                        holder(kind)
                    );
                    match found.is_key() {
                        true => Failure::new(Exit::Usage, "wrong-key", message),
                        false => Failure { message, ..failure },
                    }
                }
                None => failure,
            }
            .hint(&hint)
        }
        _ => error.into(),
    })?;
    let found = key.verifier().signature_type();
    if role.allows(found) {
        return Ok(key);
    }
    let message = format!(
        "`{}` is {}, not of {}",
        path.display(),
        FileKind::SignerKey(Some(found)).words(),
        holder(kind)
    );
    Err(Failure::new(Exit::Usage, "wrong-key", message).hint(hint))
}

/// Returns the holder of a kind of key, with the article.
fn holder(kind: &str) -> String {
    let article = match kind.starts_with(['a', 'i']) {
        true => "an",
        false => "a",
    };
    format!("{article} {kind}")
}

/// Returns the kind of a file that is no key which signs notes, if it is recognised.
fn of_another_kind(path: &Path) -> Option<FileKind> {
    let found = FileKind::at(path)?;
    (!matches!(found, FileKind::SignerKey(_))).then_some(found)
}
