//! Ed25519 public keys: one encoding each, and a signature made up from its key never verifies.
#![no_main]

use glasslog_core::crypto::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ([u8; 32], &[u8])| {
    let (bytes, rest) = input;
    if let Ok(key) = PublicKey::from_bytes(&bytes) {
        assert_eq!(key.as_bytes(), &bytes);
        assert!(key.verify(b"message", rest).is_err());
    }
});
