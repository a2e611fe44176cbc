//! Rotations of a log's key: the reader who follows one, the log that admits one, and statements and heads that do not hold.

use glasslog_core::event::{self, Action, Envelope, LogKeyEvent, sign_with_log_key};
use glasslog_core::fetch::Query;
use glasslog_core::merkle::{Hash, leaf_hash, sha256};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, Origin, SignatureType, SignedCheckpoint, SignerKey};
use glasslog_core::report::{CheckCode, Class, Outcome};
use glasslog_core::rules::{Admission, Refusal, RotationError};
use glasslog_core::trust::{Invalid, LogVerdict, TrustPolicy};
use glasslog_core::verify::{Basis, HistoryQuery, Rotation, RotationQuery};

use crate::support::*;

const NEXT: u8 = 21;
const THIRD: u8 = 22;
const BOB_ID: &str = "bob@example.com";
const CAROL_ID: &str = "carol@example.com";
const CAROL: u8 = 13;

fn log_key(seed: u8) -> SignerKey {
    note_key(ORIGIN, SignatureType::Ed25519, seed)
}

/// The statement of a rotation, of the log that begins with `first`, as entry `index`.
fn event(first: &[u8], index: u64, old: &SignerKey, new: &SignerKey) -> LogKeyEvent {
    LogKeyEvent {
        log: ORIGIN.into(),
        genesis: leaf_hash(first),
        size: index + 1,
        old: old.verifier().clone(),
        new: new.verifier().clone(),
        reason: "a new machine".into(),
    }
}

/// Signs a rotation by actors' or admins' keys, and by keys of logs.
fn signed(event: &LogKeyEvent, admins: &[u8], logs: &[&SignerKey]) -> Vec<u8> {
    let payload = event::encode(&event.to_statement()).unwrap();
    let admins: Vec<_> = admins.iter().map(|seed| secret(*seed)).collect();
    let envelope = Envelope::sign(payload, &admins.iter().collect::<Vec<_>>()).unwrap();
    let sign = |envelope, key: &&SignerKey| sign_with_log_key(envelope, key).unwrap();
    logs.iter().fold(envelope, sign).encode()
}

/// A checkpoint of the log as it is, signed by these keys and cosigned by both witnesses.
fn head(log: &TestLog, keys: &[&SignerKey]) -> Checkpoint {
    let origin = Origin::parse(ORIGIN).unwrap();
    let mut signed: Option<Checkpoint> = None;
    for key in keys {
        let own = Checkpoint::sign(&origin, log.edge.head(), key).unwrap();
        let line = own.note().signatures()[0].clone();
        signed = Some(signed.map_or(own, |sum| sum.with_signature(line).unwrap()));
    }
    let mut signed = signed.unwrap();
    for seed in [WITNESS_A, WITNESS_B] {
        let line = cosign(&signed, &witness(seed), TIME).unwrap();
        signed = signed.with_signature(line).unwrap();
    }
    signed
}

fn last_of(key: &SignerKey) -> String {
    format!("log-key/{}", key.verifier().id())
}

/// A log whose last entry so far rotates the key; `change` may spoil the statement, and `signers` sign it.
fn rotated(
    change: impl FnOnce(&mut LogKeyEvent),
    admins: &[u8],
    logs: &[&SignerKey],
) -> (TestLog, Checkpoint) {
    let mut log = TestLog::new();
    log.read("model@1");
    let mut statement = event(
        &log.entries[0],
        log.edge.size(),
        &log_key(LOG),
        &log_key(NEXT),
    );
    change(&mut statement);
    log.add(&signed(&statement, admins, logs));
    let both = head(&log, &[&log_key(LOG), &log_key(NEXT)]);
    log.files.insert(last_of(&log_key(LOG)), both.encode());
    (log, both)
}

fn good() -> (TestLog, Checkpoint) {
    rotated(|_| (), &[ADMIN], &[&log_key(LOG)])
}

