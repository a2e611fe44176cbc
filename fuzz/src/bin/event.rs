//! Entries and their Statements: parsing never panics, and every entry has a key by which a look-up finds it.
#![no_main]

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Envelope, LookupKey, Statement};
use glasslog_core::merkle::Hash;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|bytes: &[u8]| {
    // The input as an entry, and as the payload of one, which mutations rarely reach through base64.
    assert!(!event::keys_of(event::parse(bytes).ok().as_ref()).is_empty());
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
    let parsed = event::parse(&envelope.encode()).ok();
    let keys = event::keys_of(parsed.as_ref());
    assert!(!keys.is_empty(), "an entry that no look-up finds");
    let hashes: BTreeSet<Hash> = keys.iter().map(LookupKey::hash).collect();
    assert!(hashes.into_iter().eq(event::key_hashes(parsed.as_ref())));
});
