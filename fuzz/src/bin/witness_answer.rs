//! Answers of a witness (C2SP tlog-witness): one encoding each.
#![no_main]

use glasslog_core::witness::{Cosignatures, encode_size, parse_size};
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    canonical(bytes, Cosignatures::parse, |answer| answer.encode().into());
    canonical(bytes, parse_size, |size| encode_size(*size).into());
});
