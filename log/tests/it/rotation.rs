//! Rotations of a log's key that are interrupted: the old key signs nothing larger, and running it again finishes it.

use crate::event_entries::{actor_key, admin_key, key_event};
use crate::support::{NOW, log_key, scratch};
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Envelope, LogKeyEvent};
use glasslog_core::fetch::LogFile;
use glasslog_core::note::{Checkpoint, KeyName, SignatureType, SignerKey, VerifierKey};
use glasslog_core::trust::TrustPolicy;
use glasslog_log::{Layout, Log, LogError, NewLog, WriterError};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const ORIGIN: &str = "example.com/rotated";

fn new_log() -> TempDir {
    let directory = scratch();
    NewLog::events(ORIGIN)
        .create(directory.path(), NOW)
        .unwrap();
    directory
}

fn next_key(seed: u8) -> SignerKey {
    let name = KeyName::parse(ORIGIN).unwrap();
    SignerKey::new(
        name,
        SignatureType::Ed25519,
        SecretKey::from_seed(&[seed; 32]),
    )
}

/// The statement that the key of the open log changes to `new`.
fn statement(log: &Log, path: &Path, new: &SignerKey) -> Vec<u8> {
    let event = LogKeyEvent {
        log: ORIGIN.into(),
        genesis: log.admitter().keyring().unwrap().genesis_leaf(),
        size: log.size() + 1,
        old: log.log_key().clone(),
        new: new.verifier().clone(),
        reason: "a new machine".into(),
    };
    let payload = event::encode(&event.to_statement()).unwrap();
    let envelope = Envelope::sign(payload, &[&admin_key(path)]).unwrap();
    log.sign_rotation(envelope).unwrap().encode()
}

/// Begins a rotation: the statement is durable, and nothing else.
fn begin(path: &Path, new: &SignerKey) {
    let mut log = Log::open_to_rotate(path).unwrap();
    let entry = statement(&log, path, new);
    log.append_rotation(entry).unwrap().unwrap();
}

fn finish(path: &Path, new: &SignerKey) -> u64 {
    let log = Log::open_to_rotate(path).unwrap();
    log.switch_key(path, new, NOW).unwrap().size
}

fn public_checkpoint(path: &Path) -> Checkpoint {
    let bytes = fs::read(Layout::new(path).checkpoint()).unwrap();
    Checkpoint::parse(&bytes).unwrap()
}

/// Checks that the log takes entries under the new key, and that both keys signed the tree at which it changed.
fn check_rotated(path: &Path, old: &VerifierKey, new: &SignerKey, size: u64) {
    let layout = Layout::new(path);
    assert_eq!(&log_key(path), new.verifier());
    let last = layout.public_file(&LogFile::LogKey(old.id()).path());
    let last = Checkpoint::parse(&fs::read(last).unwrap()).unwrap();
    assert_eq!(last.head().size, size);
    for key in [old, new.verifier()] {
        assert_eq!(last.note().signatures_by(key).count(), 1);
    }
    let policy = TrustPolicy::parse(&fs::read(layout.trust_policy()).unwrap()).unwrap();
    assert!(policy.verify_log(&last, NOW).1.is_some());
    for round in 0..2u8 {
        let mut log = Log::open(path).unwrap();
        let actor = format!("actor{round}@example.org");
        let entry = key_event(
            ORIGIN,
            &admin_key(path),
            &actor,
            &actor_key(40 + round),
            None,
        );
        log.append(vec![entry]).unwrap().pop().unwrap().unwrap();
        log.publish(NOW).unwrap();
    }
    let newest = public_checkpoint(path);
    assert_eq!(newest.head().size, size + 2);
    assert_eq!(newest.note().signatures().len(), 1);
    assert!(policy.verify_log(&newest, NOW).1.is_some());
}

#[test]
fn a_rotation_that_was_begun_is_finished_and_nothing_else() {
    let directory = new_log();
    let path = directory.path();
    let (old, new) = (log_key(path), next_key(7));
    begin(path, &new);
    let begun =
        |error: LogError| matches!(error, LogError::Writer(WriterError::RotationBegun { .. }));
    assert!(begun(Log::open(path).unwrap_err()));
    let log = Log::open_to_rotate(path).unwrap();
    assert_eq!(log.next_log_key(), Some(new.verifier()));
    assert_eq!(log.log_key(), &old);
    drop(log);
    assert_eq!(public_checkpoint(path).head().size, 1);
    assert_eq!(finish(path, &new), 2);
    check_rotated(path, &old, &new, 2);
}

#[test]
fn each_step_can_be_done_again() {
    let directory = new_log();
    let path = directory.path();
    let layout = Layout::new(path);
    let (old, new) = (log_key(path), next_key(7));
    let key = fs::read(layout.key("log")).unwrap();
    let policy = fs::read(layout.trust_policy()).unwrap();
    begin(path, &new);
    assert_eq!(finish(path, &new), 2);
    // The key file was not replaced yet; then neither was the policy, nor the last checkpoint of the old key kept.
    for step in 0..3 {
        fs::write(layout.key("log"), &key).unwrap();
        if step > 0 {
            fs::write(layout.trust_policy(), &policy).unwrap();
        }
        if step > 1 {
            fs::remove_file(layout.public_file(&LogFile::LogKey(old.id()).path())).unwrap();
            fs::remove_file(layout.key(&format!("log.{}", old.id()))).unwrap();
        }
        assert!(Log::open(path).is_err());
        assert_eq!(finish(path, &new), 2, "{step}");
    }
    check_rotated(path, &old, &new, 2);
}

#[test]
fn a_statement_is_admitted_by_the_writer_of_the_rotation_alone() {
    let directory = new_log();
    let path = directory.path();
    let new = next_key(7);
    let mut log = Log::open(path).unwrap();
    let entry = statement(&log, path, &new);
    let refusal = log.append(vec![entry.clone()]).unwrap().pop().unwrap();
    assert_eq!(refusal.unwrap_err().code(), "rotation-submitted");
    let stranger = {
        let envelope = Envelope::parse(&entry).unwrap();
        let payload = envelope.payload().to_vec();
        let signed = Envelope::sign(payload, &[&actor_key(1)]).unwrap();
        log.sign_rotation(signed).unwrap().encode()
    };
    let refusal = log.append_rotation(stranger).unwrap().unwrap_err();
    assert_eq!(refusal.code(), "rotation-not-by-admins");
    // A refusal leaves the log as it is.
    assert_eq!(log.next_log_key(), None);
    log.append_rotation(entry).unwrap().unwrap();
    assert_eq!(log.next_log_key(), Some(new.verifier()));
}
