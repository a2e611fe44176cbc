//! DSSE envelopes: one encoding each.
#![no_main]

use glasslog_core::event::Envelope;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    canonical(bytes, Envelope::parse, Envelope::encode);
});
