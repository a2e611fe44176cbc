//! Helpers that the tests of this crate share.

use glasslog_core::note::{SignerKey, VerifierKey};
use glasslog_log::Layout;
use std::path::Path;
use tempfile::TempDir;

/// A moment in November 2026.
pub(crate) const NOW: u64 = 1_795_467_600;

/// Returns the public half of a log's own key.
pub(crate) fn log_key(log: &Path) -> VerifierKey {
    let text = std::fs::read_to_string(Layout::new(log).key("log")).unwrap();
    SignerKey::parse(text.trim_end())
        .unwrap()
        .verifier()
        .clone()
}

/// Returns different entries: `count` from number `first` on, of about `length` bytes.
pub(crate) fn entries(first: u64, count: u64, length: usize) -> Vec<Vec<u8>> {
    (first..first + count)
        .map(|number| {
            let mut entry = format!("entry {number} ").into_bytes();
            entry.resize(entry.len().max(length), b'.');
            entry
        })
        .collect()
}

/// Returns a directory that is deleted after the test, in memory if the system has such a file system. These tests make
/// thousands of files and check their content, not the disk; syncing each would take a minute.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
