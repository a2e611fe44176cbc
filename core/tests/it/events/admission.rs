//! Admission: each refusal with its class, and the order of the checks.

use super::fixture::*;
use glasslog_core::event::{Action, GenesisError, KeyEvent, Outcome};
use glasslog_core::rules::{Admission, Refusal, RefusalClass};
use glasslog_core::text::limits::MAX_ENTRY;

const WHO: &str = "ci@example.org";

/// A log with a genesis and two enrolled actors.
fn admission() -> Admission {
    let mut admission = Admission::new(ORIGIN);
    for entry in [genesis(), enrol(WHO, CI), enrol("ops@example.org", OPS)] {
        admit(&mut admission, &entry);
    }
    admission
}

fn admit(admission: &mut Admission, entry: &[u8]) -> u64 {
    let admitted = admission.check(entry).unwrap();
    let index = admission.size();
    admission.apply(index, &admitted);
    index
}

fn refuse(admission: &Admission, entry: &[u8]) -> (&'static str, RefusalClass) {
    let refusal = admission.check(entry).unwrap_err();
    assert!(!refusal.to_string().is_empty());
    (refusal.code(), refusal.class())
}

#[test]
fn a_log_begins_with_its_genesis() {
    let empty = Admission::new(ORIGIN);
    assert!(empty.check(&genesis()).is_ok());
    assert_eq!(
        refuse(&empty, &read(WHO, 1, &[CI])),
        ("genesis-missing", RefusalClass::Malformed)
    );
    assert_eq!(
        refuse(&empty, &enrol(WHO, CI)),
        ("genesis-missing", RefusalClass::Malformed)
    );
    let event = genesis_event(&[ADMIN, 7], 1);
    assert_eq!(
        refuse(&empty, &sign(&event.to_statement(), &[ADMIN])),
        ("genesis-unsigned", RefusalClass::Signature)
    );
    assert_eq!(
        refuse(&empty, &falsify(&genesis(), &[ADMIN])),
        ("genesis-bad-signature", RefusalClass::Signature)
    );
    let event = genesis_event(&[ADMIN], 1);
    assert_eq!(
        refuse(&empty, &sign(&event.to_statement(), &[ADMIN, CI])),
        ("event-unknown-key", RefusalClass::Untrusted)
    );
    let other = Admission::new("other.example");
    assert_eq!(
        refuse(&other, &genesis()),
        ("genesis-other-log", RefusalClass::Malformed)
    );
    assert_eq!(
        other.check(&genesis()),
        Err(Refusal::Genesis(GenesisError::OtherLog {
            claimed: ORIGIN.into(),
            expected: "other.example".into()
        }))
    );
    assert_eq!(
        refuse(&admission(), &genesis()),
        ("genesis-second", RefusalClass::Malformed)
    );
}

#[test]
fn malformed_entries() {
    let admission = admission();
    let good = read(WHO, 1, &[CI]);
    let text = String::from_utf8(good.clone()).unwrap();
    assert!(admission.check(&good).is_ok());
    for (entry, expected) in [
        (
            vec![b' '; MAX_ENTRY + 1],
            ("entry-too-large", RefusalClass::TooLarge),
        ),
        (
            vec![b' '; MAX_ENTRY],
            ("json-syntax", RefusalClass::Malformed),
        ),
        (Vec::new(), ("json-syntax", RefusalClass::Malformed)),
        (vec![0xff], ("json-not-utf8", RefusalClass::Malformed)),
        (
            [&good[..], b"\n"].concat(),
            ("envelope-not-canonical", RefusalClass::Malformed),
        ),
        (
            text.replace("in-toto+json", "in-toto+cbor").into_bytes(),
            ("envelope-payload-type", RefusalClass::Malformed),
        ),
    ] {
        assert_eq!(refuse(&admission, &entry), expected);
    }
    let mut event = access(Action::Write, WHO, 1);
    event.reason = None;
    let payload = event.to_statement(&[subject("a@1")]).encode();
    assert_eq!(
        refuse(&admission, &sign_bytes(&payload, &[CI])),
        ("access-reason-missing", RefusalClass::Malformed)
    );
    let payload = String::from_utf8(
        access(Action::Read, WHO, 1)
            .to_payload(&[subject("a@1")])
            .unwrap(),
    )
    .unwrap();
    let unknown = payload.replace("artifact-access/v1", "artifact-access/v2");
    assert_eq!(
        refuse(&admission, &sign_bytes(unknown.as_bytes(), &[CI])),
        ("predicate-type-unknown", RefusalClass::Malformed)
    );
}

