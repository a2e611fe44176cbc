//! Plans over trees of any size, finished with any bytes: a made-up tile is never accepted.
#![no_main]

use std::collections::BTreeMap;

use glasslog_core::merkle::{Hash, TreeHead};
use glasslog_core::tiles::{ConsistencyPlan, InclusionPlan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, u64, &[u8])| {
    let (index, size, bytes) = input;
    let head = TreeHead {
        size,
        root: Hash::from_bytes([7; 32]),
    };
    if let Ok(plan) = InclusionPlan::new(head, index) {
        let files: BTreeMap<_, _> = plan
            .tiles()
            .iter()
            .map(|tile| (*tile, bytes.to_vec()))
            .collect();
        assert!(plan.finish(&files).is_err());
    }
    if let Ok(plan) = ConsistencyPlan::new(index, head) {
        let files: BTreeMap<_, _> = plan
            .tiles()
            .iter()
            .map(|tile| (*tile, bytes.to_vec()))
            .collect();
        assert!(plan.finish(&files).is_err() || index == 0);
    }
});
