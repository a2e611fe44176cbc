//! Helpers that the tests of this crate share.

use glasslog_core::note::{SignerKey, VerifierKey};
use glasslog_log::Layout;
use std::path::Path;
use tempfile::TempDir;

/// A moment in November 2026.
pub(crate) const NOW: u64 = 1_795_467_600;

/// A stream of numbers that a seed determines (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

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
