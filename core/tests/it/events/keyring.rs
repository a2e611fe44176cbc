//! Keys by log position: each rule once, and its reason.

use super::fixture::*;
use glasslog_core::event::{self, KeyEvent, ParsedEntry};
use glasslog_core::merkle::{Hash, leaf_hash};
use glasslog_core::rules::{KeyEffect, Keyring, NoEffect, SignatureStatus};

const WHO: &str = "ci@example.org";

fn parse(entry: &[u8]) -> ParsedEntry {
    event::parse(entry).unwrap()
}

fn ring(admins: &[u8], threshold: usize) -> Keyring {
    let genesis = sign(&genesis_event(admins, threshold).to_statement(), admins);
    Keyring::from_genesis(ORIGIN, &parse(&genesis)).unwrap()
}

fn one_admin() -> Keyring {
    ring(&[ADMIN], 1)
}

fn reason(effect: KeyEffect) -> &'static str {
    match effect {
        KeyEffect::Enrolled => "enrolled",
        KeyEffect::Revoked => "revoked",
        KeyEffect::Amended => "amended",
        KeyEffect::None(reason) => {
            assert!(!reason.to_string().is_empty());
            reason.code()
        }
    }
}

fn status(ring: &Keyring, index: u64, entry: &[u8]) -> &'static str {
    ring.judge(index, &parse(entry)).as_str()
}

#[test]
fn a_key_is_valid_between_enrolment_and_revocation() {
    let mut ring = one_admin();
    let (enrol, read) = (enrol(WHO, CI), read(WHO, 1, &[CI]));
    assert_eq!(status(&ring, 9, &read), "unknown-key");
    assert_eq!(ring.apply(5, &parse(&enrol)), KeyEffect::Enrolled);
    assert_eq!(
        reason(ring.apply(9, &parse(&revoke(WHO, CI, &enrol)))),
        "revoked"
    );
    for (index, expected) in [
        (4, "unknown-key"),
        (5, "unknown-key"),
        (6, "valid"),
        (8, "valid"),
        (9, "valid"),
        (10, "revoked-key"),
        (u64::MAX, "revoked-key"),
    ] {
        assert_eq!(status(&ring, index, &read), expected, "index {index}");
    }
    let key = &ring.keys()[&keyid(CI)];
    assert_eq!((key.enrolled_at, key.enrolment), (5, leaf_hash(&enrol)));
    assert_eq!(
        key.revoked.as_ref().unwrap().reason.as_deref(),
        Some("laptop stolen")
    );
}

#[test]
fn compromised_since_withdraws_events_before_the_revocation() {
    let enrol = enrol(WHO, CI);
    let read = read(WHO, 1, &[CI]);
    for (since, expected) in [
        (None, ["valid", "valid", "valid", "revoked-key"]),
        (
            Some(0),
            ["compromised", "compromised", "compromised", "revoked-key"],
        ),
        (
            Some(4),
            ["valid", "compromised", "compromised", "revoked-key"],
        ),
        (Some(7), ["valid", "valid", "compromised", "revoked-key"]),
        // Beyond the log's end it names no event, and the key is revoked all the same.
        (Some(8), ["valid", "valid", "valid", "revoked-key"]),
        (
            Some(i64::MAX.unsigned_abs()),
            ["valid", "valid", "valid", "revoked-key"],
        ),
    ] {
        let mut ring = one_admin();
        ring.apply(1, &parse(&enrol));
        let event = KeyEvent {
            compromised_since: since,
            ..revocation(WHO, CI, &enrol)
        };
        let revoke = sign(&event.to_statement(), &[ADMIN]);
        assert_eq!(reason(ring.apply(8, &parse(&revoke))), "revoked");
        let found = [2, 5, 8, 9].map(|index| status(&ring, index, &read));
        assert_eq!(found, expected, "since {since:?}");
    }
}

