//! Manifests of an index and their proofs: one encoding each; the runs in a manifest cover its log.
#![no_main]

use glasslog_core::index::format::Manifest;
use glasslog_core::index::read::IndexProof;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(manifest) = canonical(bytes, Manifest::parse, Manifest::encode) {
        let end = manifest.runs().last().map_or(0, |run| run.end);
        assert_eq!(end, manifest.head().size);
    }
    canonical(bytes, IndexProof::parse, |proof| proof.proof().encode());
});
