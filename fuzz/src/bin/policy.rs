//! Trust policies (C2SP tlog-policy) and trust files: parsing never panics, and every policy judges every checkpoint.
#![no_main]

use glasslog_core::note::Checkpoint;
use glasslog_core::trust::{Policy, TrustPolicy};
use glasslog_fuzz::CHECKPOINT;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::parse(CHECKPOINT) else {
        panic!("the seed is a checkpoint")
    };
    if let Ok(policy) = Policy::parse(bytes) {
        let _ = policy.judge(&checkpoint, 1_795_467_600);
    }
    if let Ok(trust) = TrustPolicy::parse(bytes) {
        let _ = trust.verify_log(&checkpoint, 1_795_467_600);
    }
});
