//! Files of an index run, a bucket with its path or a chunk of a list: one encoding each; the first byte chooses the run.
#![no_main]

use glasslog_core::index::format::{
    Bucket, BucketName, MapFunction, RunHead, encode_chunks, open_file, parse_chunk, parse_leaves,
};
use glasslog_core::merkle::sha256;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((shape, rest)) = bytes.split_first() else {
        return;
    };
    let run = RunHead {
        start: 100,
        end: 2_100,
        bits: shape & 3,
        root: sha256(b"no run has this root"),
        reserved: None,
    };
    let reserved = MapFunction::AccessV2.reserved();
    for name in [
        BucketName::Number(u64::from(shape >> 2 & 3)),
        BucketName::Reserved,
    ] {
        canonical(
            rest,
            |bytes| Bucket::parse(bytes, &run, name, &reserved),
            Bucket::encode,
        );
        assert!(open_file(rest, &run, name).is_err());
    }
    let count = u32::try_from(rest.len() / 4).unwrap_or(0).saturating_sub(1);
    canonical(
        rest,
        |bytes| parse_chunk(bytes, 0, count, run.length()),
        |offsets| encode_chunks(offsets).flatten().collect(),
    );
    let _ = parse_leaves(rest, count, &run.root);
});
