//! Logs whose files contradict each other are refused with the name of the file, and stay unchanged.

use crate::support::{NOW, entries, scratch};
use glasslog_core::merkle::TreeHead;
use glasslog_core::rules::RefusalClass;
use glasslog_log::HistoryError;
use glasslog_log::JournalError;
use glasslog_log::StorageError;
use glasslog_log::status::{Status, Writer};
use glasslog_log::{Holder, Layout, Log, LogError, NewLog};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Case {
    directory: TempDir,
    layout: Layout,
}

impl Case {
    /// Makes a log of 300 entries, published in two steps, with five staged.
    fn new() -> Self {
        let directory = scratch();
        let layout = Layout::new(directory.path().join("log"));
        NewLog::raw("example.com/raw")
            .create(layout.root(), NOW)
            .unwrap();
        let case = Self { directory, layout };
        case.grow(0, 100);
        case.grow(100, 200);
        Log::open(case.layout.root())
            .unwrap()
            .append(entries(300, 5, 0))
            .unwrap();
        case
    }

    fn grow(&self, first: u64, count: u64) -> TreeHead {
        let mut log = Log::open(self.layout.root()).unwrap();
        log.append(entries(first, count, 0)).unwrap();
        log.publish(NOW).unwrap()
    }

    /// Copies a part of the log, to restore it later.
    fn backup(&self, part: &str) -> PathBuf {
        let copy = self.directory.path().join(format!("{part}.backup"));
        copy_all(&self.layout.root().join(part), &copy);
        copy
    }

    fn restore(&self, part: &str, copy: &Path) {
        let place = self.layout.root().join(part);
        fs::remove_dir_all(&place).unwrap();
        copy_all(copy, &place);
    }

    /// Checks that the log is refused with this error, repeatedly, and that none of its files changes.
    fn refused(&self, expected: &LogError) {
        let before = content(self.layout.root());
        for _ in 0..2 {
            assert_eq!(
                Log::open(self.layout.root()).map(|_| ()).as_ref(),
                Err(expected)
            );
        }
        assert!(
            before == content(self.layout.root()),
            "a refused log was changed"
        );
        assert!(expected.hint().is_some(), "{expected:?} has no hint");
    }

    fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
        let path = self.layout.root().join(path);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        path
    }
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

