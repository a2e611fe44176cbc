//! SPEC arguments, which name a signing key (`docs/cli.md`, "Verbs").

use std::fmt::Display;
use std::path::{Path, PathBuf};

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::parse_secret_pem;
use glasslog_log::writer::check_private;

use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::pem_file::{self, Expected};

/// An actor's or admin's secret key, and the actor that its file names.
pub(crate) struct Signer {
    pub(crate) key: SecretKey,
    pub(crate) actor: Option<String>,
}

/// Reads the key that SPEC names.
///
/// # Errors
/// The kind of SPEC is one of a later version (exit 2), the file cannot be read or others can read it too (exit 1), or it
/// contains no such key (exit 8).
pub(crate) fn read(spec: &str) -> Result<Signer, Failure> {
    read_file(file(spec)?)
}

/// Returns the path of the file that SPEC names.
///
/// # Errors
/// The kind of SPEC is one of a later version (exit 2).
pub(crate) fn file(spec: &str) -> Result<&Path, Failure> {
    for kind in ["ssh-agent:", "pkcs11:", "exec:"] {
        if spec.starts_with(kind) {
            return Err(Failure::not_available(format_args!(
                "`{kind}…` as a signer"
            )));
        }
    }
    Ok(Path::new(spec.strip_prefix("file:").unwrap_or(spec)))
}

/// Reads a PKCS#8 PEM file.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_file(path: &Path) -> Result<Signer, Failure> {
    let expected = Expected {
        code: "signer-key",
        hint: "a signer is a PKCS#8 PEM file, as `glasslog keygen --kind actor` writes it",
        kind: FileKind::ActorKey,
    };
    let (key, actor) = pem_file::read(path, &expected, parse_secret_pem)?;
    // A public half, which anyone may read, is refused as what it is.
    check_private(path)?;
    Ok(Signer { key, actor })
}

/// Returns the actor that `--actor` gives, or else the one that the key's file names.
///
/// # Errors
/// The two differ, or there is neither (exit 2).
pub(crate) fn agreed_actor(
    given: Option<String>,
    named: Option<String>,
    file: impl Display,
) -> Result<String, Failure> {
    match (given, named) {
        (Some(given), Some(named)) if given != named => Err(Failure::usage(format!(
            "`--actor {given}` differs from `{named}`, the actor that `{file}` names"
        ))
        .hint("correct `--actor`, or the name above the key in that file")),
        (Some(actor), _) | (None, Some(actor)) => Ok(actor),
        (None, None) => Err(Failure::usage(
            "`--actor` is required: the key file does not name its actor",
        )),
    }
}

/// Returns the path of the public half: the path with `.pub` after it.
pub(crate) fn public_path(secret: &Path) -> PathBuf {
    let mut path = secret.as_os_str().to_owned();
    path.push(".pub");
    path.into()
}
