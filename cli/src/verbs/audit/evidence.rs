//! Files that an audit writes about a false index or a split view.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use glasslog_core::index::fraud::Fraud;
use glasslog_core::verify::Inconsistency;

use crate::failure::Failure;
use crate::output::{Console, write_file};

/// Checks that a fraud proof can be written to `path`, before hours of work.
///
/// # Errors
/// The file exists.
pub(super) fn check_is_new(path: &Path) -> Result<(), Failure> {
    match path.exists() {
        true => Err(
            Failure::file(path.display(), &ErrorKind::AlreadyExists.into())
                .hint("a proof never replaces another file: choose a new name"),
        ),
        false => Ok(()),
    }
}

/// Writes a proof to a new file, with a hint on how to check it.
///
/// # Errors
/// The disk or permissions.
pub(super) fn write_fraud(
    fraud: &Fraud,
    path: Option<&Path>,
    console: &Console,
) -> Result<(), Failure> {
    let number = fraud.index_proof().index();
    let path = match path {
        Some(path) => path.to_path_buf(),
        None => free_name(number, &fraud.encode()),
    };
    write_file(&path, &fraud.encode())?;
    console.note(format_args!(
        "a proof that the index is false was written to {}",
        path.display()
    ));
    console.hint(format_args!(
        "anyone can check it: `glasslog verify fraud {} --policy FILE`",
        path.display()
    ));
    Ok(())
}

/// Returns the first name that is free, or whose file is the same proof.
fn free_name(number: u64, proof: &[u8]) -> PathBuf {
    let names = (1u32..).map(|copy| match copy {
        1 => PathBuf::from(format!("index-{number}.fraud")),
        copy => PathBuf::from(format!("index-{number}-{copy}.fraud")),
    });
    let is_free = |path: &PathBuf| match fs::read(path) {
        Ok(bytes) => bytes == proof,
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    names.into_iter().find(is_free).unwrap_or_default()
}

/// Writes the evidence of a split view beside the state, which is left unchanged.
///
/// # Errors
/// The disk or permissions.
pub(super) fn write_inconsistency(
    evidence: &Inconsistency,
    state: &Path,
    console: &Console,
) -> Result<(), Failure> {
    let mut path = OsString::from(state.as_os_str());
    path.push(".inconsistency");
    let path = PathBuf::from(path);
    write_file(&path, &evidence.encode())?;
    console.note(format_args!(
        "both checkpoints, and what shows that they contradict each other, were written to {}",
        path.display()
    ));
    console.hint("show the file to everyone who relies on this log");
    Ok(())
}
