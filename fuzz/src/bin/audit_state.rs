//! States of audits: one encoding each, also with the right digest.
#![no_main]

use glasslog_core::merkle::sha256;
use glasslog_core::text::wire::hex_encode;
use glasslog_core::verify::audit::state::AuditState;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    canonical(bytes, AuditState::parse, AuditState::encode);
    // The right digest, which a fuzzer cannot find by chance.
    let digest = format!("sha256 {}\n", hex_encode(sha256(bytes).as_bytes()));
    let sealed = [bytes, digest.as_bytes()].concat();
    canonical(&sealed, AuditState::parse, AuditState::encode);
});
