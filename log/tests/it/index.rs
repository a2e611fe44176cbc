//! The index of a log on disk: its answers while the log grows, and its state after crashes.

use crate::support::{NOW, entries, scratch};
use glasslog_core::event::{KeyKind, LookupKey};
use glasslog_core::index::build::UNIT;
use glasslog_core::index::format::{LATEST_PATH, Manifest, MapFunction};
use glasslog_core::index::read::{BoundIndex, IndexProof, Lookup};
use glasslog_core::merkle::{Hash, leaf_hash};
use glasslog_core::note::Checkpoint;
use glasslog_core::tiles::{Tile, TileError};
use glasslog_core::trust::TrustPolicy;
use glasslog_log::HistoryError;
use glasslog_log::StorageError;
use glasslog_log::directory::Disk;
use glasslog_log::index::{Background, Indexer, extend_if_due};
use glasslog_log::{Layout, Log, LogError, NewLog};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

fn new_log(path: &Path) {
    NewLog::raw("log.example/index-test")
        .create(path, NOW)
        .unwrap();
}

/// Grows the log to `size` entries, each with its number.
fn grow(path: &Path, size: u64) {
    let mut log = Log::open(path).unwrap();
    let first = log.size();
    log.append(entries(first, size - first, 0)).unwrap();
    log.publish(NOW).unwrap();
}

fn read(log: &Path, path: &str) -> Option<Vec<u8>> {
    fs::read(Layout::new(log).public_file(path)).ok()
}

/// The index as a reader sees it, with the trust policy that `init` wrote.
fn bind(log: &Path) -> BoundIndex {
    bind_as(log, MapFunction::LeafV1)
}

fn bind_as(log: &Path, map: MapFunction) -> BoundIndex {
    let trust = TrustPolicy::parse(&fs::read(Layout::new(log).trust_policy()).unwrap()).unwrap();
    let checkpoint = Checkpoint::parse(&read(log, "checkpoint").unwrap()).unwrap();
    let (_, target) = trust.verify_log(&checkpoint, NOW);
    let proof = IndexProof::parse(&read(log, LATEST_PATH).unwrap()).unwrap();
    let (_, vouched) = proof.vouch(&trust, map, NOW);
    let plan = vouched.unwrap().bind(&target.unwrap()).unwrap();
    let tiles: BTreeMap<Tile, Vec<u8>> = plan
        .tiles()
        .iter()
        .map(|tile| {
            (
                *tile,
                read(log, &tile.path()).ok_or(TileError::Missing { tile: *tile }),
            )
        })
        .map(|(tile, bytes)| (tile, bytes.unwrap()))
        .collect();
    plan.finish(&tiles).unwrap()
}

fn lookup(log: &Path, index: &BoundIndex, key: Hash) -> Vec<u64> {
    let mut lookup = Lookup::new(index, BTreeSet::from([key]));
    while !lookup.is_done() {
        for file in lookup.next_files(16) {
            lookup
                .supply(&file, &read(log, &file.path()).unwrap())
                .unwrap();
        }
    }
    lookup.finish().unwrap().positions(&key).unwrap().to_vec()
}

/// Checks that every entry is found at its position, and that an unknown key has no position.
fn check(log: &Path, size: u64) -> Manifest {
    let index = bind(log);
    assert_eq!(index.covered(), size);
    for (position, entry) in (0..).zip(entries(0, size, 0)).step_by(97) {
        assert_eq!(lookup(log, &index, leaf_hash(&entry)), [position]);
    }
    assert!(lookup(log, &index, leaf_hash(b"absent")).is_empty());
    index.manifest().clone()
}

