//! Answers of the index equal those of a full scan.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use glasslog_core::event::{KeyKind, LookupKey, keys_of};
use glasslog_core::index::build::{Run, RunError, StoredError, build, merge, partition, read_run};
use glasslog_core::index::format::{IndexFile, MapFunction};
use glasslog_core::merkle::{Hash, sha256};

use super::world::{World, event, event_of};
use crate::dice::Dice;

/// Predicate types with an action each, which together have keys of every kind.
const KINDS: [(&str, &str); 9] = [
    ("genesis", ""),
    ("key", ""),
    ("grant", ""),
    ("decision", ""),
    ("artifact-access", "read"),
    ("artifact-access", "register"),
    ("artifact-access", "deploy"),
    ("artifact-access", "hold"),
    ("artifact-access", "revoke"),
];

#[test]
fn random_logs_have_keys_of_every_kind() {
    let entries = random_log(&mut Dice(1), 900);
    let keys = entries.iter().flat_map(|entry| keys_of(entry));
    let kinds: BTreeSet<KeyKind> = keys.map(|key| key.kind).collect();
    assert!(kinds.into_iter().eq(KeyKind::ALL.iter().copied()));
}

/// A log with a few busy artifacts and actors, many rare ones, and entries that are no events.
fn random_log(dice: &mut Dice, size: usize) -> Vec<Vec<u8>> {
    (0..size)
        .map(|serial| {
            if dice.roll(40) == 0 {
                return format!("noise {}", dice.roll(5)).into_bytes();
            }
            let sides = [3, 50, 100_000][dice.roll(3) as usize];
            let name = format!("model{}@{}", dice.roll(sides), dice.roll(3));
            let actor = format!("actor{}@example.com", dice.roll(7));
            match dice.roll(2) {
                0 => event(&name, &actor, serial),
                _ => {
                    let kind = KINDS[dice.roll(KINDS.len() as u64) as usize];
                    event_of(kind, &name, &actor, serial)
                }
            }
        })
        .collect()
}

/// Cuts `0..size` at random positions.
fn random_ranges(dice: &mut Dice, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < size {
        let end = (start + 1 + dice.roll(1 + size / 3)).min(size);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

fn absent_keys() -> impl Iterator<Item = Hash> {
    (0..200u32).map(|number| sha256(&number.to_be_bytes()))
}

/// Every key of every entry, and some that no entry has, before a target of `size` entries.
fn check_all(world: &World, size: usize) {
    let index = world.bind(size).unwrap();
    let covered = index.covered() as usize;
    let scan = world.scan(world.entries.len());
    let before = world.scan(covered);
    let keys: Vec<Hash> = scan.keys().copied().chain(absent_keys()).collect();
    let answer = world.lookup(&index, keys.iter().copied()).unwrap();
    assert_eq!(answer.covered(), covered as u64);
    for key in keys {
        let expected = before.get(&key).map_or(&[][..], Vec::as_slice);
        assert_eq!(answer.positions(&key), Some(expected));
    }
    assert_eq!(answer.positions(&sha256(b"not asked for")), None);
}

#[test]
fn every_key_of_random_logs() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let size = 1 + dice.roll(900) as usize;
        let entries = random_log(&mut dice, size);
        let mut world = World::with(MapFunction::AccessV2, entries);
        for _ in 0..3 {
            world.publish(&random_ranges(&mut dice, size as u64));
            check_all(&world, size);
        }
        world.publish(&partition(size as u64));
        check_all(&world, size);
        // Targets that are older than the manifest.
        for _ in 0..3 {
            check_all(&world, 1 + dice.roll(size as u64) as usize);
        }
        // Targets that are newer: the tail is not covered.
        for entry in random_log(&mut dice, 300) {
            world.add(&entry);
        }
        world.checkpoint();
        check_all(&world, size + 300);
        assert_eq!(world.bind(size + 300).unwrap().covered(), size as u64);
    }
}

#[test]
fn every_small_log_every_partition_every_target() {
    for size in 0..=7usize {
        let entries = (0..size).map(|number| vec![number as u8 % 3]);
        let mut world = World::with(MapFunction::LeafV1, entries);
        for cuts in 0..1usize << size.saturating_sub(1) {
            let mut ranges = Vec::new();
            let mut start = 0;
            for end in 1..=size {
                if end == size || cuts >> (end - 1) & 1 == 1 {
                    ranges.push(start as u64..end as u64);
                    start = end;
                }
            }
            world.publish(&ranges);
            for target in 0..=size {
                check_all(&world, target);
            }
        }
    }
}

#[test]
fn long_lists_of_a_reserved_key() {
    let malformed = LookupKey::new(KeyKind::Malformed, "").hash();
    for size in [1023, 1024, 1025, 4096, 4097, 9000usize] {
        let entries = (0..size).map(|number| number.to_be_bytes().to_vec());
        let mut world = World::with(MapFunction::AccessV2, entries);
        world.publish(&[0..10, 10..size as u64]);
        let index = world.bind(size).unwrap();
        let answer = world.lookup(&index, [malformed]).unwrap();
        let expected: Vec<u64> = (0..size as u64).collect();
        assert_eq!(answer.positions(&malformed), Some(expected.as_slice()));
        let lists = world.files.keys().filter(|path| path.contains("postings"));
        let files = [0, 0, 0, 1, 1, 4][[1023, 1024, 1025, 4096, 4097, 9000]
            .iter()
            .position(|other| *other == size)
            .unwrap()];
        assert_eq!(lists.count(), files, "{size}");
        // No key of a bucket: the run has one, and it is empty.
        assert_eq!(index.manifest().runs()[1].bits, 0);
    }
}

