//! Fraud proofs: one encoding each, and they accuse an index only of statements that it signed.
#![no_main]

use glasslog_core::index::fraud::Fraud;
use glasslog_core::trust::TrustPolicy;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

/// A valid proof under the policy beside it.
const TRUE: &[u8] = include_bytes!("../../../docs/formats/vectors/index/omission.fraud");
const POLICY: &[u8] = include_bytes!("../../../docs/formats/vectors/index/trust.policy");

fuzz_target!(|bytes: &[u8]| {
    let Some(fraud) = canonical(bytes, Fraud::parse, Fraud::encode) else {
        return;
    };
    let (Ok(policy), Ok(seed)) = (TrustPolicy::parse(POLICY), Fraud::parse(TRUE)) else {
        panic!("the vectors are read");
    };
    if fraud.verify(&policy, 1_795_467_600).is_ok() {
        assert_eq!(fraud.manifest(), seed.manifest());
        assert_eq!(fraud.accusation(), seed.accusation());
    }
});