/// Lets the log grow, and publishes a head signed by the new key alone.
fn grow(log: &mut TestLog, by: u64) {
    for at in 0..by {
        log.read(&format!("model@{}", at + 2));
    }
    log.publish(&[]);
    let newest = head(log, &[&log_key(NEXT)]);
    log.files.insert("checkpoint".into(), newest.encode());
}

fn follow(
    log: &TestLog,
    key: &SignerKey,
    policy: &[u8],
) -> Result<Option<Rotation>, (Class, &'static str)> {
    follow_on(Basis::Policy, log, key, policy)
}

fn follow_on(
    basis: Basis,
    log: &TestLog,
    key: &SignerKey,
    policy: &[u8],
) -> Result<Option<Rotation>, (Class, &'static str)> {
    let trust = TrustPolicy::parse(policy).unwrap();
    let newest = log.edge.head();
    let query = RotationQuery::new(key.verifier().clone(), trust, newest, TIME + 60);
    let mut query = query.on(basis);
    while let Some(path) = query.needs().first().cloned() {
        query.supply(&path, log.files.get(&path).cloned());
    }
    let outcome = query.outcome().unwrap().clone();
    outcome.map_err(|fault| (fault.class, fault.code))
}

#[test]
fn a_reader_follows_a_rotation_at_any_later_size() {
    for by in [0, 1, 5, 260, 600] {
        let (mut log, _) = good();
        grow(&mut log, by);
        let rotation = follow(&log, &log_key(LOG), &witnessed()).unwrap().unwrap();
        assert_eq!(rotation.size, 5);
        assert_eq!(&rotation.new, log_key(NEXT).verifier());
        assert_eq!(rotation.time, Some(TIME));
        assert_eq!((rotation.admins.len(), rotation.threshold), (1, 1));
        assert!(!rotation.is_pinned);
        // The new key has no end.
        let policy =
            TrustPolicy::rotated(&witnessed(), &rotation.old, &rotation.new, rotation.size);
        assert_eq!(follow(&log, &log_key(NEXT), &policy.unwrap()), Ok(None));
    }
}

/// A thief of the log's key can begin the log anew, with admins of their own; a pin or witnesses are what they lack.
#[test]
fn the_signature_of_the_old_key_alone_is_no_ground_for_its_admins() {
    let (mut log, _) = good();
    grow(&mut log, 3);
    let key = log_key(LOG);
    let refused = Err((Class::Undecided, "rotation-genesis-unpinned"));
    assert_eq!(follow(&log, &key, &policy()), refused);
    let rotation = follow_on(Basis::LogKey, &log, &key, &policy());
    let rotation = rotation.unwrap().unwrap();
    assert_eq!((rotation.is_pinned, rotation.basis), (false, Basis::LogKey));
    let pinned = |hash| {
        format!(
            "[log]\n{}[genesis]\n{hash}\n",
            String::from_utf8(policy()).unwrap()
        )
    };
    let text = pinned(leaf_hash(&log.entries[0])).into_bytes();
    let rotation = follow(&log, &key, &text).unwrap().unwrap();
    assert_eq!((rotation.is_pinned, rotation.basis), (true, Basis::Policy));
    let rotation = follow(&log, &key, &witnessed()).unwrap().unwrap();
    assert_eq!((rotation.is_pinned, rotation.basis), (false, Basis::Policy));
    // Another pin is refused on every ground.
    let text = pinned(leaf_hash(b"another")).into_bytes();
    for basis in [Basis::Policy, Basis::LogKey] {
        let outcome = follow_on(basis, &log, &key, &text);
        assert_eq!(outcome, Err((Class::False, "rotation-other-genesis")));
    }
}

