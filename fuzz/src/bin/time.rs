//! RFC 3339 times: a parsed time is encoded as the same second.
#![no_main]

use glasslog_core::text::time;
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let input = text(bytes);
    if let Some(seconds) = time::parse(input) {
        let formatted = time::format(seconds);
        assert_eq!(time::parse(&formatted), Some(seconds));
        // Only fractions of a second are dropped.
        assert_eq!(formatted.get(..19), input.get(..19));
    }
});