/// Returns all files of a log except its lock, which names the process that opened the log last.
fn content(log: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![log.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                directories.push(path);
            } else if !path.ends_with("state/lock") {
                files.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_whole_log_opens_and_goes_on() {
    let case = Case::new();
    let mut log = Log::open(case.layout.root()).unwrap();
    assert_eq!((log.head().size, log.size()), (300, 305));
    assert_eq!(log.publish(NOW).unwrap().size, 305);
}

#[test]
fn a_second_writer_is_refused() {
    let case = Case::new();
    let _log = Log::open(case.layout.root()).unwrap();
    let error = Log::open(case.layout.root()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the log is being written by process {}", std::process::id())
    );
    assert_eq!(error.code(), "log-locked");
}

#[test]
fn state_from_a_backup_is_refused() {
    let case = Case::new();
    let old = case.backup("state");
    case.grow(305, 10);
    case.restore("state", &old);
    case.refused(&LogError::History(HistoryError::RolledBack {
        state: 300,
        public: 315,
    }));
}

/// The dangerous case: both state and checkpoint are older, and the public files of the newer sizes are still there.
#[test]
fn a_fork_over_files_that_are_still_there_is_refused() {
    let case = Case::new();
    let (state, checkpoint) = (
        case.backup("state"),
        fs::read(case.layout.checkpoint()).unwrap(),
    );
    case.grow(305, 10);
    case.restore("state", &state);
    fs::write(case.layout.checkpoint(), checkpoint).unwrap();
    let mut log = Log::open(case.layout.root()).unwrap();
    log.append(entries(900, 10, 0)).unwrap();
    let error = log.publish(NOW).unwrap_err();
    assert!(
        matches!(error, LogError::Storage(StorageError::Differs { .. })),
        "{error:?}"
    );
    assert_eq!(log.publish(NOW), Err(LogError::STOPPED));
}

#[test]
fn two_roots_for_one_size_are_refused() {
    let case = Case::new();
    let other = Layout::new(case.directory.path().join("other"));
    let key = fs::read_to_string(case.layout.key("log")).unwrap();
    let key = glasslog_core::note::SignerKey::parse(key.trim_end()).unwrap();
    NewLog::raw("example.com/raw")
        .with_key(key)
        .create(other.root(), NOW)
        .unwrap();
    let mut log = Log::open(other.root()).unwrap();
    log.append(entries(500, 300, 0)).unwrap();
    let forked = log.publish(NOW).unwrap();
    let head = Log::open(case.layout.root()).unwrap().head();
    fs::copy(other.checkpoint(), case.layout.checkpoint()).unwrap();
    case.refused(&LogError::History(HistoryError::Diverged {
        size: 300,
        state: head.root,
        public: forked.root,
    }));
}

#[test]
fn public_files_from_a_backup_are_refused() {
    let case = Case::new();
    let old = case.backup("public");
    case.grow(305, 10);
    case.restore("public", &old);
    let path = case.layout.public_file("tile/entries/001.p/59");
    case.refused(&LogError::Storage(StorageError::Missing { path }));
}

#[test]
fn an_older_public_checkpoint_is_completed() {
    let case = Case::new();
    let old = fs::read(case.layout.checkpoint()).unwrap();
    let head = case.grow(305, 10);
    fs::write(case.layout.checkpoint(), old).unwrap();
    let mut log = Log::open(case.layout.root()).unwrap();
    assert_eq!(log.publish(NOW), Ok(head));
    assert!(
        fs::read_to_string(case.layout.checkpoint())
            .unwrap()
            .contains("\n315\n")
    );
}

#[test]
fn lost_files_are_named() {
    for path in [
        "state/head",
        "state/journal",
        "public/checkpoint",
        "public/tile/0/000",
        "public/tile/0/001.p/44",
        "public/tile/1/000.p/1",
        "public/tile/entries/000",
        "public/tile/entries/001.p/44",
        "keys/log",
    ] {
        let case = Case::new();
        let path = case.layout.root().join(path);
        fs::remove_file(&path).unwrap();
        case.refused(&LogError::Storage(StorageError::Missing { path }));
    }
}

#[test]
fn a_partial_file_gives_way_to_the_full_one() {
    let case = Case::new();
    assert!(case.layout.public_file("tile/0/000").exists());
    assert!(!case.layout.public_file("tile/0/000.p/100").exists());
    assert!(!case.layout.public_file("tile/entries/000.p/100").exists());
    Log::open(case.layout.root()).unwrap();
}

#[test]
fn changed_files_are_named() {
    for path in [
        "public/tile/0/000",
        "public/tile/0/001.p/44",
        "public/tile/1/000.p/1",
    ] {
        let case = Case::new();
        let path = case.change(path, |bytes| bytes[7] ^= 1);
        case.refused(&LogError::Storage(StorageError::Differs { path }));
    }
    let case = Case::new();
    case.change("public/tile/entries/001.p/44", |bytes| bytes[5] ^= 1);
    let path = case.layout.public_file("tile/0/001.p/44");
    case.refused(&LogError::Storage(StorageError::Differs { path }));
}

#[test]
fn malformed_files_are_named() {
    for path in ["public/tile/entries/000", "state/head", "public/checkpoint"] {
        let case = Case::new();
        let path = case.change(path, |bytes| {
            bytes.pop();
        });
        let error = Log::open(case.layout.root()).unwrap_err();
        assert!(
            matches!(&error, LogError::Storage(StorageError::Malformed { path: named, .. }) if *named == path),
            "{error:?}"
        );
    }
}

#[test]
fn another_key_is_refused() {
    let case = Case::new();
    let other = case.directory.path().join("other");
    NewLog::raw("example.com/raw").create(&other, NOW).unwrap();
    fs::copy(Layout::new(&other).key("log"), case.layout.key("log")).unwrap();
    let error = Log::open(case.layout.root()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}`: it was not signed by this log's key",
            case.layout.head().display()
        )
    );
}

#[test]
fn a_journal_that_does_not_meet_the_head_is_refused() {
    let old = Case::new();
    let journal = fs::read(old.layout.journal()).unwrap();
    old.grow(305, 10);
    fs::write(old.layout.journal(), journal).unwrap();
    old.refused(&LogError::Journal(JournalError::Gap {
        first: 0,
        end: 305,
        head: 315,
    }));

    let other = Case::new();
    let path = other.directory.path().join("other");
    NewLog::raw("example.com/raw").create(&path, NOW).unwrap();
    let mut log = Log::open(&path).unwrap();
    log.append(entries(0, 299, 0)).unwrap();
    log.append(entries(7_000, 1, 0)).unwrap();
    fs::copy(Layout::new(&path).journal(), other.layout.journal()).unwrap();
    other.refused(&LogError::Journal(JournalError::Differs { index: 299 }));
}

#[test]
fn what_is_left_in_the_temporary_directory_is_cleared() {
    let case = Case::new();
    let left = case.layout.temporary().join(".glasslog.1.1");
    fs::write(&left, "half").unwrap();
    Log::open(case.layout.root()).unwrap();
    assert!(!left.exists());
}

/// A closed log answers with the indices of its entries and takes no new ones, for every writer; only a closed log can
/// have a successor.
#[test]
fn a_closed_log_takes_nothing_new() {
    let case = Case::new();
    let mut log = Log::open(case.layout.root()).unwrap();
    let error = log.as_predecessor().unwrap_err();
    assert_eq!(error.code(), "log-not-closed");
    let head = log.close_for_good(NOW).unwrap();
    assert_eq!(head.size, 305);
    drop(log);
    let mut log = Log::open(case.layout.root()).unwrap();
    let known = log.append(entries(7, 1, 0)).unwrap().remove(0).unwrap();
    assert_eq!(known.index, 7);
    let refusal = log
        .append(entries(900, 1, 0))
        .unwrap()
        .remove(0)
        .unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.class()),
        ("log-closed", RefusalClass::Conflict)
    );
    assert_eq!(log.publish(NOW), Ok(head));
    assert_eq!(log.as_predecessor().unwrap().head, head);
}

/// The mark of an open log in the state of a closed one, or the reverse.
#[test]
fn a_log_closed_with_another_head_is_refused() {
    let case = Case::new();
    Log::open(case.layout.root())
        .unwrap()
        .close_for_good(NOW)
        .unwrap();
    let closed = case.layout.state().join("closed");
    let mark = fs::read(&closed).unwrap();
    fs::remove_file(&closed).unwrap();
    case.grow(305, 10);
    fs::write(&closed, mark).unwrap();
    case.refused(&LogError::History(HistoryError::ClosedElsewhere {
        closed: 305,
        head: 315,
    }));
}

#[test]
fn a_successor_commits_to_a_closed_log_and_its_keys() {
    let directory = scratch();
    let (old, new) = (directory.path().join("old"), directory.path().join("new"));
    NewLog::events("example.com/2026")
        .create(&old, NOW)
        .unwrap();
    let mut log = Log::open(&old).unwrap();
    log.close_for_good(NOW).unwrap();
    let before = log.as_predecessor().unwrap();
    NewLog::events("example.com/2027")
        .succeeding(before.clone())
        .create(&new, NOW)
        .unwrap();
    let log = Log::open(&new).unwrap();
    let keyring = log.admitter().keyring().unwrap();
    assert_eq!(keyring.genesis().succeeds, Some(Box::new(before)));
}

/// Operators see the status of a log without its lock, and the process that holds it.
#[test]
fn how_a_log_stands_is_seen_from_outside() {
    let case = Case::new();
    let status = Status::read(case.layout.root()).unwrap();
    assert_eq!((status.size, status.published), (305, 300));
    assert_eq!((status.backlog(), status.superseded_partials), (5, 0));
    let bytes: usize = entries(300, 5, 0).iter().map(Vec::len).sum();
    assert_eq!((status.backlog_bytes, status.writer), (bytes as u64, None));
    assert!(status.lag.is_some() && !status.is_closed);
    let mut log = Log::open(case.layout.root()).unwrap();
    log.announce("http://127.0.0.1:1").unwrap();
    log.close_for_good(NOW).unwrap();
    let status = Status::read(case.layout.root()).unwrap();
    assert_eq!((status.backlog(), status.lag), (0, None));
    assert!(status.is_closed);
    let holder = Holder {
        pid: std::process::id(),
        url: Some("http://127.0.0.1:1".into()),
    };
    assert_eq!(status.writer, Some(Writer::Process(holder)));
}