#[test]
fn an_updated_reader_accepts_each_key_at_its_sizes_alone() {
    let (old, new) = (log_key(LOG), log_key(NEXT));
    let text = TrustPolicy::rotated(&witnessed(), old.verifier(), new.verifier(), 5).unwrap();
    let trust = TrustPolicy::parse(&text).unwrap();
    let mut log = TestLog::new();
    while log.edge.size() < 7 {
        log.read(&format!("model@{}", log.edge.size()));
        let size = log.edge.size();
        for (key, is_old) in [(&old, true), (&new, false)] {
            let (verdict, verified) = trust.verify_log(&head(&log, &[key]), TIME);
            let counts = if is_old { size <= 5 } else { size >= 5 };
            assert_eq!(verified.is_some(), counts, "{size} {is_old}");
            let reason = match verdict.log {
                LogVerdict::Invalid(_, reason) => Some(reason),
                _ => None,
            };
            let expected = match is_old {
                true => Invalid::TooLarge { limit: 5 },
                false => Invalid::TooSmall { limit: 5 },
            };
            assert_eq!(reason, (!counts).then_some(expected));
        }
    }
    // A reader with the old file accepts the head at the rotation, and no later one.
    let old_file = TrustPolicy::parse(&witnessed()).unwrap();
    let (log, both) = good();
    assert!(old_file.verify_log(&both, TIME).1.is_some());
    assert!(old_file.verify_log(&head(&log, &[&new]), TIME).1.is_none());
}

#[test]
fn a_rotation_is_shown_in_the_history_of_the_origin() {
    let (mut log, _) = good();
    grow(&mut log, 1);
    let (old, new) = (log_key(LOG), log_key(NEXT));
    let text = TrustPolicy::rotated(&policy(), old.verifier(), new.verifier(), 5).unwrap();
    let query = HistoryQuery::new(ORIGIN, &text, options(), false).unwrap();
    let report = log.run(query);
    assert_eq!(report.class(), Class::Verified);
    let signatures = |report: &glasslog_core::Report| {
        let mut checks = report.checks.iter();
        let check = checks.find(|check| check.code == CheckCode::EventSignatures);
        check.map(|check| check.outcome)
    };
    assert_eq!(signatures(&report), Some(Outcome::Pass));
    // Without the old key, or without the admins, the operator let in what does not count.
    for (admins, logs) in [(&[ADMIN][..], &[][..]), (&[], &[&old]), (&[BOB], &[&old])] {
        let (mut log, _) = rotated(|_| (), admins, logs);
        grow(&mut log, 1);
        let query = HistoryQuery::new(ORIGIN, &text, options(), false).unwrap();
        assert_ne!(signatures(&log.run(query)), Some(Outcome::Pass));
    }
}

/// An actor who registers an artifact that is named like the log, or the text of its new key, has no rights over rotations.
#[test]
fn registrations_decide_nothing_about_the_log_itself() {
    let (old, new) = (log_key(LOG), log_key(NEXT));
    let key = new.verifier().to_string();
    let like_log = format!("{ORIGIN}@1");
    let text = TrustPolicy::rotated(&policy(), old.verifier(), new.verifier(), 5).unwrap();
    for rotates in [true, false] {
        let mut log = match rotates {
            true => good().0,
            false => TestLog::new(),
        };
        log.read(ORIGIN);
        let enrolled = log.enrol(CAROL_ID, CAROL);
        let subjects = [(like_log.as_str(), key.as_str())];
        let payload = access_payload(Action::Register, CAROL_ID, &subjects);
        let registered = log.add(&sign(payload, CAROL));
        log.revoke(CAROL_ID, CAROL, enrolled, Some(registered));
        // Of another actor, so that an event counts where nothing rotated.
        let payload = access_payload(Action::Read, BOB_ID, &subjects);
        log.add(&sign(payload, BOB));
        let policy = match rotates {
            true => {
                grow(&mut log, 1);
                text.clone()
            }
            false => {
                log.publish(&[]);
                policy()
            }
        };
        let class = |artifact: &str| {
            let query = HistoryQuery::new(artifact, &policy, options(), false).unwrap();
            let report = log.run(query);
            let mut shown = report.members.events.iter().flatten();
            assert!(shown.any(|event| event.index == registered));
            report.class()
        };
        let content = format!("sha256:{}", sha256(key.as_bytes()).to_hex());
        for of_log in [ORIGIN, &content] {
            assert_eq!(class(of_log) == Class::Verified, rotates, "{of_log}");
        }
        // The artifact is the actor's all the same.
        assert_eq!(class(&like_log), Class::Undecided, "{rotates}");
    }
}