#[test]
fn signatures_and_keys() {
    let mut admission = admission();
    let good = read(WHO, 1, &[CI]);
    for (entry, expected) in [
        (
            read(WHO, 1, &[]),
            ("event-unsigned", RefusalClass::Signature),
        ),
        (
            falsify(&good, &[CI]),
            ("event-bad-signature", RefusalClass::Signature),
        ),
        (
            read(WHO, 1, &[9]),
            ("event-unknown-key", RefusalClass::Untrusted),
        ),
        (
            read(WHO, 1, &[ADMIN]),
            ("event-unknown-key", RefusalClass::Untrusted),
        ),
        (
            read(WHO, 1, &[OPS]),
            ("event-actor-mismatch", RefusalClass::Untrusted),
        ),
        // A signature by an unknown key, next to a good one, would put the entry into the index under that key.
        (
            read(WHO, 1, &[CI, 9]),
            ("event-unknown-key", RefusalClass::Untrusted),
        ),
        (
            falsify(&read(WHO, 1, &[CI, OPS]), &[OPS]),
            ("event-bad-signature", RefusalClass::Signature),
        ),
    ] {
        assert_eq!(refuse(&admission, &entry), expected);
    }
    assert!(admission.check(&read(WHO, 1, &[OPS, CI])).is_ok());
    assert_eq!(
        admission
            .check(&read(WHO, 1, &[OPS]))
            .unwrap_err()
            .to_string(),
        format!(
            "identity mismatch: key `{}` is enrolled for `ops@example.org`, not `{WHO}`",
            keyid(OPS)
        )
    );

    let mut foreign = access(Action::Read, WHO, 1);
    foreign.log = "other.example".into();
    let foreign = sign(&foreign.to_statement(&[subject("a@1")]), &[CI]);
    assert_eq!(
        refuse(&admission, &foreign),
        ("event-for-other-log", RefusalClass::Untrusted)
    );
    assert_eq!(
        refuse(&admission, &falsify(&foreign, &[CI])),
        ("event-bad-signature", RefusalClass::Signature)
    );

    let at = admit(&mut admission, &revoke(WHO, CI, &enrol(WHO, CI)));
    assert_eq!(
        admission.check(&good),
        Err(Refusal::RevokedKey {
            keyid: keyid(CI),
            at
        })
    );
    assert_eq!(
        refuse(&admission, &good),
        ("event-revoked-key", RefusalClass::Untrusted)
    );
    assert_eq!(
        refuse(&admission, &read("ops@example.org", 1, &[OPS, CI])),
        ("event-revoked-key", RefusalClass::Untrusted)
    );
}

#[test]
fn key_events() {
    let mut admission = Admission::new(ORIGIN);
    let event = genesis_event(&[10, 11, 12], 2);
    admit(&mut admission, &sign(&event.to_statement(), &[10, 11, 12]));
    let enrol = |seeds: &[u8]| sign(&enrolment(WHO, CI).to_statement(), seeds);
    for (entry, expected) in [
        (enrol(&[]), ("event-unsigned", RefusalClass::Signature)),
        (
            enrol(&[10]),
            ("event-not-by-admins", RefusalClass::Untrusted),
        ),
        (enrol(&[CI]), ("event-unknown-key", RefusalClass::Untrusted)),
        (
            enrol(&[10, 11, CI]),
            ("event-unknown-key", RefusalClass::Untrusted),
        ),
        (
            falsify(&enrol(&[10, 11, 12]), &[12]),
            ("event-bad-signature", RefusalClass::Signature),
        ),
    ] {
        assert_eq!(refuse(&admission, &entry), expected);
    }
    let first = enrol(&[10, 12]);
    admit(&mut admission, &first);
    assert_eq!(
        refuse(&admission, &enrol(&[10, 11])),
        ("event-replayed", RefusalClass::Conflict)
    );
    let again = KeyEvent {
        reason: Some("again".into()),
        ..enrolment(WHO, CI)
    };
    let again = sign(&again.to_statement(), &[10, 12]);
    assert_eq!(
        refuse(&admission, &again),
        ("key-already-enrolled", RefusalClass::Conflict)
    );
    let admins = sign(&enrolment("admin", 11).to_statement(), &[10, 12]);
    assert_eq!(
        refuse(&admission, &admins),
        ("key-is-an-admins", RefusalClass::Conflict)
    );
    let stale = sign(&revocation(WHO, CI, b"x").to_statement(), &[10, 12]);
    assert_eq!(
        refuse(&admission, &stale),
        ("key-of-another-enrolment", RefusalClass::Conflict)
    );
    let revoke = sign(&revocation(WHO, CI, &first).to_statement(), &[10, 12]);
    assert_eq!(admit(&mut admission, &revoke), 2);
}