#[test]
fn a_growing_log_is_indexed_and_rebuilt_to_the_same_bytes() {
    let directory = scratch();
    let path = directory.path().join("log");
    new_log(&path);
    assert_eq!(Indexer::open(&path).unwrap().publish(NOW), Ok(0));
    let mut indexer = Indexer::open(&path).unwrap();
    let mut kept = None;
    for size in [1, 300, UNIT, UNIT + 1, 4 * UNIT - 1, 4 * UNIT + 5, 8 * UNIT] {
        grow(&path, size);
        assert_eq!(indexer.publish(NOW), Ok(size));
        // Without new entries no file is written.
        assert_eq!(indexer.publish(NOW), Ok(size));
        indexer.tidy(NOW).unwrap();
        kept = Some(check(&path, size));
        if size == UNIT + 1 {
            drop(indexer);
            indexer = Indexer::open(&path).unwrap();
        }
    }
    // A publisher does not wait for joining: four units become one run from the next manifest on.
    let ranges = |manifest: &Manifest| -> Vec<(u64, u64)> {
        let runs = manifest.runs().iter();
        runs.map(|run| (run.start, run.end)).collect()
    };
    let (a, b) = (4 * UNIT, 8 * UNIT);
    let units = (a..b).step_by(UNIT as usize).map(|at| (at, at + UNIT));
    let apart: Vec<(u64, u64)> = [(0, a)].into_iter().chain(units).collect();
    assert_eq!(ranges(&kept.unwrap()), apart);
    assert_eq!(indexer.publish_joined(NOW, &|_, _| {}), Ok(b));
    let kept = check(&path, b);
    drop(indexer);
    assert_eq!(ranges(&kept), [(0, a), (a, b)]);

    // The same index from the log alone: its public entries and the checkpoint.
    let layout = Layout::new(&path);
    let runs = |log: &Path| {
        let mut files = BTreeMap::new();
        for run in kept.runs() {
            for number in 0..run.buckets() {
                let key = glasslog_core::index::format::IndexFile::Bucket {
                    root: run.root,
                    number,
                };
                files.insert(key.path(), read(log, &key.path()).unwrap());
            }
        }
        files
    };
    let before = runs(&path);
    fs::remove_dir_all(layout.public_file("index")).unwrap();
    for state in [
        layout.index_head(),
        layout.index_next(),
        layout.index_runs(),
    ] {
        fs::remove_file(state).unwrap();
    }
    assert_eq!(Indexer::open(&path).unwrap().publish(NOW), Ok(8 * UNIT));
    assert_eq!(check(&path, 8 * UNIT), kept);
    assert_eq!(runs(&path), before);
}

#[test]
fn a_log_of_events_is_indexed_by_what_they_are_about() {
    let directory = scratch();
    let path = directory.path().join("log");
    NewLog::events("log.example/index-test")
        .create(&path, NOW)
        .unwrap();
    assert_eq!(Indexer::open(&path).unwrap().publish(NOW), Ok(1));
    let index = bind_as(&path, MapFunction::AccessV2);
    let trust = LookupKey::new(KeyKind::Trust, "").hash();
    assert_eq!(lookup(&path, &index, trust), [0]);
    let malformed = LookupKey::new(KeyKind::Malformed, "").hash();
    assert!(lookup(&path, &index, malformed).is_empty());
}

#[test]
fn a_crash_between_any_two_steps_leaves_an_index_that_goes_on() {
    let directory = scratch();
    let path = directory.path().join("log");
    new_log(&path);
    grow(&path, 200);
    Indexer::open(&path).unwrap().publish(NOW).unwrap();
    let mut size = 200;
    for stop in 1.. {
        size += 1;
        grow(&path, size);
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let disk = Disk::with_faults(move |_, _| {
            match counted.fetch_add(1, Ordering::SeqCst) + 1 >= stop {
                true => Err(io::Error::other("crash")),
                false => Ok(()),
            }
        });
        let crashed = Indexer::open_with(disk, &path).and_then(|mut indexer| indexer.publish(NOW));
        // The public index is whole at each moment, and never covers less than before.
        let covered = bind(&path).covered();
        assert!(
            covered == size || covered == size - 1,
            "{covered} of {size}"
        );
        if crashed.is_ok() {
            assert!(stop > 30, "only {stop} steps");
            break;
        }
        assert_eq!(
            Indexer::open(&path).unwrap().publish(NOW),
            Ok(size),
            "step {stop}"
        );
        check(&path, size);
    }
}

