//! Malicious operators: each serves a real log with a real index, signs with both keys, and lies in one way.
//!
//! Each [`Case`] says what whoever asks it must see, and what an auditor must see. That comes from the contract
//! (`docs/cli.md`, "Exit codes") and the format (`docs/formats/index.md`), not from what programs happen to answer.
mod buckets;
mod case;
mod claims;
mod files;
mod forged_run;
mod lists;
mod manifests;
mod runs;
mod signatures;
mod stage;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use glasslog_core::note::SignerKey;

pub use case::{Audited, Case, Seen, Trust};

/// Every lie there is.
pub fn cases() -> Vec<Case> {
    let groups = [
        claims::cases(),
        runs::cases(),
        buckets::cases(),
        lists::cases(),
        manifests::cases(),
        signatures::cases(),
        files::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// Writes the secret key of the auditor whom operators take in.
///
/// # Panics
/// When the file cannot be written.
pub fn write_auditor_key(path: &Path) {
    write_key(&stage::auditor(), path);
}

/// Writes the secret key of the operators' index.
///
/// # Panics
/// When the file cannot be written.
pub fn write_index_key(path: &Path) {
    write_key(&stage::index_key(), path);
}

fn write_key(key: &SignerKey, path: &Path) {
    let key = format!("{}\n", key.encode().as_str());
    crate::fixture::put(path, key.as_bytes());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
}

/// A number as an index of a slice.
fn index(number: u64) -> usize {
    usize::try_from(number).expect("a small number")
}

/// An index of a slice as a number.
fn number(index: usize) -> u64 {
    u64::try_from(index).expect("a small number")
}
