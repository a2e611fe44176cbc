//! Entries and the Statements in them: parsed without a panic, and none that no look-up would find.
#![no_main]

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Envelope, LookupKey, Statement};
use glasslog_core::merkle::Hash;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|bytes: &[u8]| {
    // As an entry, and as the payload of one, which mutations reach through base64 only by luck.
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