#[test]
fn an_index_that_was_rolled_back_is_refused() {
    let directory = scratch();
    let path = directory.path().join("log");
    let layout = Layout::new(&path);
    new_log(&path);
    grow(&path, 5);
    Indexer::open(&path).unwrap().publish(NOW).unwrap();
    let old = fs::read(layout.index_head()).unwrap();
    grow(&path, 6);
    Indexer::open(&path).unwrap().publish(NOW).unwrap();
    let rolled_back = |state, public| {
        Err(LogError::History(HistoryError::RolledBack {
            state,
            public,
        }))
    };
    fs::write(layout.index_head(), &old).unwrap();
    assert_eq!(Indexer::open(&path).map(|_| ()), rolled_back(2, 3));
    fs::remove_file(layout.index_head()).unwrap();
    assert_eq!(Indexer::open(&path).map(|_| ()), rolled_back(0, 3));
}

#[test]
fn one_builder_at_a_time_and_none_goes_on_after_an_error() {
    let directory = scratch();
    let path = directory.path().join("log");
    let layout = Layout::new(&path);
    new_log(&path);
    grow(&path, 300);
    let mut indexer = Indexer::open(&path).unwrap();
    assert_eq!(Indexer::open(&path).unwrap_err().code(), "index-locked");
    let bundle = layout.public_file("tile/entries/000");
    fs::rename(&bundle, layout.public_file("away")).unwrap();
    assert_eq!(
        indexer.publish(NOW),
        Err(LogError::Storage(StorageError::Missing {
            path: bundle.clone()
        }))
    );
    fs::rename(layout.public_file("away"), &bundle).unwrap();
    assert_eq!(indexer.publish(NOW), Err(LogError::STOPPED));
    drop(indexer);
    assert_eq!(Indexer::open(&path).unwrap().publish(NOW), Ok(300));
    check(&path, 300);
}

#[test]
fn entries_of_the_tail_are_read_once() {
    let directory = scratch();
    let path = directory.path().join("log");
    let layout = Layout::new(&path);
    new_log(&path);
    grow(&path, 300);
    let mut indexer = Indexer::open(&path).unwrap();
    assert_eq!(indexer.publish(NOW), Ok(300));
    let (bundle, away) = (
        layout.public_file("tile/entries/000"),
        layout.public_file("away"),
    );
    grow(&path, 700);
    fs::rename(&bundle, &away).unwrap();
    assert_eq!(indexer.publish(NOW), Ok(700));
    check(&path, 700);
    // A rebuild reads every entry again.
    indexer.remake();
    let missing = LogError::Storage(StorageError::Missing {
        path: bundle.clone(),
    });
    assert_eq!(indexer.publish(NOW), Err(missing));
    fs::rename(&away, &bundle).unwrap();
    drop(indexer);
    let mut indexer = Indexer::open(&path).unwrap();
    for size in [UNIT - 1, UNIT, UNIT + 1, UNIT + 300] {
        grow(&path, size);
        assert_eq!(indexer.publish(NOW), Ok(size));
        check(&path, size);
    }
    drop(indexer);
    let grown = files_of_runs(&path);
    let missing = rebuilt(&path)
        .into_iter()
        .find(|(path, bytes)| grown.get(path) != Some(bytes));
    assert_eq!(missing.map(|(path, _)| path), None);
}

#[test]
fn an_index_follows_its_log_at_its_pace() {
    let directory = scratch();
    let path = directory.path().join("log");
    new_log(&path);
    assert_eq!(bind(&path).covered(), 0, "`init` makes the first manifest");
    grow(&path, 255);
    assert_eq!(extend_if_due(&path, NOW + 59), Ok(None));
    grow(&path, 256);
    assert_eq!(extend_if_due(&path, NOW + 59), Ok(Some(256)));
    grow(&path, 257);
    assert_eq!(extend_if_due(&path, NOW + 118), Ok(None));
    assert_eq!(extend_if_due(&path, NOW + 119), Ok(Some(257)));
    assert_eq!(extend_if_due(&path, NOW + 999), Ok(None));
    check(&path, 257);

    let config = Layout::new(&path).config();
    let slower = fs::read_to_string(&config).unwrap();
    let slower = slower.replace("seconds = 60", "seconds = 3600");
    fs::write(&config, slower).unwrap();
    grow(&path, 258);
    assert_eq!(extend_if_due(&path, NOW + 3_718), Ok(None));
    assert_eq!(extend_if_due(&path, NOW + 3_719), Ok(Some(258)));
}

