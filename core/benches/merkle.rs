//! Speed of Merkle hashing, of proofs and of tile plans; run with `cargo bench -p glasslog-core`.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

use core::hint::black_box;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use glasslog_core::merkle::{
    CompactRange, ConsistencyProof, Hash, InclusionProof, ProofError, Subtree, TreeHead, leaf_hash,
    node_hash, sha256, tree_root,
};
use glasslog_core::tiles::{InclusionPlan, Tile, encode_hashes};

/// A tree too large to build: any hashes make a proof of some root, and verifying costs the same.
const SIZE: u64 = (1 << 30) - 1;

fn read(subtree: Subtree) -> Result<Hash, ProofError> {
    Ok(sha256(
        &[
            subtree.index.to_be_bytes(),
            u64::from(subtree.level).to_be_bytes(),
        ]
        .concat(),
    ))
}

fn hashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hash");
    group.throughput(Throughput::Elements(1));
    for length in [256, 1024] {
        let entry = vec![7; length];
        group.bench_function(format!("leaf of {length} bytes"), |b| {
            b.iter(|| leaf_hash(black_box(&entry)))
        });
    }
    let (left, right) = (sha256(b"left"), sha256(b"right"));
    group.bench_function("node", |b| {
        b.iter(|| node_hash(black_box(&left), black_box(&right)))
    });
    let tile: Vec<Hash> = (0..=255u8).map(|at| leaf_hash(&[at])).collect();
    group.throughput(Throughput::Elements(255));
    group.bench_function("root of a full tile", |b| {
        b.iter(|| tree_root(black_box(&tile)))
    });
    group.finish();
}

fn proofs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("proof");
    let leaf = leaf_hash(b"entry");
    let index = SIZE / 3;
    let inclusion = InclusionProof::prove(index, SIZE, read).unwrap();
    let Err(ProofError::RootMismatch { computed, .. }) = inclusion.verify(
        &leaf,
        index,
        &TreeHead {
            size: SIZE,
            root: leaf,
        },
    ) else {
        return;
    };
    let head = TreeHead {
        size: SIZE,
        root: computed,
    };
    group.bench_function("inclusion in 2^30", |b| {
        b.iter(|| black_box(&inclusion).verify(&leaf, index, &head).unwrap())
    });
    // An odd old size: the longest proof, and both roots to compute.
    let consistency = ConsistencyProof::prove(index | 1, SIZE, read).unwrap();
    let mut old = TreeHead {
        size: index | 1,
        root: leaf,
    };
    if let Err(ProofError::OldRootMismatch { computed, .. }) = consistency.verify(&old, &head) {
        old.root = computed;
    }
    let mut new = head;
    if let Err(ProofError::RootMismatch { computed, .. }) = consistency.verify(&old, &head) {
        new.root = computed;
    }
    group.bench_function("consistency in 2^30", |b| {
        b.iter(|| black_box(&consistency).verify(&old, &new).unwrap())
    });
    group.finish();
}

fn trees(criterion: &mut Criterion) {
    let leaf = leaf_hash(b"entry");
    let mut group = criterion.benchmark_group("tree");
    group.throughput(Throughput::Elements(4096));
    group.bench_function("append 4096 leaves to a frontier", |b| {
        b.iter_batched(
            CompactRange::new,
            |mut range| {
                for _ in 0..4096 {
                    range.push(black_box(leaf));
                }
                range
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
    let size = 256 * 256 - 1;
    let tile = |width: u16| encode_hashes(&vec![leaf; usize::from(width)]);
    let full_root = tree_root(&[leaf; 256]);
    let top = Tile::containing(1, 0, size).unwrap();
    let edge = Tile::containing(0, size - 1, size).unwrap();
    let mut range = CompactRange::new();
    for _ in 0..size {
        range.push(leaf);
    }
    let plan = InclusionPlan::new(range.head(), 1000).unwrap();
    let files = plan
        .tiles()
        .iter()
        .map(|at| {
            (
                *at,
                if *at == top {
                    encode_hashes(&[full_root; 255])
                } else {
                    tile(at.width())
                },
            )
        })
        .collect();
    assert!(plan.tiles().contains(&edge) && plan.finish(&files).is_ok());
    criterion.bench_function("tile plan: check 3 tiles, make an inclusion proof", |b| {
        b.iter(|| black_box(&plan).finish(&files).unwrap())
    });
}

criterion_group!(benches, hashing, proofs, trees);
criterion_main!(benches);
