//! Paths of tiles and entry bundles (tlog-tiles): one path for each, and no other path is accepted.
#![no_main]

use glasslog_core::tiles::{EntryBundle, Tile};
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = text(bytes);
    if let Ok(tile) = Tile::parse_path(path) {
        assert_eq!(tile.path(), path);
    }
    if let Ok(bundle) = EntryBundle::parse_path(path) {
        assert_eq!(bundle.path(), path);
    }
});