/// Waits for the work of another thread.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed().as_secs() < 60, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn the_index_is_built_while_the_log_is_written_and_fails_alone() {
    let directory = scratch();
    let path = directory.path().join("log");
    let layout = Layout::new(&path);
    new_log(&path);
    let mut log = Log::open(&path).unwrap();
    let (told, failures) = std::sync::mpsc::channel();
    let index = Background::start(&path, move |error| told.send(error.code()).unwrap());
    let append = |log: &mut Log, count| {
        log.append(entries(log.size(), count, 0)).unwrap();
        log.publish(NOW).unwrap().size
    };
    assert_eq!(append(&mut log, 300), 300);
    wait_until("300 entries are indexed", || {
        index.status().indexed == Some(300)
    });
    check(&path, 300);

    // The index cannot be written; the log continues.
    let (place, away) = (
        layout.public_file("index/run"),
        directory.path().join("away"),
    );
    fs::rename(&place, &away).unwrap();
    fs::write(&place, "in the way").unwrap();
    assert_eq!(append(&mut log, 300), 600);
    wait_until("a failure is reported", || index.status().failures > 0);
    assert_eq!(failures.recv().unwrap(), "disk");
    assert_eq!(index.status().error.map(|error| error.code()), Some("disk"));
    assert_eq!(append(&mut log, 1), 601);
    fs::remove_file(&place).unwrap();
    fs::rename(&away, &place).unwrap();
    wait_until("it goes on when it can", || {
        index.status().indexed == Some(601)
    });
    assert_eq!(index.status().error, None);

    // The entries that remain when the log is idle are indexed at the end.
    assert_eq!(append(&mut log, 1), 602);
    index.stop();
    check(&path, 602);
}

/// Returns the files of an index without those of the index log, by their paths.
fn files_of_runs(log: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut paths = Vec::new();
    let index = Layout::new(log).public_file("index");
    crate::tree::list(&index, "", &mut paths);
    paths.retain(|path| path.contains('/') && !path.starts_with("tile/"));
    let read = |path: String| (path.clone(), fs::read(index.join(path)).unwrap());
    paths.into_iter().map(read).collect()
}

/// Returns the same files, rebuilt from the log alone.
fn rebuilt(log: &Path) -> BTreeMap<String, Vec<u8>> {
    let layout = Layout::new(log);
    fs::remove_dir_all(layout.public_file("index")).unwrap();
    for state in [
        layout.index_head(),
        layout.index_next(),
        layout.index_runs(),
    ] {
        fs::remove_file(state).unwrap();
    }
    let mut indexer = Indexer::open(log).unwrap();
    indexer.publish_joined(NOW, &|_, _| {}).unwrap();
    // Units that were only made to be joined are deleted at once: no manifest named them.
    while indexer.collect(NOW).unwrap() {}
    files_of_runs(log)
}