#[test]
fn one_payload_has_one_position() {
    let mut admission = admission();
    let good = read(WHO, 1, &[CI]);
    let checked = admission.check(&good).unwrap();
    let at = admit(&mut admission, &good);
    let other = read(WHO, 1, &[CI, OPS]);
    assert_eq!(
        admission.check(&other),
        Err(Refusal::Replayed { first: at })
    );
    assert_eq!(
        refuse(&admission, &other),
        ("event-replayed", RefusalClass::Conflict)
    );
    // The same envelope has the same leaf hash: the log answers with its index, and does not ask.
    assert_eq!(
        *checked.leaf_hash(),
        glasslog_core::merkle::leaf_hash(&good)
    );
    assert!(admission.check(&read(WHO, 2, &[CI])).is_ok());
}

#[test]
fn the_first_registration_binds() {
    let mut admission = admission();
    let at = admit(&mut admission, &register("m@1", &["x", "y"], 1, &[CI]));
    for (name, contents, fine) in [
        ("m@1", &["y", "x"][..], true),
        ("m@1", &["x"], false),
        ("m@1", &["x", "y", "z"], false),
        ("m@1", &["z"], false),
        ("m@2", &["z"], true),
        ("m", &["z"], true),
        ("@m", &["z"], true),
    ] {
        let entry = register_again(name, contents, 2, &[CI]);
        let found = admission.check(&entry).map(|_| ());
        let conflict = Refusal::RegisterConflict {
            name: name.into(),
            first: at,
        };
        assert_eq!(
            found,
            if fine { Ok(()) } else { Err(conflict) },
            "{name} {contents:?}"
        );
    }
    assert_eq!(
        refuse(&admission, &register_again("m@1", &["z"], 2, &[CI])),
        ("register-conflict", RefusalClass::Conflict)
    );
    // The same again binds nothing new.
    admit(
        &mut admission,
        &register_again("m@1", &["x", "y"], 7, &[CI]),
    );
    assert_eq!(
        admission
            .registrations()
            .binding("m@1")
            .map(|bound| bound.at),
        Some(at)
    );
    // Names without a version are bound to nothing, and a denied registration binds nothing.
    admit(&mut admission, &register_again("m", &["a"], 3, &[CI]));
    admit(&mut admission, &register_again("m", &["b"], 4, &[CI]));
    let mut denied = access(Action::Register, WHO, 5);
    denied.outcome = Outcome::Denied;
    admit(
        &mut admission,
        &sign(&denied.to_statement(&[subject("n@1")]), &[CI]),
    );
    admit(&mut admission, &register("n@1", &["other"], 6, &[CI]));
}

#[test]
fn a_registration_states_whether_its_name_is_new() {
    let mut admission = admission();
    let missing = ("register-new-name-missing", RefusalClass::Conflict);
    let wrong = ("register-new-name-false", RefusalClass::Conflict);
    let first = register("m@1", &["x"], 1, &[CI]);
    assert_eq!(
        refuse(&admission, &register_again("m@1", &["x"], 1, &[CI])),
        missing
    );
    // A name without a version gets no owner.
    assert_eq!(refuse(&admission, &register("m", &["x"], 1, &[CI])), wrong);
    // Two entries of one batch cannot both be the first.
    let second = register("m@2", &["x"], 2, &[CI]);
    let checked = admission.check(&second).unwrap();
    admit(&mut admission, &first);
    let refusal = admission.check_again(&checked).unwrap_err();
    assert_eq!((refusal.code(), refusal.class()), wrong);
    assert_eq!(refuse(&admission, &second), wrong);
    admit(&mut admission, &register_again("m@2", &["x"], 3, &[CI]));
}

#[test]
fn replay_rebuilds_the_state() {
    let entries = [
        genesis(),
        enrol(WHO, CI),
        register("m@1", &["x"], 1, &[CI]),
        read(WHO, 2, &[CI]),
        revoke(WHO, CI, &enrol(WHO, CI)),
    ];
    let mut live = Admission::new(ORIGIN);
    let mut rebuilt = Admission::new(ORIGIN);
    for (index, entry) in entries.iter().enumerate() {
        admit(&mut live, entry);
        rebuilt.replay(index as u64, entry);
    }
    assert_eq!(live, rebuilt);
    rebuilt.replay(5, b"unreadable");
    assert_eq!(rebuilt.size(), 6);
}