/// The prefix before an event decides for good; a later statement withdraws the event from its own index on.
#[test]
fn a_compromised_event_counts_up_to_the_statement() {
    let mut ring = one_admin();
    let enrol = enrol(WHO, CI);
    let revoke = revoke(WHO, CI, &enrol);
    let first = amend(WHO, CI, &revoke, 5);
    let second = amend(WHO, CI, &first, 3);
    ring.apply(1, &parse(&enrol));
    ring.apply(8, &parse(&revoke));
    assert_eq!(reason(ring.apply(10, &parse(&first))), "amended");
    assert_eq!(reason(ring.apply(12, &parse(&second))), "amended");
    let read = parse(&read(WHO, 1, &[CI]));
    for (index, withdrawn_at) in [
        (2, None),
        (3, Some(12)),
        (4, Some(12)),
        (5, Some(10)),
        (7, Some(10)),
    ] {
        let status = ring.judge(index, &read);
        assert_eq!(status.withdrawn_at(), withdrawn_at, "{index}");
        assert_eq!(status.then(), "valid", "{index}");
        assert_eq!(status.is_valid(), withdrawn_at.is_none(), "{index}");
        assert!(status.had_effect(), "{index}");
        for size in index..20 {
            let counts = withdrawn_at.is_none_or(|at| size <= at);
            assert_eq!(status.counts_at(size), counts, "{index} of {size}");
        }
    }
    assert_eq!(ring.judge(9, &read).as_str(), "revoked-key");
    assert!(!ring.judge(9, &read).counts_at(20));
    let revoked = ring.keys()[&keyid(CI)].revoked.as_ref().unwrap();
    assert_eq!(revoked.compromised_since(), Some(3));
    assert_eq!((revoked.at, revoked.latest), (8, leaf_hash(&second)));
}

#[test]
fn an_amendment_lowers_and_never_raises() {
    let mut ring = one_admin();
    let enrol = enrol(WHO, CI);
    let revoke = revoke(WHO, CI, &enrol);
    let mut apply = |index, entry: &[u8]| reason(ring.apply(index, &parse(entry)));
    assert_eq!(apply(1, &amend(WHO, CI, &enrol, 1)), "key-not-enrolled");
    assert_eq!(apply(2, &enrol), "enrolled");
    assert_eq!(apply(3, &amend(WHO, CI, &enrol, 2)), "key-not-revoked");
    assert_eq!(apply(4, &revoke), "revoked");
    let other = "key-of-another-revocation";
    assert_eq!(apply(5, &amend(WHO, CI, &enrol, 3)), other);
    let eve = amend("eve@example.org", CI, &revoke, 3);
    assert_eq!(apply(6, &eve), "key-of-another-actor");
    let beyond = "key-compromise-beyond-end";
    assert_eq!(apply(7, &amend(WHO, CI, &revoke, 7)), beyond);
    assert_eq!(
        apply(7, &amend(WHO, CI, &revoke, u64::from(u32::MAX))),
        beyond
    );
    let first = amend(WHO, CI, &revoke, 6);
    assert_eq!(apply(8, &first), "amended");
    assert_eq!(apply(9, &first), "key-event-replayed");
    assert_eq!(apply(10, &amend(WHO, CI, &revoke, 5)), other);
    let same = "key-compromise-not-lowered";
    assert_eq!(apply(11, &amend(WHO, CI, &first, 6)), same);
    assert_eq!(apply(12, &amend(WHO, CI, &first, 9)), same);
    let second = amend(WHO, CI, &first, 0);
    assert_eq!(apply(13, &second), "amended");
    assert_eq!(apply(14, &amend(WHO, CI, &second, 0)), same);
}