#[test]
fn a_rotation_for_another_place_is_shown_without_effect() {
    let (old, new) = (log_key(LOG), log_key(NEXT));
    let text = TrustPolicy::rotated(&policy(), old.verifier(), new.verifier(), 5).unwrap();
    let shown = |change: fn(&mut LogKeyEvent)| {
        let (mut log, _) = rotated(change, &[ADMIN], &[&old]);
        grow(&mut log, 1);
        let query = HistoryQuery::new(ORIGIN, &text, options(), false).unwrap();
        let events = log.run(query).members.events.unwrap();
        let event = events.iter().find(|event| event.index == 4).unwrap();
        (event.no_effect, event.notes.contains(&"no-effect"))
    };
    assert_eq!(shown(|_| ()), (None, false));
    let misplaced = (Some("rotation-misplaced"), true);
    assert_eq!(shown(|event| event.size += 1), misplaced);
    assert_eq!(shown(|event| event.size -= 1), misplaced);
    let other = (Some("rotation-of-other-log"), true);
    assert_eq!(shown(|event| event.genesis = leaf_hash(b"another")), other);
}

#[test]
fn statements_that_do_not_hold() {
    let (old, third) = (log_key(LOG), log_key(THIRD));
    let cases: [(TestLog, &str); 8] = [
        (rotated(|_| (), &[ADMIN], &[]).0, "rotation-not-by-old-key"),
        (
            rotated(|_| (), &[ADMIN], &[&log_key(NEXT)]).0,
            "rotation-not-by-old-key",
        ),
        (rotated(|_| (), &[], &[&old]).0, "rotation-not-by-admins"),
        (
            rotated(|_| (), &[BOB, MALLORY], &[&old]).0,
            "rotation-not-by-admins",
        ),
        (
            rotated(|event| event.size += 1, &[ADMIN], &[&old]).0,
            "rotation-misplaced",
        ),
        (
            rotated(|event| event.size -= 1, &[ADMIN], &[&old]).0,
            "rotation-misplaced",
        ),
        (
            rotated(
                |event| event.genesis = leaf_hash(b"another"),
                &[ADMIN],
                &[&old],
            )
            .0,
            "rotation-of-other-log",
        ),
        (
            rotated(
                |event| event.old = third.verifier().clone(),
                &[ADMIN],
                &[&third],
            )
            .0,
            "rotation-of-other-key",
        ),
    ];
    for (mut log, code) in cases {
        grow(&mut log, 3);
        assert_eq!(follow(&log, &old, &witnessed()), Err((Class::False, code)));
    }
}

