//! Signed notes (C2SP signed-note): one encoding each.
#![no_main]

use glasslog_core::note::Note;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    canonical(bytes, Note::parse, Note::encode);
});
