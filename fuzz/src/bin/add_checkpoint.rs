//! Requests to a witness (C2SP tlog-witness): one encoding each.
#![no_main]

use glasslog_core::witness::AddCheckpoint;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = canonical(bytes, AddCheckpoint::parse, AddCheckpoint::encode) else {
        return;
    };
    assert!(request.old() <= request.checkpoint().head().size);
});
