//! Computes a tree anew from its files, those of any tlog-tiles writer.

use glasslog_core::merkle::{Hash, leaf_hash, tree_root};
use glasslog_core::note::Checkpoint;
use glasslog_core::tiles::{bundles_between, parse_entries};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest time until a checkpoint must cover the acknowledged entries.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a checkpoint that covers all, and checks that the entries give its root, that the tiles which prove them hold
/// their hashes, and that every acknowledged entry is at its index; returns the size.
pub(crate) fn verify(
    public: &Path,
    acknowledged: &[(u64, u64)],
    entry: impl Fn(u64) -> Option<Vec<u8>>,
) -> u64 {
    let needed = acknowledged.iter().map(|(index, _)| index + 1).max();
    let began = Instant::now();
    let head = loop {
        let bytes = fs::read(public.join("checkpoint")).unwrap_or_default();
        match Checkpoint::parse(&bytes).map(|checkpoint| checkpoint.head()) {
            Ok(head) if head.size >= needed.unwrap_or(0) => break head,
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
        assert!(
            began.elapsed() < PATIENCE,
            "what was acknowledged is not published"
        );
    };
    let mut leaves: Vec<Hash> = Vec::new();
    for bundle in bundles_between(0, head.size) {
        let first = leaves.len();
        // The log may be larger now, with its partial files deleted.
        let (bytes, width) = match fs::read(public.join(bundle.path())) {
            Ok(bytes) => (bytes, bundle.width()),
            Err(_) => {
                let full = bundle.full();
                (fs::read(public.join(full.path())).unwrap(), full.width())
            }
        };
        let entries = parse_entries(&bytes, width).unwrap();
        let own = entries.iter().take(usize::from(bundle.width()));
        leaves.extend(own.map(|entry| leaf_hash(entry)));
        let tile = bundle.tile();
        let hashes = fs::read(public.join(tile.path()))
            .or_else(|_| fs::read(public.join(tile.full().path())))
            .unwrap();
        let stored = leaves[first..].iter().flat_map(Hash::as_bytes);
        assert!(
            hashes.iter().take((leaves.len() - first) * 32).eq(stored),
            "a tile does not hold the hashes of its entries"
        );
    }
    assert_eq!(
        tree_root(&leaves),
        head.root,
        "the entries do not give the signed root"
    );
    for (index, number) in acknowledged {
        let leaf = leaf_hash(&entry(*number).unwrap());
        assert_eq!(
            leaves[*index as usize], leaf,
            "an acknowledged entry is not at its index"
        );
    }
    head.size
}
