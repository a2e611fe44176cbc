//! Artifacts of queries: the syntax alone decides the kind, and a key has one hash.
#![no_main]

use glasslog_core::event::ArtifactQuery;
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(query) = ArtifactQuery::parse(text(bytes))
        && let Ok(key) = query.into_key()
    {
        assert_eq!(key.hash(), key.clone().hash());
    }
});
