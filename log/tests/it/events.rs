//! Logs of signed events: their beginning, the events that they admit, and opening one again without loss.

use crate::event_entries::{access, actor_key, admin_key, key_event};
use crate::support::{NOW, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_core::event::{self, Action, Genesis};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::rules::RefusalClass;
use glasslog_core::trust::TrustPolicy;
use glasslog_log::LayoutError;
use glasslog_log::{Layout, Log, LogError, NewLog, Receipt, Refusal};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const ORIGIN: &str = "example.com/events";
const CI: &str = "ci@example.org";

fn new_log() -> TempDir {
    let directory = scratch();
    NewLog::events(ORIGIN)
        .create(directory.path(), NOW)
        .unwrap();
    directory
}

/// Opens the log, appends one entry, publishes and closes it.
fn add(log: &Path, entry: Vec<u8>) -> Result<Receipt, Refusal> {
    let mut log = Log::open(log).unwrap();
    let outcome = log.append(vec![entry]).unwrap().pop().unwrap();
    log.publish(NOW).unwrap();
    outcome
}

fn refused(log: &Path, entry: Vec<u8>, code: &str, class: RefusalClass) {
    let refusal = add(log, entry).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.class()),
        (code, class),
        "{refusal}"
    );
}

#[test]
fn a_log_begins_with_its_genesis() {
    let directory = scratch();
    let made = NewLog::events(ORIGIN)
        .create(directory.path(), NOW)
        .unwrap();
    let public = PublicLog::read(&directory.path().join("public"), &log_key(directory.path()));
    assert_eq!(made.head, public.checkpoint.head());
    assert_eq!((made.head.size, made.genesis), (1, Some(public.leaves[0])));
    let genesis = Genesis::verify(ORIGIN, &event::parse(&public.entries[0]).unwrap()).unwrap();
    assert_eq!(
        genesis.admins[0].public_key(),
        &admin_key(directory.path()).public()
    );
    let policy = fs::read(directory.path().join("trust.policy")).unwrap();
    let policy = TrustPolicy::parse(&policy).unwrap();
    let (verdict, verified) = policy.verify_log(&public.checkpoint, NOW);
    assert_eq!(
        verified.map(|verified| verified.head()),
        Some(made.head),
        "{verdict:?}"
    );
}

#[test]
fn what_is_private_is_for_its_owner_only() {
    let directory = new_log();
    let layout = Layout::new(directory.path());
    for (path, mode) in [
        (layout.keys(), 0o700),
        (layout.key("log"), 0o600),
        (layout.key("index"), 0o600),
        (layout.key("admin"), 0o600),
        (layout.state(), 0o700),
        (layout.journal(), 0o600),
        (layout.head(), 0o600),
        (layout.lock(), 0o600),
    ] {
        let found = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
    let root = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = root
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["glasslog.toml", "keys", "public", "state", "trust.policy"]
    );
}

