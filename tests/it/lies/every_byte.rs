//! Every byte of every file of a small log, changed one at a time: no verification overlooks one.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use glasslog_core::fetch::Query;
use glasslog_core::report::Class;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::{HistoryQuery, Options};
use glasslog_tests::fixture::{
    Access, COSIGNED, Log, NOW, ORIGIN, enrol, genesis, log_key, put, witness,
};

const ARTIFACT: &str = "resnet50@2.1";

type Files = BTreeMap<String, Vec<u8>>;

/// Five entries, published at three, so that superseded partial files and an older checkpoint are there.
fn small_log() -> Files {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::new(ORIGIN);
    log.add(genesis(ORIGIN, 10));
    log.add(enrol(ORIGIN, "ci@example.org", 11, 10));
    log.add(read(1));
    log.publish();
    let older = log.checkpoint(&log_key(), &[witness(1)], COSIGNED);
    log.add(read(2));
    log.add(read(3));
    log.publish();
    log.write(
        folder.path(),
        &log.checkpoint(&log_key(), &[witness(1)], COSIGNED),
    );
    put(&folder.path().join("checkpoints/3"), &older.encode());
    let mut files = Files::new();
    gather(folder.path(), folder.path(), &mut files);
    files
}

fn read(minute: u32) -> Vec<u8> {
    let access = Access {
        action: "read",
        name: ARTIFACT,
        content: b"weights",
        actor: "ci@example.org",
        key: 11,
        minute,
        reason: None,
    };
    access.entry(ORIGIN)
}

fn gather(root: &Path, folder: &Path, files: &mut Files) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.insert(name, fs::read(path).unwrap());
        }
    }
}

fn policy() -> Vec<u8> {
    format!(
        "log {}\nwitness w {}\nquorum w\n",
        log_key().verifier(),
        witness(1).verifier()
    )
    .into_bytes()
}

fn options() -> Options {
    Options {
        now: NOW,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: false,
        state: false,
    }
}

/// Feeds a query from memory; gives its class and its report.
fn run(mut query: impl Query, files: &Files) -> (Class, String) {
    while let Some(path) = query.needs().first().cloned() {
        query.supply(&path, files.get(&path).cloned());
    }
    let report = query
        .report()
        .expect("a query that needs nothing more reports");
    (report.class(), report.to_json())
}

fn audit(files: &Files) -> (Class, String) {
    run(
        AuditQuery::new(&policy(), options(), Some(files.keys().cloned().collect())),
        files,
    )
}

fn history(files: &Files) -> (Class, String) {
    run(
        HistoryQuery::new(ARTIFACT, &policy(), options(), false).unwrap(),
        files,
    )
}

/// Tells whether a changed byte is refused: false, malformed, or no longer vouched for by anyone known.
fn is_refusal(class: Class) -> bool {
    matches!(class, Class::False | Class::MalformedLog | Class::Undecided)
}

/// Cosigners of an older checkpoint are committed to nowhere: a line taken away, or one of an unknown key, leaves the
/// log's own signature, which still agrees with the tree.
fn may_pass(path: &str, file: &[u8], position: usize) -> bool {
    let cosignature = file
        .windows(5)
        .rposition(|line| line == "\n\u{2014} ".as_bytes());
    path.starts_with("checkpoints/") && cosignature.is_some_and(|start| position > start)
}

#[test]
fn no_changed_byte_is_overlooked() {
    let genuine = small_log();
    let mut files = genuine.clone();
    assert_eq!(audit(&files).0, Class::Verified, "{}", audit(&files).1);
    let (class, history_report) = history(&files);
    assert_eq!(class, Class::Verified, "{history_report}");
    let mut classes = BTreeMap::<String, BTreeSet<Class>>::new();
    let mut tried = 0;
    for path in files.keys().cloned().collect::<Vec<_>>() {
        for position in 0..files[&path].len() {
            // Each bit has its turn: another letter, the same one in the other case, no text at all.
            let bit = 1 << (position % 8);
            files.get_mut(&path).unwrap()[position] ^= bit;
            let (class, report) = audit(&files);
            assert!(
                is_refusal(class) || may_pass(&path, &genuine[&path], position),
                "audit, {path} at {position}: {report}"
            );
            classes.entry(path.clone()).or_default().insert(class);
            // A history reads fewer files and shares what it checks with the audit.
            if position % 7 == 0 {
                let (class, report) = history(&files);
                assert!(
                    is_refusal(class) || report == history_report,
                    "history, {path} at {position}: {report}"
                );
            }
            files.get_mut(&path).unwrap()[position] ^= bit;
            tried += 1;
        }
    }
    assert!(tried > 5_000, "only {tried} changes");
    // Files that a signed head commits to are never merely undecided.
    for (path, classes) in classes.iter().filter(|(path, _)| path.starts_with("tile/")) {
        assert_eq!(*classes, BTreeSet::from([Class::False]), "{path}");
    }
}

#[test]
fn no_cut_and_no_appendix_is_overlooked() {
    let genuine = small_log();
    let report = history(&genuine).1;
    for path in genuine.keys() {
        let whole = &genuine[path];
        let mut changes: Vec<Vec<u8>> = (0..whole.len())
            .step_by(whole.len() / 100 + 1)
            .map(|length| whole[..length].to_vec())
            .collect();
        changes.extend([b"\0".as_slice(), b"\n", b"\0\0"].map(|more| [whole, more].concat()));
        for change in changes {
            let length = change.len();
            let mut files = genuine.clone();
            files.insert(path.clone(), change);
            let (class, said) = audit(&files);
            assert!(
                is_refusal(class) || may_pass(path, whole, length + 1),
                "audit, {path} of {length} bytes: {said}"
            );
            let (class, said) = history(&files);
            assert!(
                is_refusal(class) || said == report,
                "history, {path} of {length} bytes: {said}"
            );
        }
    }
}
