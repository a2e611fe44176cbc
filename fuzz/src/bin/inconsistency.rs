//! Evidence of an inconsistency: one encoding each, and it accuses a log only of heads that it signed.
#![no_main]

use glasslog_core::report::Verdict;
use glasslog_core::verify::{Inconsistency, Options, verify_inconsistency};
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

/// Evidence that holds under the policy beside it.
const TRUE: &[u8] =
    include_bytes!("../../../docs/formats/vectors/inconsistency/fork.inconsistency");
const POLICY: &[u8] = include_bytes!("../../../docs/formats/vectors/inconsistency/trust.policy");

fuzz_target!(|bytes: &[u8]| {
    let Some(evidence) = canonical(bytes, Inconsistency::parse, Inconsistency::encode) else {
        return;
    };
    let options = Options {
        now: 1_795_467_600,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: false,
        state: false,
    };
    let report = verify_inconsistency(bytes, POLICY, options);
    if report.result == Verdict::Verified {
        let seed = Inconsistency::parse(TRUE).expect("the vector is read");
        let heads = [seed.old.head(), seed.new.head()];
        assert!(heads.contains(&evidence.old.head()) && heads.contains(&evidence.new.head()));
    }
});
