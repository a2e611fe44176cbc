//! The table of known entries: even if it is damaged, entries of the log keep their index, and none is added twice.

use crate::event_entries::{access, actor_key, admin_key, key_event};
use crate::support::{NOW, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_core::event::Action;
use glasslog_log::DedupError;
use glasslog_log::StorageError;
use glasslog_log::sequencer::{Acknowledgement, Limits, Sequencer};
use glasslog_log::{Bounds, Layout, Log, LogError, NewLog};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Bounds so small that a log of a few hundred entries has a table on disk.
const SMALL: Bounds = Bounds {
    least: 256,
    batch: 256,
    patience: 50,
};

fn open(log: &Path) -> Result<Log, LogError> {
    Log::open_within(Default::default(), log, SMALL)
}

fn new_log() -> TempDir {
    let directory = scratch();
    NewLog::raw("example.com/raw")
        .create(directory.path(), NOW)
        .unwrap();
    directory
}

fn table(log: &Path) -> PathBuf {
    Layout::new(log).state().join("known")
}

/// Appends and publishes entries `first..first + count`, which get these indices.
fn grow(log: &mut Log, first: u64, count: u64) -> Result<(), LogError> {
    let outcomes = log.append(entries(first, count, 0))?;
    for (index, outcome) in (first..).zip(outcomes) {
        assert_eq!(outcome.unwrap().index, index);
    }
    log.publish(NOW)?;
    Ok(())
}

/// Checks that entries `0..size` have these indices and no others, and that the next new entry gets the next index.
fn is_whole(log: &Path, size: u64) -> Result<(), LogError> {
    let mut writer = open(log)?;
    assert_eq!(writer.size(), size);
    for first in (0..size).step_by(1_000) {
        grow(&mut writer, first, 1_000.min(size - first))?;
    }
    assert_eq!(writer.size(), size);
    grow(&mut writer, size, 1)
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_all(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn put(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    copy_all(from, to);
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        match path.is_dir() {
            true => files.append(&mut self::files(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

#[test]
fn a_small_log_has_no_table_on_disk() {
    let directory = new_log();
    let mut log = Log::open(directory.path()).unwrap();
    grow(&mut log, 0, 1_000).unwrap();
    log.close().unwrap();
    assert!(!table(directory.path()).exists());
}

/// A log that is opened again and again, with other operations between, keeps one history.
#[test]
fn a_log_goes_on_from_its_table() {
    let directory = new_log();
    let path = directory.path();
    let mut size = 0;
    for count in [1, 255, 256, 700, 0, 3, 1_000, 259, 513] {
        let mut log = open(path).unwrap();
        assert_eq!(log.rebuilt(), None);
        assert_eq!(log.size(), size);
        grow(&mut log, size, count).unwrap();
        size += count;
        log.close().unwrap();
        let kept = open(path).unwrap().table().0;
        assert_eq!(kept % 256, 0);
        assert!(size - kept < SMALL.least + 256, "{kept} of {size}");
    }
    is_whole(path, size).unwrap();
    let public = PublicLog::read(&Layout::new(path).public(), &log_key(path));
    assert_eq!(public.leaves.len() as u64, size + 1);
    // Entries in the table are not read again: the first bundles may be missing without an error here.
    fs::remove_file(Layout::new(path).public_file("tile/entries/000")).unwrap();
    open(path).unwrap();
    fs::remove_dir_all(table(path)).unwrap();
    let missing = LogError::Storage(StorageError::Missing {
        path: Layout::new(path).public_file("tile/entries/000"),
    });
    assert_eq!(open(path).unwrap_err(), missing);
}

/// A log with a third level of tiles.
#[test]
fn a_longer_log_goes_on_from_its_table() {
    const SIZE: u64 = 65_536 + 3 * 256;
    let directory = new_log();
    let path = directory.path();
    let mut log = open(path).unwrap();
    grow(&mut log, 0, SIZE + 5).unwrap();
    log.close().unwrap();
    let mut log = open(path).unwrap();
    assert_eq!((log.table().0, log.rebuilt()), (SIZE, None));
    for index in (0..SIZE).step_by(997) {
        grow(&mut log, index, 1).unwrap();
    }
    grow(&mut log, SIZE + 5, 300).unwrap();
    log.close().unwrap();
    PublicLog::read(&Layout::new(path).public(), &log_key(path));
    assert_eq!(open(path).unwrap().table().0, SIZE + 256);
}

/// Events: keys, payloads and names are remembered like entries.
#[test]
fn rules_for_events_go_on_from_the_table() {
    const ORIGIN: &str = "example.com/events";
    const CI: &str = "ci@example.org";
    let directory = scratch();
    let path = directory.path();
    NewLog::events(ORIGIN).create(path, NOW).unwrap();
    let (admin, ci, late) = (admin_key(path), actor_key(1), actor_key(2));
    let enrol = |key| key_event(ORIGIN, &admin, CI, key, None);
    let register = |key, number| access(ORIGIN, CI, key, Action::Register, number);
    let mut log = open(path).unwrap();
    let enrolled = log.append(vec![enrol(&ci)]).unwrap().remove(0).unwrap();
    let registered: Vec<_> = (0..600).map(|number| register(&ci, number)).collect();
    log.append(registered.clone()).unwrap();
    log.append(vec![enrol(&late)]).unwrap().remove(0).unwrap();
    let revocation = key_event(ORIGIN, &admin, CI, &ci, Some(enrolled.leaf_hash));
    let more: Vec<_> = (600..900).map(|number| register(&late, number)).collect();
    log.append([vec![revocation], more].concat()).unwrap();
    log.publish(NOW).unwrap();
    log.close().unwrap();

    let mut log = open(path).unwrap();
    assert_eq!((log.table().0, log.rebuilt()), (768, None));
    let again = log.append(registered.clone()).unwrap();
    for (index, outcome) in (2..).zip(again) {
        assert_eq!(outcome.unwrap().index, index);
    }
    let code = |log: &mut Log, entry| {
        log.append(vec![entry])
            .unwrap()
            .remove(0)
            .unwrap_err()
            .code()
    };
    // The payload of entry 2 by the other key, an event by a revoked key, and a known enrolment.
    assert_eq!(code(&mut log, register(&late, 0)), "event-replayed");
    assert_eq!(code(&mut log, register(&ci, 1_000)), "event-revoked-key");
    let known = log.append(vec![enrol(&late)]).unwrap().remove(0);
    assert_eq!(known.unwrap().index, 602);
    assert_eq!(
        log.append(vec![register(&late, 1_000)]).unwrap()[0]
            .as_ref()
            .unwrap()
            .index,
        904
    );
}

/// A name that was registered long ago is still bound.
#[test]
fn a_name_in_the_table_stays_bound() {
    use glasslog_core::event::{self, Envelope, Statement, Subject};
    use glasslog_core::merkle::sha256;

    const ORIGIN: &str = "example.com/names";
    let directory = scratch();
    let path = directory.path();
    NewLog::events(ORIGIN).create(path, NOW).unwrap();
    let (admin, ci) = (admin_key(path), actor_key(1));
    let register = |number| access(ORIGIN, "ci", &ci, Action::Register, number);
    let mut log = open(path).unwrap();
    log.append(vec![key_event(ORIGIN, &admin, "ci", &ci, None)])
        .unwrap();
    log.append((0..600).map(register).collect()).unwrap();
    log.publish(NOW).unwrap();
    log.close().unwrap();
    // Event 700 with the name of event 7, and with its digest or a different one.
    let renamed = |digest: u64, number| {
        let envelope = Envelope::parse(&register(number)).unwrap();
        let mut statement = Statement::parse(envelope.payload()).unwrap();
        statement.subjects = vec![Subject::new("model@7", &sha256(&digest.to_be_bytes()))];
        let payload = event::encode(&statement).unwrap();
        Envelope::sign(payload, &[&ci]).unwrap().encode()
    };
    let mut log = open(path).unwrap();
    assert_eq!(log.table().0, 512);
    let outcomes = log.append(vec![renamed(8, 700), renamed(7, 701)]).unwrap();
    let refusal = outcomes[0].as_ref().unwrap_err();
    assert_eq!(refusal.code(), "register-conflict");
    assert!(refusal.to_string().contains("index 9"), "{refusal}");
    assert!(outcomes[1].is_ok());
}

/// Entries that are submitted again while a filter is made and batches are frozen and moved to disk.
#[test]
fn a_sequencer_knows_everything_at_every_moment() {
    let directory = new_log();
    let path = directory.path();
    grow(&mut open(path).unwrap(), 0, 2_000).unwrap();
    let (sequencer, running) = Sequencer::start(open(path).unwrap(), Limits::default());
    let mut pending = Vec::new();
    for round in 0..60 {
        let fresh = 2_000 + round * 90;
        let known = round * 97;
        let batch = [entries(fresh, 90, 0), entries(known, 30, 0)].concat();
        let answer = sequencer.submit(batch, Acknowledgement::Published, ());
        pending.push((fresh, known, answer.unwrap()));
    }
    for (fresh, known, answer) in pending {
        let expected = (fresh..fresh + 90).chain(known..known + 30);
        let outcomes = answer.wait().unwrap().outcomes;
        for (index, outcome) in expected.zip(outcomes) {
            assert_eq!(outcome.unwrap().index, index);
        }
    }
    drop(sequencer);
    running.join().unwrap();
    let log = open(path).unwrap();
    assert_eq!((log.size(), log.table().0), (7_400, 7_168));
}

/// A table that is truncated, overwritten or partly missing is made again, or the damage is found at a look-up.
#[test]
fn a_damaged_table_never_answers_wrongly() {
    const SIZE: u64 = 1_200;
    let directory = new_log();
    let path = directory.path();
    for first in (0..SIZE).step_by(400) {
        let mut log = open(path).unwrap();
        grow(&mut log, first, 400).unwrap();
        log.close().unwrap();
    }
    let aside = directory.path().join("aside");
    copy_all(&table(path), &aside.join("table"));
    copy_all(&Layout::new(path).public(), &aside.join("public"));
    copy_all(&Layout::new(path).state(), &aside.join("state"));
    let names = files(&aside.join("table"));
    assert!(names.len() > 4, "{names:?}");
    let (mut rebuilt, mut noticed) = (0, 0);
    for name in &names {
        let name = name.strip_prefix(aside.join("table")).unwrap();
        for damage in 0..4 {
            put(&aside.join("public"), &Layout::new(path).public());
            put(&aside.join("state"), &Layout::new(path).state());
            let file = table(path).join(name);
            let mut bytes = fs::read(&file).unwrap();
            match damage {
                0 => fs::remove_file(&file).unwrap(),
                1 => fs::write(&file, &bytes[..bytes.len() / 2]).unwrap(),
                2 => fs::write(&file, vec![0; bytes.len()]).unwrap(),
                _ => {
                    for at in (0..bytes.len()).step_by(97) {
                        bytes[at] ^= 0x10;
                    }
                    fs::write(&file, bytes).unwrap();
                }
            }
            rebuilt += usize::from(open(path).unwrap().rebuilt().is_some());
            // A damaged part may be read late: then the writer ends, and the next one makes the table again.
            match is_whole(path, SIZE) {
                Ok(()) => {}
                Err(LogError::Dedup(DedupError { .. })) => {
                    noticed += 1;
                    is_whole(path, open(path).unwrap().size()).unwrap();
                }
                Err(error) => panic!("{}, damage {damage}: {error}", name.display()),
            }
        }
    }
    assert!(
        rebuilt > 0 && rebuilt + noticed > names.len() / 2,
        "{rebuilt} {noticed}"
    );
}

/// A table from another moment or another log is not used, even if other files were restored with it.
#[test]
fn a_table_of_another_moment_never_answers_wrongly() {
    let directory = new_log();
    let path = directory.path();
    let aside = directory.path().join("aside");
    let (public, state) = (Layout::new(path).public(), Layout::new(path).state());
    grow(&mut open(path).unwrap(), 0, 600).unwrap();
    copy_all(&public, &aside.join("early/public"));
    copy_all(&state, &aside.join("early/state"));
    grow(&mut open(path).unwrap(), 600, 600).unwrap();
    let late = aside.join("late");
    copy_all(&table(path), &late);

    // An older table is completed from the log.
    put(&aside.join("early/state/known"), &table(path));
    assert_eq!(open(path).unwrap().rebuilt(), None);
    is_whole(path, 1_200).unwrap();

    // The log is from a backup, and the table is newer: its later entries are not in this log.
    put(&aside.join("early/public"), &public);
    put(&aside.join("early/state"), &state);
    put(&late, &table(path));
    let log = open(path).unwrap();
    assert!(
        log.rebuilt().unwrap().contains("backup"),
        "{:?}",
        log.rebuilt()
    );
    assert_eq!(log.size(), 600);
    drop(log);
    is_whole(path, 600).unwrap();

    // The same, and different entries are at the positions of those that the table knows.
    put(&aside.join("early/public"), &public);
    put(&aside.join("early/state"), &state);
    let mut log = open(path).unwrap();
    let outcomes = log.append(entries(5_000, 900, 0)).unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().index, 600);
    log.publish(NOW).unwrap();
    log.close().unwrap();
    put(&late, &table(path));
    let mut log = open(path).unwrap();
    assert!(
        log.rebuilt().unwrap().contains("another root"),
        "{:?}",
        log.rebuilt()
    );
    let outcomes = log.append(entries(600, 1, 0)).unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().index, 1_500);
    drop(log);

    // The table of another log.
    let other = new_log();
    let renamed = directory.path().join("other");
    NewLog::raw("example.com/other")
        .create(&renamed, NOW)
        .unwrap();
    grow(&mut open(&renamed).unwrap(), 0, 600).unwrap();
    put(&table(&renamed), &table(other.path()));
    grow(&mut open(other.path()).unwrap(), 0, 600).unwrap();
    put(&table(&renamed), &table(other.path()));
    let log = open(other.path()).unwrap();
    assert_eq!(log.rebuilt(), Some("it is of another log"));
    drop(log);
    is_whole(other.path(), 600).unwrap();
}
