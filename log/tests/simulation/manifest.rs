//! Manifests of the index, as far as the protocol knows them: bytes that follow one another, each under a name of its
//! own until the lock decides on it, and under its position from then on.

use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::object_store::{Lock, Manifest};
use glasslog_log::object_store::protocol::PUBLIC;

/// The folder of what stands for the tiles of the index log.
pub(crate) const ENTRIES: &str = "index/entry/";

/// What a node would say next of a log of `size` entries: no two nodes say the same.
pub(crate) fn bytes(id: &[u8; 16], position: u64, size: u64) -> Vec<u8> {
    format!("manifest {position} of {size} entries by {id:?}").into_bytes()
}

/// The root with one more manifest.
pub(crate) fn root(before: Option<&Manifest>, bytes: &[u8]) -> Hash {
    let before = before.map_or(Hash::from_bytes([0; 32]), |manifest| manifest.root);
    sha256(&[before.as_bytes(), bytes].concat())
}

/// Size of the index log that a lock names.
pub(crate) fn size(lock: &Lock) -> u64 {
    lock.index.as_ref().map_or(0, |manifest| manifest.size)
}

/// Where the last manifest of an index log of `size` is public.
pub(crate) fn path(size: u64) -> String {
    format!("{PUBLIC}{ENTRIES}{size}")
}