#[test]
fn heads_and_files_that_do_not_hold() {
    let (old, new) = (log_key(LOG), log_key(NEXT));
    let path = last_of(&old);
    let spoil = |change: &dyn Fn(&mut TestLog, Checkpoint), expected| {
        let (mut log, both) = good();
        grow(&mut log, 3);
        change(&mut log, both);
        assert_eq!(follow(&log, &old, &witnessed()), expected);
    };
    let put = |log: &mut TestLog, checkpoint: &Checkpoint| {
        log.files.insert(path.clone(), checkpoint.encode());
    };
    let at_the_rotation = |keys: &[&SignerKey]| head(&good().0, keys);
    // No head, no rotation.
    spoil(&|log, _| drop(log.files.remove(&path)), Ok(None));
    spoil(
        &|log, _| drop(log.files.insert(path.clone(), b"x".to_vec())),
        Err((Class::MalformedLog, "note-unsigned")),
    );
    spoil(
        &|log, _| put(log, &at_the_rotation(&[&new])),
        Err((Class::Undecided, "rotation-head-not-trusted")),
    );
    spoil(
        &|log, _| put(log, &at_the_rotation(&[&old])),
        Err((Class::False, "rotation-not-by-new-key")),
    );
    // Too few witnesses.
    spoil(
        &|log, both| {
            let one = witness(WITNESS_A);
            let keys = [&old, &new, &one].map(SignerKey::verifier);
            put(
                log,
                SignedCheckpoint::new(&both, &keys).unwrap().checkpoint(),
            );
        },
        Err((Class::Undecided, "rotation-head-not-trusted")),
    );
    // A line under the old key that is not its own.
    spoil(
        &|log, both| {
            let text = String::from_utf8(both.encode()).unwrap();
            let line = text.lines().nth(4).unwrap();
            let mut false_line: Vec<u8> = line.as_bytes().to_vec();
            let at = false_line.len() - 10;
            false_line[at] = if false_line[at] == b'A' { b'B' } else { b'A' };
            let text = text.replace(line, core::str::from_utf8(&false_line).unwrap());
            log.files.insert(path.clone(), text.into_bytes());
        },
        Err((Class::False, "rotation-head-false")),
    );
    // The head of a larger tree, signed by both: its last entry is none of the rotation.
    spoil(
        &|log, _| {
            let both = head(log, &[&old, &new]);
            put(log, &both);
        },
        Err((Class::False, "rotation-missing")),
    );
    // The head of another history.
    spoil(
        &|log, _| {
            let mut fork = TestLog::new();
            fork.read("model@7");
            fork.read("model@8");
            put(log, &head(&fork, &[&old, &new]));
        },
        Err((Class::False, "rotation-tree-differs")),
    );
    // A tree beyond the newest one.
    spoil(
        &|log, _| {
            let mut longer = TestLog::new();
            while longer.edge.size() < 20 {
                longer.read("model@7");
            }
            put(log, &head(&longer, &[&old, &new]));
        },
        Err((Class::Undecided, "rotation-log-too-small")),
    );
    for file in ["tile/0/000.p/8", "tile/entries/000.p/8"] {
        spoil(
            &|log, _| drop(log.files.remove(file).unwrap()),
            Err((Class::Unfinished, "missing-file")),
        );
        let (mut log, _) = good();
        grow(&mut log, 3);
        log.damage(file);
        let found = follow(&log, &old, &witnessed());
        assert!(matches!(found, Err((Class::False, _))), "{file} {found:?}");
    }
}

#[test]
fn the_genesis_that_a_reader_pins_names_the_admins() {
    let (mut log, _) = good();
    grow(&mut log, 2);
    let pinned = |hash: Hash| {
        let text = String::from_utf8(witnessed()).unwrap();
        format!("[log]\n{text}[genesis]\n{hash}\n").into_bytes()
    };
    let genesis = leaf_hash(&log.entries[0]);
    let rotation = follow(&log, &log_key(LOG), &pinned(genesis)).unwrap();
    assert!(rotation.unwrap().is_pinned);
    assert_eq!(
        follow(&log, &log_key(LOG), &pinned(leaf_hash(b"another"))),
        Err((Class::False, "rotation-other-genesis"))
    );
}

