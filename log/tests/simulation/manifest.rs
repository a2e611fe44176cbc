//! Manifests of the index as the protocol sees them: a sequence of byte strings, each under its own name until the lock
//! decides on it, and under its position afterwards.

use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::object_store::{Lock, Manifest};
use glasslog_log::object_store::protocol::PUBLIC;

/// Folder of the objects that stand for the tiles of the index log.
pub(crate) const ENTRIES: &str = "index/entry/";

/// Returns the next manifest of a node for a log of `size` entries; manifests of different nodes differ.
pub(crate) fn bytes(id: &[u8; 16], position: u64, size: u64) -> Vec<u8> {
    format!("manifest {position} of {size} entries by {id:?}").into_bytes()
}

/// Returns the root with one more manifest.
pub(crate) fn root(before: Option<&Manifest>, bytes: &[u8]) -> Hash {
    let before = before.map_or(Hash::from_bytes([0; 32]), |manifest| manifest.root);
    sha256(&[before.as_bytes(), bytes].concat())
}

/// Returns the size of the index log that a lock names.
pub(crate) fn size(lock: &Lock) -> u64 {
    lock.index.as_ref().map_or(0, |manifest| manifest.size)
}

/// Returns the public path of the last manifest of an index log of `size`.
pub(crate) fn path(size: u64) -> String {
    format!("{PUBLIC}{ENTRIES}{size}")
}
