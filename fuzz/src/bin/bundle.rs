//! Offline bundles, replayed: a report for any bytes, and *verified* only for the seed itself.
#![no_main]

use glasslog_core::fetch::Bundle;
use glasslog_core::report::Class;
use glasslog_core::verify::{Asked, Options, verify_bundle};
use glasslog_fuzz::{BUNDLE, POLICY};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = Options {
        now: 1_795_467_600,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: false,
        state: false,
    };
    let report = verify_bundle(bytes, POLICY, options, Asked::default()).unwrap();
    assert!(report.to_json().starts_with("{\"schemaVersion\":1,"));
    // A mutation may change the question to another one that the same files answer, or add a file.
    if report.class() == Class::Verified {
        let (ours, seed) = (
            Bundle::parse(bytes).unwrap(),
            Bundle::parse(BUNDLE).unwrap(),
        );
        for (path, content) in ours.files() {
            assert!(seed.file(path).is_none_or(|file| file == content), "{path}");
        }
    }
});