/// Of several signatures the one that counts longest decides.
#[test]
fn an_event_counts_as_long_as_one_signature_does() {
    let mut ring = one_admin();
    let (one, two) = (enrol(WHO, CI), enrol(WHO, OPS));
    ring.apply(1, &parse(&one));
    ring.apply(2, &parse(&two));
    let both = parse(&read(WHO, 1, &[CI, OPS]));
    let since = |seed, enrolled: &[u8]| {
        let event = KeyEvent {
            compromised_since: Some(3),
            ..revocation(WHO, seed, enrolled)
        };
        parse(&sign(&event.to_statement(), &[ADMIN]))
    };
    ring.apply(5, &since(OPS, &two));
    let status = ring.judge(3, &both);
    assert_eq!(
        (status.as_str(), status.keyid()),
        ("valid", Some(&*keyid(CI)))
    );
    ring.apply(7, &since(CI, &one));
    let status = ring.judge(3, &both);
    assert_eq!(status.withdrawn_at(), Some(7));
    assert_eq!(status.keyid(), Some(&*keyid(CI)));
}

/// A key that was enrolled later was unknown then, and stays so: the verdict does not change.
#[test]
fn a_later_enrolment_changes_no_verdict() {
    let mut ring = one_admin();
    ring.apply(1, &parse(&enrol(WHO, CI)));
    let beside = falsify(&read(WHO, 1, &[CI, OPS]), &[OPS]);
    let alone = falsify(&read(WHO, 2, &[OPS]), &[OPS]);
    let before = [status(&ring, 2, &beside), status(&ring, 3, &alone)];
    assert_eq!(before, ["valid", "unknown-key"]);
    ring.apply(4, &parse(&enrol(WHO, OPS)));
    assert_eq!(
        before,
        [status(&ring, 2, &beside), status(&ring, 3, &alone)]
    );
    assert_eq!(status(&ring, 5, &alone), "invalid");
}

#[test]
fn the_first_enrolment_binds_and_a_revocation_is_final() {
    let mut ring = one_admin();
    let first = enrol(WHO, CI);
    let second = enrol("eve@example.org", CI);
    assert_eq!(reason(ring.apply(1, &parse(&first))), "enrolled");
    assert_eq!(
        ring.apply(2, &parse(&second)),
        KeyEffect::None(NoEffect::AlreadyEnrolled { at: 1 })
    );
    // A revocation names the enrolment in force, and its actor.
    let stale = revoke(WHO, CI, &second);
    assert_eq!(
        ring.apply(3, &parse(&stale)),
        KeyEffect::None(NoEffect::OtherEnrolment {
            current: leaf_hash(&first)
        })
    );
    let of_eve = revoke("eve@example.org", CI, &first);
    assert_eq!(
        ring.apply(4, &parse(&of_eve)),
        KeyEffect::None(NoEffect::OtherActor {
            enrolled: WHO.into()
        })
    );
    assert_eq!(
        reason(ring.apply(5, &parse(&revoke(WHO, CI, &first)))),
        "revoked"
    );
    let again = KeyEvent {
        reason: Some("again".into()),
        ..revocation(WHO, CI, &first)
    };
    assert_eq!(
        ring.apply(6, &parse(&sign(&again.to_statement(), &[ADMIN]))),
        KeyEffect::None(NoEffect::AlreadyRevoked { at: 5 })
    );
    let anew = KeyEvent {
        reason: Some("found it".into()),
        ..enrolment(WHO, CI)
    };
    assert_eq!(
        ring.apply(7, &parse(&sign(&anew.to_statement(), &[ADMIN]))),
        KeyEffect::None(NoEffect::AlreadyRevoked { at: 5 })
    );
    assert_eq!(status(&ring, 8, &read(WHO, 1, &[CI])), "revoked-key");
}