#[test]
fn superseded_runs_stay_for_the_grace_period_and_leave_nothing_behind() {
    let directory = scratch();
    let path = directory.path().join("log");
    new_log(&path);
    let grace = 86_400;
    let mut indexer = Indexer::open(&path).unwrap();
    let mut older: Vec<(u64, BoundIndex)> = Vec::new();
    for (hour, size) in [10, 300, UNIT, 3 * UNIT, 4 * UNIT + 9, 4 * UNIT + 10]
        .into_iter()
        .enumerate()
    {
        let now = NOW + 3_600 * hour as u64;
        grow(&path, size);
        assert_eq!(indexer.publish(now), Ok(size));
        indexer.tidy(now).unwrap();
        // A reader with an older manifest still gets its answers.
        older.push((size, bind(&path)));
        for (size, index) in &older {
            let last = entries(size - 1, 1, 0).remove(0);
            assert_eq!(lookup(&path, index, leaf_hash(&last)), [size - 1]);
        }
    }
    // The first two were superseded one hour apart; units stayed until a manifest named the run that joined them.
    let newest = NOW + 5 * 3_600;
    let is_there = |index: &BoundIndex| {
        let files = files_of_runs(&path);
        index.manifest().runs().iter().all(|run| {
            let root = format!("run/{}/", run.root.to_hex());
            files.keys().any(|path| path.starts_with(&root))
        })
    };
    for (at, gone) in [
        (NOW + 3_600 + grace - 1, 0),
        (NOW + 3_600 + grace, 1),
        (NOW + 7_200 + grace, 2),
        (newest + grace - 1, 2),
        (newest + grace, 5),
    ] {
        while indexer.collect(at).unwrap() {}
        let there: Vec<bool> = older.iter().map(|(_, index)| is_there(index)).collect();
        let expected: Vec<bool> = (0..older.len()).map(|number| number >= gone).collect();
        assert_eq!(there, expected, "{at}");
    }
    drop(indexer);
    check(&path, 4 * UNIT + 10);
    // The remaining files are exactly those of a rebuild.
    let left = files_of_runs(&path);
    assert!(left == rebuilt(&path));
}

/// Keeps a copy of a log as a starting point.
fn copy(from: &Path, to: &Path) {
    let mut paths = Vec::new();
    crate::tree::list(from, "", &mut paths);
    for path in paths {
        let target = to.join(&path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(&path), target).unwrap();
    }
}

/// Counts steps, and fails from one of them on.
fn dying(last: u64) -> (Disk, Arc<AtomicU64>) {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let disk =
        Disk::with_faults(
            move |_, _| match counted.fetch_add(1, Ordering::SeqCst) >= last {
                true => Err(io::Error::other("crash")),
                false => Ok(()),
            },
        );
    (disk, steps)
}

#[test]
fn a_crash_while_joining_and_collecting_leaves_an_index_that_goes_on() {
    let directory = scratch();
    let whole = directory.path().join("whole");
    new_log(&whole);
    // Separate units, to be joined; then the units themselves are to be deleted.
    for size in [UNIT, 2 * UNIT, 3 * UNIT, 4 * UNIT] {
        grow(&whole, size);
        Indexer::open(&whole).unwrap().publish(NOW).unwrap();
    }
    let size = 4 * UNIT + 1;
    let work = |disk: Disk, path: &Path| -> Result<(), LogError> {
        let mut indexer = Indexer::open_with(disk, path)?;
        indexer.tidy(NOW)?;
        indexer.publish(NOW)?;
        indexer.tidy(NOW + 86_400)
    };
    grow(&whole, size);
    let finished = {
        let path = directory.path().join("finished");
        copy(&whole, &path);
        let (disk, steps) = dying(u64::MAX);
        work(disk, &path).unwrap();
        check(&path, size);
        let files = files_of_runs(&path);
        assert!(files == rebuilt(&path));
        (files, steps.load(Ordering::SeqCst))
    };
    let (files, steps) = finished;
    assert!(steps > 1_000, "only {steps} steps");
    // Every step near both ends, and some of the thousands between.
    let tried = (0..24)
        .chain((24..steps).step_by(601))
        .chain(steps - 24..steps);
    for last in tried {
        let path = directory.path().join(last.to_string());
        copy(&whole, &path);
        let crashed = work(dying(last).0, &path);
        assert!(matches!(crashed, Err(LogError::Disk(_))), "{crashed:?}");
        // A reader finds the whole old index or the whole new one.
        let index = bind(&path);
        for position in [0, 4 * UNIT - 1] {
            let entry = entries(position, 1, 0).remove(0);
            assert_eq!(lookup(&path, &index, leaf_hash(&entry)), [position]);
        }
        work(Disk::new(), &path).unwrap();
        assert!(files_of_runs(&path) == files, "step {last}");
        fs::remove_dir_all(&path).unwrap();
    }
}
