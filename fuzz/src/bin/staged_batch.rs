//! Staged batches of a log in a bucket: one encoding, and the bytes of their entries follow from their length.
#![no_main]

use glasslog_core::object_store::{decode_batch, encode_batch, payload};
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let decode = |bytes: &[u8]| decode_batch(bytes).ok_or("not a batch");
    let encode =
        |(first, entries): &(u64, Vec<Vec<u8>>)| encode_batch(*first, entries).unwrap_or_default();
    if let Some((_, entries)) = canonical(bytes, decode, encode) {
        let length: usize = entries.iter().map(Vec::len).sum();
        let told = payload(bytes.len() as u64, entries.len() as u64);
        assert_eq!(told, length as u64);
    }
});