fn files(run: &Run) -> Vec<(String, Vec<u8>)> {
    run.files()
        .map(|(file, bytes)| (file.path(), bytes))
        .collect()
}

#[test]
fn joining_runs_gives_the_run_of_the_whole_range() {
    let mut dice = Dice(7);
    let entries = random_log(&mut dice, 1500);
    let world = World::with(MapFunction::AccessV2, entries);
    for _ in 0..4 {
        let start = dice.roll(300);
        let mut cuts: Vec<u64> = (0..3).map(|_| start + 1 + dice.roll(1100)).collect();
        cuts.extend([start, 1500]);
        cuts.sort();
        cuts.dedup();
        let runs: Vec<Run> = cuts
            .windows(2)
            .map(|cut| world.run(cut[0]..cut[1]))
            .collect();
        let joined = merge(&runs).unwrap();
        let built = world.run(start..1500);
        assert_eq!(joined.head(), built.head());
        assert_eq!(joined.lists(), built.lists());
        assert_eq!(files(&joined), files(&built));
        // Joining in two steps gives the same.
        let (last, others) = runs.split_last().unwrap();
        if !others.is_empty() {
            let steps = [
                merge(others).unwrap(),
                merge(core::slice::from_ref(last)).unwrap(),
            ];
            assert_eq!(merge(&steps).unwrap().head(), built.head());
        }
    }
}

#[test]
fn runs_come_back_from_their_files() {
    let mut dice = Dice(11);
    let mut entries = random_log(&mut dice, 700);
    entries.extend((0..5_000u32).map(|number| number.to_be_bytes().to_vec()));
    let world = World::with(MapFunction::AccessV2, entries);
    for range in [0..700, 0..5_700, 650..2_000, 5_699..5_700] {
        let run = world.run(range);
        let stored: BTreeMap<IndexFile, Vec<u8>> = run.files().collect();
        let read = |file: &IndexFile| stored.get(file).cloned();
        let back = read_run(world.map, run.head(), read).unwrap();
        assert_eq!(back.head(), run.head());
        assert_eq!(files(&back), files(&run));
        for (file, bytes) in &stored {
            let without = |other: &IndexFile| stored.get(other).filter(|_| other != file).cloned();
            let error = read_run(world.map, run.head(), without).unwrap_err();
            assert_eq!(error, StoredError::Missing { path: file.path() });
            let damaged = |other: &IndexFile| {
                let mut bytes = stored.get(other)?.clone();
                if other == file {
                    *bytes.last_mut()? ^= 1;
                }
                Some(bytes)
            };
            if !bytes.is_empty() {
                let error = read_run(world.map, run.head(), damaged).unwrap_err();
                assert_eq!(error.code(), "index-run-file-wrong");
            }
        }
    }
}

#[test]
fn joining_lists_that_grow_long() {
    let hot = sha256(b"hot");
    let run = |range: Range<u64>| {
        let pairs = (0..(range.end - range.start) as u32).map(|offset| (hot, offset));
        build(MapFunction::LeafV1, range, pairs.collect()).unwrap()
    };
    let parts = [
        run(0..500),
        run(500..1024),
        run(1024..1025),
        run(1025..9000),
    ];
    for (count, end) in [(2, 1024), (3, 1025), (4, 9000)] {
        let (joined, built) = (merge(&parts[..count]).unwrap(), run(0..end));
        assert_eq!(files(&joined), files(&built));
    }
}

#[test]
fn only_neighbours_are_joined() {
    let run = |map, range| build(map, range, Vec::new()).unwrap();
    let (a, b) = (MapFunction::AccessV2, MapFunction::LeafV1);
    let error = |runs: &[Run]| merge(runs).unwrap_err();
    let gap = RunError::NotNeighbours { end: 2, start: 3 };
    assert_eq!(error(&[run(a, 0..2), run(a, 3..4)]), gap);
    let other = RunError::NotNeighbours { end: 2, start: 2 };
    assert_eq!(error(&[run(a, 0..2), run(b, 2..4)]), other);
    assert_eq!(error(&[]), RunError::Range { start: 0, end: 0 });
    let wide = [run(a, 0..1 << 28), run(a, 1 << 28..(1 << 28) + 1)];
    let end = (1 << 28) + 1;
    assert_eq!(error(&wide), RunError::Range { start: 0, end });
}

#[test]
fn what_cannot_be_built() {
    let map = MapFunction::LeafV1;
    let error = |range, pairs| build(map, range, pairs).unwrap_err();
    assert_eq!(error(3..3, vec![]), RunError::Range { start: 3, end: 3 });
    let outside = RunError::OutOfRange {
        offset: 4,
        length: 4,
    };
    assert_eq!(error(3..7, vec![(sha256(b""), 4)]), outside);
    // Keys ground into one bucket: all begin with 0x00, so no number of buckets parts them.
    let ground = |count: u32| {
        (0..count).map(|number| {
            let mut key = [0; 32];
            key[28..].copy_from_slice(&number.to_be_bytes());
            (Hash::from_bytes(key), 0)
        })
    };
    let fits = (16 << 20) / 40;
    assert!(build(map, 0..1, ground(fits).collect()).is_ok());
    let error = build(map, 0..1, ground(fits + 1).collect()).unwrap_err();
    assert_eq!(error.code(), "index-run-bucket-too-large");
    let size = (fits as usize + 1) * 40;
    assert_eq!(error, RunError::BucketTooLarge { bucket: 0, size });
}
