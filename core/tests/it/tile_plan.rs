//! Tile plans over every small tree and the sizes around full tiles: they ask for the needed tiles, prove true hashes,
//! and name false tiles.

use core::cmp::Reverse;
use glasslog_core::merkle::{
    CompactRange, Hash, ProofError, Subtree, TreeHead, complete_subtrees, consistency_subtrees,
    inclusion_subtrees, leaf_hash, span_root, tree_root,
};
use glasslog_core::tiles::{
    ConsistencyPlan, EntriesError, EntryBundle, InclusionPlan, ScanTiles, Tile, TileError,
    TilePlan, bundles_between, encode_entries, encode_hashes, tiles_between,
};
use std::collections::{BTreeMap, BTreeSet};

/// Around the sizes where a level gets its first full tile, and where one more begins.
const BORDERS: [u64; 13] = [
    255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_281, 65_535, 65_536, 65_537, 65_793,
];
const LARGEST: u64 = 65_793;

fn entry(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

/// A log in memory.
struct Log {
    /// Hashes of each tile level.
    levels: Vec<Vec<Hash>>,
    heads: BTreeMap<u64, TreeHead>,
}

impl Log {
    fn new() -> Self {
        let mut levels = vec![Vec::new(); 3];
        let mut range = CompactRange::new();
        let mut heads = BTreeMap::from([(0, range.head())]);
        for index in 0..LARGEST {
            range.push_with(leaf_hash(&entry(index)), |subtree, hash| {
                if subtree.level % 8 == 0 {
                    levels[usize::from(subtree.level / 8)].push(hash);
                }
            });
            if range.size() <= 64 || BORDERS.contains(&range.size()) {
                heads.insert(range.size(), range.head());
            }
        }
        Self { levels, heads }
    }

    fn bytes(&self, tile: &Tile) -> Vec<u8> {
        let start = usize::try_from(tile.index() * 256).unwrap();
        encode_hashes(
            &self.levels[usize::from(tile.level())][start..start + usize::from(tile.width())],
        )
    }

    fn fetch(&self, tiles: &[Tile]) -> BTreeMap<Tile, Vec<u8>> {
        tiles.iter().map(|tile| (*tile, self.bytes(tile))).collect()
    }

    fn leaf(&self, index: u64) -> Hash {
        self.levels[0][usize::try_from(index).unwrap()]
    }

    fn span(&self, subtree: Subtree) -> Hash {
        let [start, end] =
            [subtree.start(), subtree.end()].map(|at| usize::try_from(at.unwrap()).unwrap());
        tree_root(&self.levels[0][start..end])
    }
}

/// The tiles that a plan must ask for, from first principles: the edge, and all tiles above each wanted hash.
fn needed(size: u64, wanted: &[Subtree]) -> BTreeSet<String> {
    let all: BTreeMap<(u8, u64), Tile> = tiles_between(0, size)
        .map(|tile| ((tile.level(), tile.index()), tile))
        .collect();
    let mut needed: BTreeSet<String> = all
        .values()
        .filter(|tile| !tile.is_full())
        .map(Tile::path)
        .collect();
    for subtree in wanted {
        let first_leaf = subtree.start().unwrap();
        for level in subtree.level / 8..3 {
            needed.extend(
                all.get(&(level, first_leaf >> (8 * (level + 1))))
                    .map(Tile::path),
            );
        }
    }
    needed
}

fn paths(tiles: &[Tile]) -> BTreeSet<String> {
    let paths: BTreeSet<String> = tiles.iter().map(Tile::path).collect();
    assert_eq!(paths.len(), tiles.len(), "no tile twice");
    paths
}

/// Every index of small trees; of large ones those around tile borders, and some between.
fn positions(size: u64) -> Vec<u64> {
    let near = BORDERS
        .iter()
        .flat_map(|border| [border - 1, *border, border + 1]);
    let some = [0, 1, 2, 3, 100, 1000, 4095, 4096, 40_000];
    let positions: BTreeSet<u64> = if size <= 600 {
        (0..=size).collect()
    } else {
        near.chain(some).chain([size - 1, size]).collect()
    };
    positions
        .into_iter()
        .filter(|position| *position <= size)
        .collect()
}

#[test]
fn inclusion_plans_ask_for_what_is_needed_and_prove_it() {
    let log = Log::new();
    for (&size, &head) in &log.heads {
        for index in positions(size) {
            let plan = InclusionPlan::new(head, index);
            if index == size {
                assert_eq!(
                    plan,
                    Err(TileError::Proof(ProofError::IndexOutOfRange {
                        index,
                        size
                    }))
                );
                continue;
            }
            let plan = plan.unwrap();
            let wanted = [
                inclusion_subtrees(index, size).unwrap(),
                vec![Subtree::leaf(index)],
            ]
            .concat();
            assert_eq!(
                paths(plan.tiles()),
                needed(size, &wanted),
                "{index} of {size}"
            );
            let (leaf, proof) = plan.finish_with_leaf(&log.fetch(plan.tiles())).unwrap();
            assert_eq!(leaf, log.leaf(index));
            assert_eq!(
                proof.verify(&leaf, index, &head),
                Ok(()),
                "{index} of {size}"
            );
        }
    }
}

#[test]
fn consistency_plans_ask_for_what_is_needed_and_prove_it() {
    let log = Log::new();
    for (&new, &head) in &log.heads {
        for &old in log.heads.keys() {
            let plan = ConsistencyPlan::new(old, head);
            if old > new {
                assert_eq!(
                    plan,
                    Err(TileError::Proof(ProofError::SizeMismatch { old, new }))
                );
                continue;
            }
            let plan = plan.unwrap();
            let wanted = [
                consistency_subtrees(old, new).unwrap(),
                complete_subtrees(0..old).collect(),
            ]
            .concat();
            assert_eq!(paths(plan.tiles()), needed(new, &wanted), "{old} to {new}");
            let (old_head, proof) = plan.finish(&log.fetch(plan.tiles())).unwrap();
            assert_eq!(old_head, log.heads[&old]);
            assert_eq!(proof.verify(&old_head, &head), Ok(()), "{old} to {new}");
        }
    }
}

#[test]
fn every_complete_subtree_of_a_log_can_be_read() {
    let log = Log::new();
    for size in [0, 1, 7, 255, 256, 257, 513, 65_537] {
        let head = log.heads[&size];
        for level in 0..=17 {
            let count = size >> level;
            let every = usize::try_from(count / 50 + 1).unwrap();
            for index in (0..count).step_by(every).chain(count.checked_sub(1)) {
                let subtree = Subtree { level, index };
                let plan = TilePlan::new(head, &[subtree]).unwrap();
                let tiles = plan.finish(&log.fetch(plan.tiles())).unwrap();
                assert_eq!(
                    tiles.hash(subtree),
                    Some(log.span(subtree)),
                    "{subtree:?} of {size}"
                );
            }
            let subtree = Subtree {
                level,
                index: count,
            };
            assert_eq!(
                TilePlan::new(head, &[subtree]),
                Err(TileError::OutsideTree { subtree, size })
            );
        }
    }
}

#[test]
fn what_was_not_planned_is_not_known() {
    let log = Log::new();
    let plan = TilePlan::new(log.heads[&65_537], &[Subtree::leaf(3)]).unwrap();
    let tiles = plan.finish(&log.fetch(plan.tiles())).unwrap();
    assert_eq!(
        tiles.hash(Subtree::leaf(255)),
        Some(log.leaf(255)),
        "the same tile"
    );
    for subtree in [
        Subtree::leaf(256),
        Subtree { level: 7, index: 2 },
        Subtree {
            level: 0,
            index: 65_537,
        },
        Subtree {
            level: 17,
            index: 0,
        },
        Subtree {
            level: 255,
            index: u64::MAX,
        },
    ] {
        assert_eq!(tiles.hash(subtree), None, "{subtree:?}");
    }
}

/// Each tile of a plan: missing, short, long, one bit changed in each hash, exchanged for another.
#[test]
fn a_false_tile_is_named() {
    let log = Log::new();
    for (size, index) in [
        (1, 0),
        (5, 3),
        (256, 9),
        (257, 256),
        (513, 300),
        (65_535, 40_000),
        (65_536, 40_000),
        (65_537, 40_000),
        (65_537, 65_536),
        (65_793, 65_700),
    ] {
        let head = log.heads[&size];
        let plan = InclusionPlan::new(head, index).unwrap();
        let good = log.fetch(plan.tiles());
        assert!(plan.finish(&good).is_ok());
        for tile in plan.tiles() {
            let mut files = good.clone();
            let bytes = files.remove(tile).unwrap();
            assert_eq!(plan.finish(&files), Err(TileError::Missing { tile: *tile }));
            for length in [
                0,
                1,
                bytes.len() - 32,
                bytes.len() - 1,
                bytes.len() + 1,
                bytes.len() + 32,
            ] {
                let mut wrong = bytes.clone();
                wrong.resize(length, 0);
                files.insert(*tile, wrong);
                assert_eq!(
                    plan.finish(&files),
                    Err(TileError::WrongLength {
                        tile: *tile,
                        claimed: length,
                        expected: bytes.len()
                    })
                );
            }
            for at in (0..bytes.len()).step_by(32) {
                let mut wrong = bytes.clone();
                wrong[at + (at / 32) % 32] ^= 1;
                files.insert(*tile, wrong);
                let error = plan.finish(&files).unwrap_err();
                if tile.is_full() {
                    let claimed = log.levels[usize::from(tile.level()) + 1]
                        [usize::try_from(tile.index()).unwrap()];
                    assert!(
                        matches!(error, TileError::Mismatch { tile: named, claimed: says, computed } if named == *tile && says == claimed && computed != claimed),
                        "{error}"
                    );
                } else {
                    assert!(
                        matches!(error, TileError::EdgeMismatch { size: named, claimed, .. } if named == size && claimed == head.root),
                        "{error}"
                    );
                }
            }
        }
        // Two full tiles exchanged: the first in the plan is named.
        let full: Vec<&Tile> = plan.tiles().iter().filter(|tile| tile.is_full()).collect();
        if let [first, second, ..] = full[..] {
            let mut files = good.clone();
            files.insert(*first, good[second].clone());
            files.insert(*second, good[first].clone());
            assert!(
                matches!(plan.finish(&files), Err(TileError::Mismatch { tile, .. }) if tile == *first)
            );
        }
        // Another root, and the same tiles.
        let other = TreeHead {
            size,
            root: leaf_hash(b"other"),
        };
        assert!(
            matches!(InclusionPlan::new(other, index).unwrap().finish(&good), Err(TileError::EdgeMismatch { claimed, computed, .. }) if claimed == other.root && computed == head.root)
        );
    }
}

#[test]
fn the_full_tile_stands_in_for_a_partial_one() {
    let log = Log::new();
    let plan = InclusionPlan::new(log.heads[&513], 512).unwrap();
    let files = plan
        .tiles()
        .iter()
        .map(|tile| {
            (
                *tile,
                tile.prefix_of_full(&log.bytes(&tile.full()))
                    .unwrap()
                    .to_vec(),
            )
        })
        .collect();
    assert_eq!(plan.finish(&files), plan.finish(&log.fetch(plan.tiles())));
}

#[test]
fn the_largest_trees_are_planned_without_wrapping() {
    let sizes = [
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    for size in sizes {
        let head = TreeHead {
            size,
            root: leaf_hash(b""),
        };
        for index in [0, 255, 256, 1 << 40, size / 2, size - 1] {
            let plan = InclusionPlan::new(head, index).unwrap();
            assert!(plan.tiles().len() <= 24, "{} tiles", plan.tiles().len());
            assert!(plan.tiles().iter().all(|tile| tile.level() < 8));
            assert!(matches!(
                plan.finish(&BTreeMap::new()),
                Err(TileError::Missing { .. })
            ));
            let plan = ConsistencyPlan::new(index, head).unwrap();
            assert!(plan.tiles().len() <= 24, "{} tiles", plan.tiles().len());
        }
        assert!(InclusionPlan::new(head, size).is_err());
        for subtree in [
            Subtree {
                level: 63,
                index: 1,
            },
            Subtree {
                level: 64,
                index: 0,
            },
            Subtree {
                level: 255,
                index: u64::MAX,
            },
            Subtree {
                level: 8,
                index: u64::MAX,
            },
        ] {
            assert_eq!(
                TilePlan::new(head, &[subtree]),
                Err(TileError::OutsideTree { subtree, size })
            );
        }
        let mut scan = ScanTiles::new(head).unwrap();
        assert!(scan.next_tiles(usize::MAX).len() <= 8 && !scan.is_done());
        let tile = scan.next_tiles(1)[0];
        assert!(scan.supply(&tile, &[0; 31]).is_err());
    }
}

/// Scans a tree with batches of `batch`, of which the last half is supplied, backwards.
fn walk(head: TreeHead, batch: usize, bytes: impl Fn(&Tile) -> Vec<u8>) -> (ScanTiles, Vec<Tile>) {
    let mut scan = ScanTiles::new(head).unwrap();
    let mut taken = Vec::new();
    loop {
        let tiles = scan.next_tiles(batch);
        assert!(tiles.len() <= batch && tiles.iter().all(|tile| !taken.contains(tile)));
        assert_eq!(tiles.is_empty(), scan.is_done());
        if tiles.is_empty() {
            return (scan, taken);
        }
        assert_eq!(
            scan.bundle_root(0),
            None,
            "nothing is vouched for before the walk is done"
        );
        for tile in tiles.iter().rev().take(tiles.len().div_ceil(2)) {
            scan.supply(tile, &bytes(tile)).unwrap();
            assert_eq!(
                scan.supply(tile, &bytes(tile)),
                Err(TileError::UnplannedTile { tile: *tile }),
                "once is enough"
            );
            taken.push(*tile);
            assert_eq!(scan.progress().0, u64::try_from(taken.len()).unwrap());
        }
    }
}

#[test]
fn a_scan_verifies_every_bundle() {
    let log = Log::new();
    for (&size, &head) in &log.heads {
        for batch in [1, 7, usize::MAX] {
            let (scan, asked) = walk(head, batch, |tile| log.bytes(tile));
            let expected: BTreeSet<String> = tiles_between(0, size)
                .filter(|tile| tile.level() > 0 || !tile.is_full())
                .map(|tile| tile.path())
                .collect();
            assert_eq!(paths(&asked), expected, "size {size}");
            let count = u64::try_from(asked.len()).unwrap();
            assert_eq!(scan.progress(), (count, count));
            let mut bundles = 0;
            for bundle in bundles_between(0, size) {
                let start = usize::try_from(bundle.start().unwrap()).unwrap();
                let leaves = &log.levels[0][start..start + usize::from(bundle.width())];
                assert_eq!(
                    scan.bundle_root(bundle.index()),
                    Some(tree_root(leaves)),
                    "{bundle:?} of {size}"
                );
                bundles = bundle.index() + 1;
            }
            for past in [bundles, bundles + 1, u64::MAX] {
                assert_eq!(scan.bundle_root(past), None, "bundle {past} of size {size}");
            }
        }
    }
}

/// Forty million entries, of which only the roots of the bundles exist: three levels of full tiles, many of each.
#[test]
fn a_deep_tree_is_scanned_level_by_level() {
    let (bundles, rest) = (156_250u64, 77u64);
    let mut levels = vec![Vec::new(); 4];
    let mut range = CompactRange::new();
    for bundle in 0..bundles {
        range.push_with(leaf_hash(&entry(bundle)), |subtree, hash| {
            if subtree.level % 8 == 0 {
                levels[usize::from(subtree.level / 8) + 1].push(hash);
            }
        });
    }
    let mut tail = CompactRange::new();
    for index in 0..rest {
        tail.push_with(leaf_hash(&entry(index)), |subtree, hash| {
            if subtree.level == 0 {
                levels[0].push(hash);
            }
        });
    }
    let size = bundles * 256 + rest;
    let head = TreeHead {
        size,
        root: span_root(&[range.parts(), tail.parts()].concat()),
    };
    let bytes = |tile: &Tile| {
        let start = if tile.level() == 0 {
            0
        } else {
            usize::try_from(tile.index() * 256).unwrap()
        };
        encode_hashes(&levels[usize::from(tile.level())][start..start + usize::from(tile.width())])
    };
    let (scan, taken) = walk(head, 50, bytes);
    let count = |level| taken.iter().filter(|tile| tile.level() == level).count();
    assert_eq!([count(0), count(1), count(2), count(3)], [1, 611, 3, 1]);
    assert!(taken.is_sorted_by_key(|tile| (
        tile.is_full(),
        tile.is_full().then_some(Reverse(tile.level()))
    )));
    for bundle in 0..bundles {
        assert_eq!(
            scan.bundle_root(bundle),
            Some(levels[1][usize::try_from(bundle).unwrap()])
        );
    }
    assert_eq!(scan.bundle_root(bundles), Some(tail.root()));
    assert_eq!(scan.bundle_root(bundles + 1), None);
    // The same content at another index is false.
    let mut scan = ScanTiles::new(head).unwrap();
    for tile in scan.next_tiles(9) {
        scan.supply(&tile, &bytes(&tile)).unwrap();
    }
    let wanted = scan.next_tiles(9);
    assert!(
        matches!(scan.supply(&wanted[0], &bytes(&wanted[1])), Err(TileError::Mismatch { tile, .. }) if tile == wanted[0])
    );
    let past = Tile::new(2, 2, 256).unwrap();
    assert_eq!(
        scan.supply(&past, &[0; 8192]),
        Err(TileError::UnplannedTile { tile: past })
    );
}

#[test]
fn a_scan_refuses_false_tiles() {
    let log = Log::new();
    let head = log.heads[&65_793];
    let mut scan = ScanTiles::new(head).unwrap();
    let edge = scan.next_tiles(9);
    assert_eq!(
        paths(&edge),
        ["tile/0/257.p/1", "tile/1/001.p/1", "tile/2/000.p/1"]
            .map(String::from)
            .into()
    );
    // A false partial tile: the whole edge is wanted again.
    for tile in &edge[..2] {
        scan.supply(tile, &log.bytes(tile)).unwrap();
    }
    assert!(matches!(
        scan.supply(&edge[2], &[7; 32]),
        Err(TileError::EdgeMismatch { size: 65_793, .. })
    ));
    assert_eq!(scan.next_tiles(9), edge);
    assert_eq!(scan.progress(), (0, 4));
    let full = Tile::new(1, 0, 256).unwrap();
    assert_eq!(
        scan.supply(&full, &log.bytes(&full)),
        Err(TileError::UnplannedTile { tile: full }),
        "not before the edge"
    );
    for tile in &edge {
        assert_eq!(
            scan.supply(tile, &[0; 33]),
            Err(TileError::WrongLength {
                tile: *tile,
                claimed: 33,
                expected: 32
            })
        );
        scan.supply(tile, &log.bytes(tile)).unwrap();
    }
    assert_eq!(scan.next_tiles(9), [full]);
    for other in [
        Tile::new(1, 0, 255),
        Tile::new(1, 1, 256),
        Tile::new(0, 0, 256),
        Tile::new(2, 0, 256),
        Tile::new(63, u64::MAX, 256),
    ] {
        let tile = other.unwrap();
        assert_eq!(
            scan.supply(&tile, &[]),
            Err(TileError::UnplannedTile { tile })
        );
    }
    let mut wrong = log.bytes(&full);
    wrong[8191] ^= 1;
    assert!(
        matches!(scan.supply(&full, &wrong), Err(TileError::Mismatch { tile, .. }) if tile == full)
    );
    assert_eq!(scan.next_tiles(9), [full], "a false tile is wanted again");
    scan.supply(&full, &log.bytes(&full)).unwrap();
    assert!(scan.is_done());
}

#[test]
fn bundles_are_verified_against_the_tiles() {
    let log = Log::new();
    for size in [1, 255, 256, 257, 65_537] {
        let (scan, _) = walk(log.heads[&size], 64, |tile| log.bytes(tile));
        for bundle in bundles_between(0, size) {
            let start = bundle.start().unwrap();
            let indices = start..start + u64::from(bundle.width());
            let bytes = encode_entries(indices.clone().map(entry)).unwrap();
            let verified = scan.verify_bundle(bundle, &bytes).unwrap();
            assert!(verified.iter().eq(indices.clone().map(|index| (
                index,
                log.leaf(index),
                bytes_of(index, start, &bytes)
            ))));
            let mut flipped = bytes.clone();
            *flipped.last_mut().unwrap() ^= 1;
            assert!(
                matches!(scan.verify_bundle(bundle, &flipped), Err(EntriesError::Mismatch { bundle: named, .. }) if named == bundle)
            );
            assert!(matches!(
                scan.verify_bundle(bundle, &bytes[..bytes.len() - 10]),
                Err(EntriesError::TooFew { .. })
            ));
            let narrower = EntryBundle::new(bundle.index(), bundle.width() - 1);
            let wider = EntryBundle::new(bundle.index(), bundle.width() + 1);
            for other in [
                narrower,
                wider,
                EntryBundle::new(bundle.index() + 300, 256),
                EntryBundle::new(u64::MAX, 256),
            ]
            .into_iter()
            .flatten()
            {
                assert_eq!(
                    scan.verify_bundle(other, &bytes),
                    Err(EntriesError::OutsideTree {
                        bundle: other,
                        size
                    })
                );
            }
        }
    }
}

fn bytes_of(index: u64, start: u64, bundle: &[u8]) -> &[u8] {
    let at = usize::try_from(index - start).unwrap() * 10;
    &bundle[at + 2..at + 10]
}

#[test]
fn the_empty_log_has_the_empty_root_only() {
    let head = TreeHead::empty();
    let plan = TilePlan::new(head, &[]).unwrap();
    assert!(plan.tiles().is_empty() && plan.finish(&BTreeMap::new()).is_ok());
    assert!(ScanTiles::new(head).unwrap().is_done());
    let other = TreeHead {
        size: 0,
        root: leaf_hash(b""),
    };
    let mismatch = TileError::EdgeMismatch {
        size: 0,
        claimed: other.root,
        computed: head.root,
    };
    assert_eq!(
        TilePlan::new(other, &[]).unwrap().finish(&BTreeMap::new()),
        Err(mismatch.clone())
    );
    assert_eq!(ScanTiles::new(other).unwrap_err(), mismatch);
}