#[test]
fn a_full_directory_is_left_alone() {
    let directory = scratch();
    fs::write(directory.path().join("file"), "mine").unwrap();
    let path = directory.path().to_owned();
    assert_eq!(
        NewLog::events(ORIGIN).create(&path, NOW),
        Err(LogError::Layout(LayoutError::NotEmpty {
            path: path.clone()
        }))
    );
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn an_origin_or_a_key_that_does_not_fit_makes_no_log() {
    let directory = scratch();
    for origin in ["", "two words", "a+b", "line\nbreak"] {
        let path = directory.path().join("log");
        let error = NewLog::events(origin).create(&path, NOW).unwrap_err();
        assert_eq!(error.code(), "log-setting", "{origin:?}: {error}");
        assert!(!path.exists());
    }
    let other = directory.path().join("other");
    NewLog::raw("example.com/other")
        .create(&other, NOW)
        .unwrap();
    let text = fs::read_to_string(other.join("keys/log")).unwrap();
    let key = glasslog_core::note::SignerKey::parse(text.trim_end()).unwrap();
    let path = directory.path().join("log");
    NewLog::events(ORIGIN)
        .with_key(key)
        .create(&path, NOW)
        .unwrap_err();
    assert!(!path.exists());
}

/// Each step opens the log anew, so the state of the rules comes from the entries alone.
#[test]
fn rules_survive_the_writer() {
    let directory = new_log();
    let log = directory.path();
    let (admin, ci, mallory) = (admin_key(log), actor_key(1), actor_key(2));
    let read = |number| access(ORIGIN, CI, &ci, Action::Read, number);
    refused(log, read(1), "event-unknown-key", RefusalClass::Untrusted);
    let enrolment = key_event(ORIGIN, &admin, CI, &ci, None);
    let enrolled = add(log, enrolment.clone()).unwrap();
    assert_eq!(
        enrolled,
        Receipt {
            index: 1,
            leaf_hash: leaf_hash(&enrolment)
        }
    );
    assert_eq!(
        add(log, enrolment),
        Ok(enrolled),
        "the same envelope keeps its index"
    );
    let first = add(log, read(1)).unwrap();
    assert_eq!(first.index, 2);
    assert_eq!(add(log, read(1)), Ok(first));
    assert_eq!(
        add(log, access(ORIGIN, CI, &ci, Action::Register, 0))
            .unwrap()
            .index,
        3
    );

    refused(
        log,
        access(ORIGIN, "someone", &ci, Action::Read, 2),
        "event-actor-mismatch",
        RefusalClass::Untrusted,
    );
    refused(
        log,
        access(ORIGIN, CI, &mallory, Action::Read, 2),
        "event-unknown-key",
        RefusalClass::Untrusted,
    );
    refused(
        log,
        access("example.com/other", CI, &ci, Action::Read, 2),
        "event-for-other-log",
        RefusalClass::Untrusted,
    );
    refused(
        log,
        key_event(ORIGIN, &mallory, "m", &mallory, None),
        "event-unknown-key",
        RefusalClass::Untrusted,
    );
    refused(
        log,
        b"{}".to_vec(),
        "member-missing",
        RefusalClass::Malformed,
    );
    refused(
        log,
        vec![b'x'; 65_536],
        "entry-too-large",
        RefusalClass::TooLarge,
    );
    let mut forged = String::from_utf8(read(3)).unwrap();
    let at = forged.rfind("\"sig\":\"").unwrap() + 10;
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    refused(
        log,
        forged.into_bytes(),
        "event-bad-signature",
        RefusalClass::Signature,
    );

    let ended = key_event(ORIGIN, &admin, CI, &ci, Some(enrolled.leaf_hash));
    assert_eq!(add(log, ended).unwrap().index, 4);
    refused(log, read(9), "event-revoked-key", RefusalClass::Untrusted);
    assert_eq!(
        add(log, read(1)),
        Ok(first),
        "what is in the log stays in the log"
    );
    assert_eq!(
        PublicLog::read(&log.join("public"), &log_key(log))
            .entries
            .len(),
        5
    );
}

#[test]
fn rules_look_at_what_is_staged_too() {
    let directory = new_log();
    let log = directory.path();
    let (admin, ci) = (admin_key(log), actor_key(1));
    let batch = vec![
        key_event(ORIGIN, &admin, CI, &ci, None),
        access(ORIGIN, CI, &ci, Action::Read, 1),
        b"not an event".to_vec(),
        access(ORIGIN, CI, &ci, Action::Read, 1),
    ];
    let outcomes = Log::open(log).unwrap().append(batch).unwrap();
    let indices: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map(|receipt| receipt.index).ok())
        .collect();
    assert_eq!(indices, [Some(1), Some(2), None, Some(2)]);
    let mut log = Log::open(log).unwrap();
    let again = log
        .append(vec![access(ORIGIN, CI, &ci, Action::Read, 2)])
        .unwrap();
    assert_eq!(again[0].as_ref().unwrap().index, 3);
    assert_eq!(log.publish(NOW).unwrap().size, 4);
}

#[test]
fn a_raw_log_takes_any_bytes() {
    let directory = scratch();
    let made = NewLog::raw("example.com/raw")
        .create(directory.path(), NOW)
        .unwrap();
    assert_eq!((made.head.size, made.genesis), (0, None));
    assert!(!directory.path().join("keys/admin").exists());
    let mut log = Log::open(directory.path()).unwrap();
    let mut batch = entries(0, 2, 65_535);
    batch.extend([vec![0], vec![], vec![7; 65_536]]);
    let codes: Vec<_> = log
        .append(batch)
        .unwrap()
        .into_iter()
        .map(|o| o.map_err(|r| r.code()))
        .collect();
    assert!(codes[..3].iter().all(Result::is_ok), "{codes:?}");
    assert_eq!(codes[3..], [Err("entry-empty"), Err("entry-too-large")]);
    assert_eq!(log.publish(NOW).unwrap().size, 3);
    assert_eq!(
        PublicLog::read(&directory.path().join("public"), &log_key(directory.path())).entries[2],
        [0]
    );
}
