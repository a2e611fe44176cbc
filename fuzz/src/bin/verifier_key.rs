//! Public and secret keys of notes (C2SP signed-note): one line each, and only admitted keys.
#![no_main]

use glasslog_core::crypto::{MlDsaPublicKey, PublicKey};
use glasslog_core::note::{NotePublicKey, SignerKey, VerifierKey};
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let line = text(bytes);
    if let Ok(key) = VerifierKey::parse(line) {
        assert_eq!(key.to_string(), line);
        assert!(match key.public() {
            NotePublicKey::Ed25519(key) => PublicKey::from_bytes(key.as_bytes()).is_ok(),
            NotePublicKey::MlDsa44(key) => MlDsaPublicKey::from_bytes(key.as_bytes()).is_ok(),
        });
    }
    if let Ok(key) = SignerKey::parse(line) {
        assert_eq!(key.encode().as_str(), line);
        let public = key.verifier().to_string();
        assert_eq!(VerifierKey::parse(&public).as_ref(), Ok(key.verifier()));
    }
});