#[test]
fn admins_in_force_sign() {
    let mut ring = ring(&[10, 11, 12], 2);
    let enrol = |seeds: &[u8]| parse(&sign(&enrolment(WHO, CI).to_statement(), seeds));
    for (seeds, expected) in [
        (&[][..], "key-event-not-by-admins"),
        (&[10], "key-event-not-by-admins"),
        (&[10, CI], "key-event-not-by-admins"),
        (&[ADMIN, CI], "key-event-not-by-admins"),
    ] {
        assert_eq!(reason(ring.apply(1, &enrol(seeds))), expected, "{seeds:?}");
    }
    let statuses = [&[][..], &[10], &[CI], &[12, 10], &[CI, 11, 12]]
        .map(|seeds| ring.judge(3, &enrol(seeds)).as_str());
    assert_eq!(
        statuses,
        ["none", "unknown-key", "unknown-key", "valid", "valid"]
    );
    let good = sign(&enrolment(WHO, CI).to_statement(), &[10, 11, 12]);
    let falsified = parse(&falsify(&good, &[11]));
    assert_eq!(reason(ring.apply(2, &falsified)), "key-event-bad-signature");
    assert_eq!(ring.judge(2, &falsified).as_str(), "invalid");
    // The refused events above consumed no payload.
    assert_eq!(reason(ring.apply(3, &enrol(&[10, 12]))), "enrolled");
    assert_eq!(
        ring.apply(4, &enrol(&[10, 11])),
        KeyEffect::None(NoEffect::Replayed { first: 3 })
    );
}

#[test]
fn other_reasons() {
    let mut ring = one_admin();
    let foreign = KeyEvent {
        log: "other.example".into(),
        ..enrolment(WHO, CI)
    };
    assert_eq!(
        reason(ring.apply(1, &parse(&sign(&foreign.to_statement(), &[ADMIN])))),
        "key-event-for-other-log"
    );
    assert_eq!(
        reason(ring.apply(2, &parse(&enrol("admin", ADMIN)))),
        "key-is-an-admins"
    );
    assert_eq!(
        reason(ring.apply(3, &parse(&revoke(WHO, CI, b"nothing")))),
        "key-not-enrolled"
    );
    assert_eq!(
        reason(ring.apply(4, &parse(&read(WHO, 1, &[CI])))),
        "not-a-key-event"
    );
    assert_eq!(reason(ring.apply(5, &parse(&genesis()))), "not-a-key-event");
    assert!(ring.keys().is_empty());
}

#[test]
fn a_payload_counts_at_its_first_position_even_without_effect() {
    let mut ring = one_admin();
    let enrolled = enrol(WHO, CI);
    let early = revoke(WHO, CI, &enrolled);
    assert_eq!(reason(ring.apply(1, &parse(&early))), "key-not-enrolled");
    assert_eq!(reason(ring.apply(2, &parse(&enrolled))), "enrolled");
    assert_eq!(
        ring.apply(3, &parse(&early)),
        KeyEffect::None(NoEffect::Replayed { first: 1 })
    );
    assert_eq!(status(&ring, 4, &read(WHO, 1, &[CI])), "valid");
}

#[test]
fn statuses_of_access_events() {
    let mut ring = one_admin();
    ring.apply(1, &parse(&enrol(WHO, CI)));
    ring.apply(2, &parse(&enrol("ops@example.org", OPS)));
    let good = read(WHO, 1, &[CI]);
    for (entry, expected) in [
        (good.clone(), "valid"),
        (read(WHO, 1, &[]), "none"),
        (read(WHO, 1, &[9]), "unknown-key"),
        (read(WHO, 1, &[ADMIN]), "unknown-key"),
        (read(WHO, 1, &[OPS]), "actor-mismatch"),
        (read(WHO, 1, &[OPS, CI]), "valid"),
        (read(WHO, 1, &[9, CI]), "valid"),
        (falsify(&good, &[CI]), "invalid"),
        (falsify(&read(WHO, 1, &[CI, OPS]), &[OPS]), "invalid"),
        // The signature of an unknown key cannot be verified.
        (falsify(&read(WHO, 1, &[CI, 9]), &[9]), "valid"),
    ] {
        assert_eq!(status(&ring, 3, &entry), expected);
    }
    let mut foreign = access(glasslog_core::event::Action::Read, WHO, 1);
    foreign.log = "other.example".into();
    let foreign = sign(&foreign.to_statement(&[subject("a")]), &[CI]);
    assert_eq!(
        ring.judge(3, &parse(&foreign)),
        SignatureStatus::OtherLog {
            claimed: "other.example".into()
        }
    );
    assert_eq!(status(&ring, 3, &falsify(&foreign, &[CI])), "invalid");
}

