//! Base64, hex and decimal numbers: one spelling for each value.
#![no_main]

use glasslog_core::text::wire;
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let input = text(bytes);
    if let Some(decoded) = wire::base64_decode(input) {
        assert_eq!(wire::base64_encode(&decoded), input);
    }
    if let Some(decoded) = wire::hex_decode(input) {
        assert_eq!(wire::hex_encode(&decoded), input);
    }
    if let Some(number) = wire::parse_decimal(input) {
        assert_eq!(number.to_string(), input);
    }
});
