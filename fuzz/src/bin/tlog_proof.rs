//! Offline proofs of one entry (C2SP tlog-proof): one encoding each, and none proves an entry that is not in the log.
#![no_main]

use glasslog_core::note::TlogProof;
use glasslog_core::report::Class;
use glasslog_core::verify::{Options, verify_consistency, verify_proof};
use glasslog_fuzz::{POLICY, canonical};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    canonical(bytes, TlogProof::parse, TlogProof::encode);
    let options = Options {
        now: 1_795_467_600,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: false,
        state: false,
    };
    let report = verify_proof(bytes, b"never logged", POLICY, options);
    assert_ne!(report.class(), Class::Verified);
    // The same bytes as checkpoints and as proof.
    let _ = verify_consistency(bytes, bytes, bytes, POLICY, options);
});