#[test]
fn a_log_admits_a_rotation_by_both_at_its_end_and_as_no_submission() {
    let (old, new) = (log_key(LOG), log_key(NEXT));
    let log = TestLog::new();
    let mut admission = Admission::new(ORIGIN);
    for (index, entry) in (0..).zip(&log.entries) {
        admission.replay(index, entry);
    }
    let at = admission.size();
    let statement = event(&log.entries[0], at, &old, &new);
    let good = signed(&statement, &[ADMIN], &[&old]);
    assert_eq!(admission.check(&good), Err(Refusal::RotationSubmitted));
    let many = admission.check_many([good.as_slice()], || None);
    assert_eq!(many, [Err(Refusal::RotationSubmitted)]);
    let refusal = |entry: &[u8]| {
        let refusal = admission.check_rotation(entry, old.verifier());
        refusal.unwrap_err().code()
    };
    for (entry, code) in [
        (signed(&statement, &[ADMIN], &[]), "rotation-not-by-old-key"),
        (signed(&statement, &[], &[&old]), "rotation-not-by-admins"),
        (
            signed(&statement, &[ALICE], &[&old]),
            "rotation-not-by-admins",
        ),
        (
            signed(&statement, &[ADMIN, ALICE], &[&old]),
            "event-unknown-key",
        ),
        (
            signed(&statement, &[ADMIN], &[&old, &log_key(THIRD)]),
            "event-unknown-key",
        ),
        (
            signed(
                &event(&log.entries[0], at + 1, &old, &new),
                &[ADMIN],
                &[&old],
            ),
            "rotation-misplaced",
        ),
        (log.entries[1].clone(), "rotation-missing"),
        (b"x".to_vec(), "json-syntax"),
    ] {
        assert_eq!(refusal(&entry), code);
    }
    let of_third = admission.check_rotation(&good, log_key(THIRD).verifier());
    assert!(matches!(
        of_third,
        Err(Refusal::Rotation(RotationError::OtherKey { .. }))
    ));
    let admitted = admission.check_rotation(&good, old.verifier()).unwrap();
    admission.apply(at, &admitted);
    assert_eq!(admission.log_key(), Some(new.verifier()));
    // The key that was ended ends nothing more, whatever an operator lets in.
    let again = event(&log.entries[0], at + 1, &old, &log_key(THIRD));
    admission.replay(at + 1, &signed(&again, &[ADMIN], &[&old]));
    assert_eq!(admission.log_key(), Some(new.verifier()));
    let next = event(&log.entries[0], at + 2, &new, &log_key(THIRD));
    admission.replay(at + 2, &signed(&next, &[ADMIN], &[&new]));
    assert_eq!(admission.log_key(), Some(log_key(THIRD).verifier()));
}

#[test]
fn keys_of_both_algorithms_rotate() {
    let new = note_key(ORIGIN, SignatureType::SubtreeV1, NEXT);
    let (mut log, _) = good();
    let statement = event(&log.entries[0], log.edge.size(), &log_key(NEXT), &new);
    log.add(&signed(&statement, &[ADMIN], &[&log_key(NEXT)]));
    let both = head(&log, &[&log_key(NEXT), &new]);
    log.files.insert(last_of(&log_key(NEXT)), both.encode());
    let back = event(&log.entries[0], log.edge.size(), &new, &log_key(THIRD));
    log.add(&signed(&back, &[ADMIN], &[&new]));
    let both = head(&log, &[&new, &log_key(THIRD)]);
    log.files.insert(last_of(&new), both.encode());
    log.publish(&[]);
    let mut text = witnessed();
    let mut key = log_key(LOG).verifier().clone();
    let mut sizes = Vec::new();
    loop {
        let trust = TrustPolicy::parse(&text).unwrap();
        let mut query = RotationQuery::new(key.clone(), trust, log.edge.head(), TIME + 60);
        while let Some(path) = query.needs().first().cloned() {
            query.supply(&path, log.files.get(&path).cloned());
        }
        let Some(rotation) = query.outcome().unwrap().clone().unwrap() else {
            break;
        };
        text = TrustPolicy::rotated(&text, &rotation.old, &rotation.new, rotation.size).unwrap();
        sizes.push(rotation.size);
        key = rotation.new;
    }
    assert_eq!(sizes, [5, 6, 7]);
    assert_eq!(&key, log_key(THIRD).verifier());
}
