//! Computes a tree anew from its entries, whoever wrote it.

use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::entries::parse_entries;
use glasslog_core::hash::{Hash, leaf_hash, tree_root};
use glasslog_core::tile::bundles_between;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest that a checkpoint may take to cover what was acknowledged.
const PATIENCE: Duration = Duration::from_secs(15);

/// Waits for a checkpoint that covers all, and checks its root, and every acknowledged entry at its index; returns the size.
pub(crate) fn verify(
    public: &Path,
    acknowledged: &[(u64, u64)],
    entry: impl Fn(u64) -> Option<Vec<u8>>,
) -> u64 {
    let needed = acknowledged.iter().map(|(index, _)| index + 1).max();
    let began = Instant::now();
    let head = loop {
        let bytes = std::fs::read(public.join("checkpoint")).unwrap_or_default();
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
        let read = |path: String| std::fs::read(public.join(path));
        // The log may be larger by now, and its partial files gone.
        let bytes = read(bundle.path())
            .or_else(|_| read(bundle.full().path()))
            .unwrap();
        let width = match read(bundle.path()) {
            Ok(_) => bundle.width(),
            Err(_) => bundle.full().width(),
        };
        let entries = parse_entries(&bytes, width).unwrap();
        leaves.extend(
            entries
                .iter()
                .take(usize::from(bundle.width()))
                .map(|entry| leaf_hash(entry)),
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
