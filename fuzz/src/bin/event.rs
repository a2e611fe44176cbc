//! Entries and their Statements: parsing never panics, every entry has a key by which a look-up finds it, and what is an
//! event has an outline.
#![no_main]

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Envelope, KeyKind, LookupKey, Statement};
use glasslog_core::merkle::Hash;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|bytes: &[u8]| {
    // The input as an entry, and as the payload of one, which mutations rarely reach through base64.
    check_keys(bytes);
    if let Ok(statement) = Statement::parse(bytes)
        && let Ok(payload) = event::encode(&statement)
    {
        let reread = Statement::parse(&payload).map(|statement| statement.encode());
        assert_eq!(reread.as_deref(), Ok(payload.as_slice()));
    }
    let key = SecretKey::from_seed(&[1; 32]);
    let Ok(envelope) = Envelope::sign(bytes.to_vec(), &[&key]) else {
        return;
    };
    check_keys(&envelope.encode());
});

fn check_keys(entry: &[u8]) {
    let keys = event::keys_of(entry);
    assert!(!keys.is_empty(), "an entry that no look-up finds");
    let is_malformed = keys.iter().any(|key| key.kind == KeyKind::Malformed);
    assert!(!is_malformed || keys.len() == 1);
    assert!(
        !is_malformed || event::parse(entry).is_err(),
        "an event without an outline"
    );
    let hashes: BTreeSet<Hash> = keys.iter().map(LookupKey::hash).collect();
    assert!(hashes.into_iter().eq(event::key_hashes(entry)));
}
