//! Strict JSON: the compact form of every accepted text parses as the same value.
#![no_main]

use glasslog_core::text::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = json::parse(bytes) {
        assert_eq!(json::parse(value.encode().as_bytes()), Ok(value));
    }
});
