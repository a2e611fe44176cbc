//! Entry bundles (tlog-tiles): exactly the expected number of entries, and no further bytes.
#![no_main]

use glasslog_core::tiles::{encode_entries, parse_entries};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (last, bytes) = input;
    let width = u16::from(last) + 1;
    if let Ok(entries) = parse_entries(bytes, width) {
        assert_eq!(entries.len(), usize::from(width));
        assert_eq!(encode_entries(entries).as_deref(), Ok(bytes));
    }
});
