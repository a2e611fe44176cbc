//! Stored runs, joined span by span, are the run that is built from the whole range in memory, byte for byte.

use std::collections::BTreeMap;
use std::ops::Range;

use glasslog_core::index::build::{Join, JoinError, Run, RunError, StoredError, build, merge};
use glasslog_core::index::format::{IndexFile, MapFunction, RunHead};
use glasslog_core::merkle::{Hash, sha256};

use crate::dice::Dice;

const MAP: MapFunction = MapFunction::AccessV2;

type Files = BTreeMap<IndexFile, Vec<u8>>;

/// The run of a range: a key of its own for each entry, one of few that have most, now and then a reserved one.
fn run(range: Range<u64>) -> Run {
    let mut dice = Dice(range.start);
    let reserved = MAP.reserved();
    let mut pairs = Vec::new();
    for position in range.clone() {
        let offset = u32::try_from(position - range.start).unwrap();
        pairs.push((sha256(&position.to_be_bytes()), offset));
        let shared = dice.roll(40) * dice.roll(40);
        pairs.push((sha256(&(shared | 1 << 40).to_be_bytes()), offset));
        if dice.roll(5) == 0 {
            pairs.push((reserved[usize::from(dice.roll(9) == 0)], offset));
        }
    }
    build(MAP, range, pairs).unwrap()
}

fn files(runs: &[Run]) -> Files {
    runs.iter().flat_map(Run::files).collect()
}

fn heads(runs: &[Run]) -> Vec<RunHead> {
    runs.iter().map(|run| run.head().clone()).collect()
}

fn join(
    parts: &[Run],
    read: impl Fn(&IndexFile) -> Option<Vec<u8>>,
) -> Result<(RunHead, Files), JoinError> {
    let join = Join::new(MAP, heads(parts))?;
    let mut bytes = 0;
    for span in join.spans() {
        bytes += join.count(span, &read)?;
    }
    let joining = join.counted(bytes);
    let roots = joining
        .spans()
        .map(|span| joining.hash(span, &read, |_| {}));
    let roots = roots.collect::<Result<Vec<Hash>, JoinError>>()?;
    let joined = joining.hashed(&roots, &read, |_| {})?;
    let mut files = Files::new();
    let mut write = |file, bytes| {
        files.insert(file, bytes);
    };
    for span in joined.spans() {
        joined.write(span, &read, &mut write)?;
    }
    joined.write_reserved(&read, &mut write)?;
    Ok((joined.head().clone(), files))
}

#[test]
fn joined_runs_are_what_building_gives() {
    // From one bucket to spans of them; lists that become long, and long ones that become longer.
    for parts in [
        vec![0..1, 1..2],
        vec![0..700, 700..1_400, 1_400..2_100, 2_100..2_800],
        vec![
            5_000..12_000,
            12_000..12_010,
            12_010..40_000,
            40_000..60_000,
        ],
        vec![0..50_000, 50_000..50_001],
    ] {
        let built: Vec<Run> = parts.iter().cloned().map(run).collect();
        let stored = files(&built);
        let (head, found) = join(&built, |file| stored.get(file).cloned()).unwrap();
        let whole = merge(&built).unwrap();
        assert_eq!(head, *whole.head(), "{parts:?}");
        assert!(found == files(&[whole]), "{parts:?}");
    }
    let wide = run(0..50_000);
    assert!(wide.head().bits > 9, "there are several spans");
    let postings = |file: &IndexFile| matches!(file, IndexFile::Postings(_));
    assert!(files(&[wide]).keys().filter(|file| postings(file)).count() > 4);
}

#[test]
fn each_file_that_is_missing_or_wrong_is_named() {
    let parts = [run(0..4_200), run(4_200..9_000)];
    let stored = files(&parts);
    // Each list, and some of the buckets.
    let bucket = |file: &&IndexFile| matches!(file, IndexFile::Bucket { .. });
    let (buckets, others): (Vec<&IndexFile>, Vec<&IndexFile>) = stored.keys().partition(bucket);
    for name in buckets.into_iter().step_by(17).chain(others) {
        let read = |file: &IndexFile| stored.get(file).filter(|_| file != name).cloned();
        let path = name.path();
        let missing = JoinError::Stored(StoredError::Missing { path });
        assert_eq!(join(&parts, read).map(|_| ()), Err(missing));
        let read = |file: &IndexFile| {
            let mut bytes = stored.get(file).cloned()?;
            if file == name {
                *bytes.last_mut()? ^= 1;
            }
            Some(bytes)
        };
        match join(&parts, read) {
            Err(JoinError::Stored(StoredError::Wrong { path, .. })) => {
                assert_eq!(path, name.path());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn only_neighbours_are_joined() {
    let parts = heads(&[run(0..10), run(11..20)]);
    let refused = Join::new(MAP, parts).map(|_| ());
    assert_eq!(refused, Err(RunError::NotNeighbours { end: 10, start: 11 }));
    let none = Join::new(MAP, Vec::new()).map(|_| ());
    assert_eq!(none, Err(RunError::Range { start: 0, end: 0 }));
}
