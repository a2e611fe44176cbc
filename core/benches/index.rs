//! Speed of building runs, of joining them and of reading buckets; run with `cargo bench -p glasslog-core --bench index`.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

use core::hint::black_box;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use glasslog_core::index::build::{Run, build, merge};
use glasslog_core::index::format::{Bucket, BucketName, MapFunction, open_file};
use glasslog_core::merkle::{Hash, node_hash, sha256, tree_root};
use rs_merkle::{Hasher, MerkleTree};

const MAP: MapFunction = MapFunction::AccessV2;
/// Entries of a run in these benchmarks: 16 units.
const ENTRIES: u64 = 1 << 16;
/// Keys of an entry: name, version, digest, actor and signing key.
const KEYS: u64 = 5;

/// Keys of a range, a fifth of them of its own and the others of few, as in a log of accesses.
fn pairs(start: u64, end: u64) -> Vec<(Hash, u32)> {
    let key = |number: u64| sha256(&number.to_be_bytes());
    (start..end)
        .flat_map(|entry| {
            let offset = u32::try_from(entry - start).unwrap();
            (0..KEYS).map(move |kind| {
                let number = match kind {
                    0 => entry | 1 << 40,
                    kind => kind << 48 | u64::from(sha256(&entry.to_be_bytes()).as_bytes()[0]),
                };
                (key(number), offset)
            })
        })
        .collect()
}

fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ENTRIES * KEYS));
    let all = pairs(0, ENTRIES);
    group.bench_function("build, by pairs", |b| {
        b.iter_batched(
            || all.clone(),
            |pairs| build(MAP, 0..ENTRIES, pairs).unwrap(),
            BatchSize::LargeInput,
        )
    });
    let quarter = ENTRIES / 4;
    let parts: Vec<Run> = (0..4)
        .map(|at| (at * quarter, (at + 1) * quarter))
        .map(|(start, end)| build(MAP, start..end, pairs(start, end)).unwrap())
        .collect();
    group.bench_function("join four, by pairs", |b| b.iter(|| merge(&parts).unwrap()));
    let run = build(MAP, 0..ENTRIES, all).unwrap();
    let files: Vec<_> = run.files().collect();
    println!(
        "{} entries: {} buckets, {} files, {} bytes",
        ENTRIES,
        run.head().buckets(),
        files.len(),
        files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    );
    group.throughput(Throughput::Elements(run.head().buckets()));
    group.bench_function("files, by buckets", |b| b.iter(|| run.files().count()));
    group.finish();

    let reserved = MAP.reserved();
    let key = sha256(&(7u64 | 1 << 40).to_be_bytes());
    let (name, file) = run.head().file_of(&key, &reserved).unwrap();
    let (_, bytes) = files.iter().find(|(other, _)| *other == file).unwrap();
    assert!(matches!(name, BucketName::Number(_)));
    let mut group = criterion.benchmark_group("bucket");
    group.throughput(Throughput::Bytes(u64::try_from(bytes.len()).unwrap()));
    group.bench_function("verify and look up", |b| {
        b.iter(|| {
            let bucket = open_file(black_box(bytes), run.head(), name).unwrap();
            let bucket = Bucket::parse(bucket, run.head(), name, &reserved).unwrap();
            bucket.find(&key).cloned().unwrap()
        })
    });
    group.finish();
}

/// `rs_merkle` with the hashes of RFC 6962, as the builder uses it.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(bytes: &[u8]) -> Self::Hash {
        *sha256(bytes).as_bytes()
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        right.map_or(*left, |right| {
            *node_hash(&Hash::from_bytes(*left), &Hash::from_bytes(*right)).as_bytes()
        })
    }
}

fn trees(criterion: &mut Criterion) {
    let leaves: Vec<Hash> = (0..1u64 << 13)
        .map(|number| sha256(&number.to_be_bytes()))
        .collect();
    let bytes: Vec<[u8; 32]> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
    let mut group = criterion.benchmark_group("tree of 8192 buckets");
    group.throughput(Throughput::Elements(1 << 13));
    group.bench_function("root, compact range", |b| {
        b.iter(|| tree_root(black_box(&leaves)))
    });
    group.bench_function("root, rs_merkle", |b| {
        b.iter(|| MerkleTree::<Rfc6962>::from_leaves(black_box(&bytes)).root())
    });
    let tree = MerkleTree::<Rfc6962>::from_leaves(&bytes);
    group.bench_function("all paths, rs_merkle", |b| {
        b.iter(|| {
            (0..bytes.len())
                .map(|at| tree.proof(&[at]).proof_hashes().len())
                .sum::<usize>()
        })
    });
    group.finish();
}

criterion_group!(benches, runs, trees);
criterion_main!(benches);
