//! Checkpoints (C2SP tlog-checkpoint): one encoding each, and no signature verifies under a key that never signed.
#![no_main]

use std::sync::LazyLock;

use glasslog_core::note::{
    Checkpoint, KeyVerdict, SignedCheckpoint, VerifierKey, audit_statement, cosignature,
};
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

/// A witness that never signed.
static WITNESS: LazyLock<Option<VerifierKey>> =
    LazyLock::new(|| VerifierKey::parse(include_str!("../../seeds/verifier_key/witness")).ok());

fuzz_target!(|bytes: &[u8]| {
    let Some(checkpoint) = canonical(bytes, Checkpoint::parse, Checkpoint::encode) else {
        return;
    };
    let Some(witness) = WITNESS.as_ref() else {
        return;
    };
    for signature in checkpoint.note().signatures() {
        assert!(cosignature::verify(&checkpoint, witness, signature).is_err());
        assert!(audit_statement::verify(&checkpoint, witness, signature).is_err());
    }
    assert!(SignedCheckpoint::new(&checkpoint, &[witness]).is_none());
    assert!(!matches!(
        checkpoint.note().verify(witness),
        KeyVerdict::Signed
    ));
});