#[test]
fn statuses_of_other_events() {
    let mut ring = one_admin();
    ring.apply(1, &parse(&enrol(WHO, CI)));
    assert_eq!(status(&ring, 0, &genesis()), "valid");
    assert_eq!(status(&ring, 5, &genesis()), "unknown-key");
    assert_eq!(status(&ring, 0, &falsify(&genesis(), &[ADMIN])), "invalid");
    assert_eq!(status(&ring, 1, &enrol(WHO, CI)), "valid");

    let payload = parse(&read(WHO, 1, &[])).envelope.payload().to_vec();
    let payload = String::from_utf8(payload).unwrap();
    let other = payload.replace("artifact-access/v1", "something-else/v1");
    let sign = |text: &str| sign_bytes(text.as_bytes(), &[CI]);
    assert_eq!(status(&ring, 3, &sign(&other)), "valid");
    assert_eq!(
        status(&ring, 3, &sign(&other.replace(ORIGIN, "x"))),
        "other-log"
    );
    assert_eq!(
        status(&ring, 3, &sign(&other.replace("\"log\"", "\"lag\""))),
        "other-log"
    );
}

#[test]
fn a_genesis_of_another_log_starts_nothing() {
    let entry = parse(&genesis());
    assert_eq!(
        Keyring::from_genesis("other.example", &entry).map_err(|error| error.code()),
        Err("genesis-other-log")
    );
    assert_eq!(
        Keyring::from_genesis(ORIGIN, &parse(&enrol(WHO, CI))).map_err(|error| error.code()),
        Err("genesis-missing")
    );
}

#[test]
fn acts_on_any_leaf_but_the_enrolment_does_nothing() {
    let mut ring = one_admin();
    ring.apply(1, &parse(&enrol(WHO, CI)));
    let event = KeyEvent {
        acts_on: Some(Hash::from_bytes([0; 32])),
        ..revocation(WHO, CI, b"")
    };
    let effect = ring.effect(2, &parse(&sign(&event.to_statement(), &[ADMIN])));
    assert_eq!(reason(effect), "key-of-another-enrolment");
}

/// The example at the top of docs/formats/valid-signature.md.
#[test]
fn the_example_of_the_format_page() {
    let (a, b, c) = (10, 11, 12);
    let eve = "eve@example.org";
    let enrolled = sign(&enrolment(WHO, CI).to_statement(), &[a, b]);
    let since = KeyEvent {
        compromised_since: Some(5),
        ..revocation(WHO, CI, &enrolled)
    };
    let log = [
        (
            sign(&genesis_event(&[a, b, c], 2).to_statement(), &[a, b, c]),
            "valid",
        ),
        (enrolled, "valid"),
        (read(WHO, 1, &[CI]), "valid"),
        (read(eve, 2, &[CI]), "actor-mismatch"),
        (sign(&enrolment(eve, CI).to_statement(), &[a, c]), "valid"),
        (read(WHO, 3, &[CI]), "compromised"),
        (sign(&since.to_statement(), &[a, b]), "valid"),
        (read(WHO, 4, &[CI]), "revoked-key"),
    ];
    let mut ring = ring(&[a, b, c], 2);
    let effects: Vec<&str> = (1..8)
        .map(|index| reason(ring.apply(index, &parse(&log[index as usize].0))))
        .filter(|effect| *effect != "not-a-key-event")
        .collect();
    assert_eq!(effects, ["enrolled", "key-already-enrolled", "revoked"]);
    for (index, (entry, expected)) in log.iter().enumerate() {
        assert_eq!(
            status(&ring, index as u64, entry),
            *expected,
            "index {index}"
        );
    }
}
