//! Entries that an operator should not have let in, and what the admins' acknowledgement of them changes
//! (`docs/formats/valid-signature.md`, "Faulty entries").

use glasslog_core::event::{self, Acknowledgement, Action, Envelope};
use glasslog_core::merkle::{Hash, leaf_hash};
use glasslog_core::report::{Class, Outcome, Report};
use glasslog_core::rules::Admission;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::{EntryQuery, HistoryQuery};

use crate::by_index::world::{World, accepting, indexed, scanning};
use crate::support::*;

const ALICE_ID: &str = "alice@example.com";

fn acknowledgement(entries: &[(u64, Hash)], reason: &str) -> Vec<u8> {
    let event = Acknowledgement {
        log: ORIGIN.into(),
        entries: entries.to_vec(),
        reason: reason.into(),
    };
    event::encode(&event.to_statement()).unwrap()
}

fn acknowledge(log: &mut TestLog, index: u64) -> u64 {
    let leaf = leaf_hash(&log.entries[index as usize]);
    log.add(&sign(acknowledgement(&[(index, leaf)], "known"), ADMIN))
}

/// The same history by a scan and by the index, which must agree; the report of the scan.
fn history(world: &mut World, artifact: &str) -> Report {
    world.publish();
    let found = world.history_with(artifact, &indexed(), accepting());
    let scanned = world.history_with(artifact, &indexed(), scanning());
    assert_eq!(found.class(), scanned.class(), "{artifact}");
    assert_eq!(found.members, scanned.members, "{artifact}");
    for code in ["readable", "event-signatures"] {
        assert_eq!(outcome(&found, code), outcome(&scanned, code), "{code}");
        assert_eq!(detail(&found, code), detail(&scanned, code), "{code}");
    }
    scanned
}

fn audit(log: &mut TestLog) -> Report {
    log.publish(&[]);
    log.run(AuditQuery::new(&policy(), options(), None))
}

/// Entries that no admission takes: each proves that the operator let it in.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let genuine = access(Action::Read, ALICE_ID, ALICE, &[("m@1", "one")]);
    let text = String::from_utf8(genuine).unwrap();
    vec![
        ("white space", text.replacen(":", ": ", 1).into_bytes()),
        ("a line feed", format!("{text}\n").into_bytes()),
        ("an empty entry", Vec::new()),
        (
            "a detached entry",
            br#"{"payloadDigest":"sha256:00","signatures":[]}"#.to_vec(),
        ),
        ("noise", b"\xff\x00".to_vec()),
    ]
}

#[test]
fn unreadable_is_not_nothing() {
    for (name, entry) in unreadable() {
        let mut world = World::new(TestLog::new());
        world.log.read("m@1");
        assert_eq!(history(&mut world, "m@1").class(), Class::Verified);
        let index = world.log.add(&entry);
        let report = history(&mut world, "m@1");
        assert_eq!(report.class(), Class::Undecided, "{name}");
        assert_eq!(report.cause.unwrap().as_str(), "readable", "{name}");
        let check = report.deciding_check().unwrap();
        assert!(check.required, "{name}");
        assert_eq!(
            check.detail,
            format!("entry {index} is no event: the operator let in what has no known subject"),
            "{name}"
        );
        assert_eq!(report.members.unreadable, Some(1), "{name}");
        // Also where there is no event: its subject is unknown.
        assert_eq!(history(&mut world, "n@1").class(), Class::Undecided);
        assert_eq!(audit(&mut world.log).class(), Class::Undecided, "{name}");

        let at = acknowledge(&mut world.log, index);
        let report = history(&mut world, "m@1");
        assert_eq!(report.class(), Class::Verified, "{name}");
        assert_eq!(
            detail(&report, "readable"),
            format!(
                "entry {index} is no event; the admins acknowledged that, and it decides nothing"
            )
        );
        // It is shown for ever.
        assert_eq!(report.members.unreadable, Some(1), "{name}");
        let shown = report.members.acknowledged.as_ref().unwrap();
        assert_eq!((shown[0].index, shown[0].acknowledged_at), (index, at));
        assert_eq!(shown[0].reason, "known");
        let report = audit(&mut world.log);
        assert_eq!(report.class(), Class::Verified, "{name}");
        assert_eq!(report.members.acknowledged.unwrap().len(), 1, "{name}");
        assert_eq!(history(&mut world, "n@1").class(), Class::Nothing);
    }
}

#[test]
fn a_raw_log_stays_as_it_is() {
    let mut log = TestLog::raw();
    log.add(b"noise");
    log.publish(&[]);
    let report = log.run(AuditQuery::new(&policy(), options(), None));
    assert_eq!(report.class(), Class::Verified);
}

#[test]
fn an_acknowledged_entry_is_still_no_event() {
    let mut log = TestLog::new();
    let index = log.add(b"noise");
    acknowledge(&mut log, index);
    log.publish(&[]);
    let report = log.run(EntryQuery::new(index, &policy(), options()));
    assert_eq!(report.class(), Class::Undecided);
    assert_eq!(report.members.acknowledged.unwrap().len(), 1);
}

/// Acknowledgements without effect: the outcome stays as it was.
#[test]
fn only_what_the_admins_saw_is_acknowledged() {
    let noise: &[u8] = b"noise";
    let leaf = leaf_hash(noise);
    type Forge = fn(&mut TestLog, u64, Hash);
    let forgeries: [(&str, Forge); 6] = [
        ("another leaf hash", |log, at, _| {
            log.add(&sign(acknowledgement(&[(at, leaf_hash(b"x"))], "r"), ADMIN));
        }),
        ("another index", |log, at, leaf| {
            log.add(&sign(acknowledgement(&[(at - 1, leaf)], "r"), ADMIN));
        }),
        ("an actor", |log, at, leaf| {
            log.add(&sign(acknowledgement(&[(at, leaf)], "r"), ALICE));
        }),
        ("nobody", |log, at, leaf| {
            let payload = acknowledgement(&[(at, leaf)], "r");
            log.add(&Envelope::unsigned(payload).encode());
        }),
        ("a copy of the entry", |log, at, _| {
            acknowledge(log, at);
            log.add(b"noise");
        }),
        ("another log", |log, at, leaf| {
            let payload = String::from_utf8(acknowledgement(&[(at, leaf)], "r")).unwrap();
            let payload = payload.replace(ORIGIN, "other.example/access");
            log.add(&sign(payload.into_bytes(), ADMIN));
        }),
    ];
    for (name, forge) in forgeries {
        let mut world = World::new(TestLog::new());
        world.log.read("m@1");
        let index = world.log.add(noise);
        forge(&mut world.log, index, leaf);
        let report = history(&mut world, "m@1");
        assert_eq!(outcome(&report, "readable"), Outcome::Unknown, "{name}");
        assert_eq!(report.class(), Class::Undecided, "{name}");
    }
}

/// An acknowledgement that came too early has no effect, and its copy has none after the entry.
#[test]
fn nothing_is_acknowledged_in_advance() {
    let mut world = World::new(TestLog::new());
    world.log.read("m@1");
    let next = world.log.edge.size() + 1;
    let early = sign(acknowledgement(&[(next, leaf_hash(b"noise"))], "r"), ADMIN);
    world.log.add(&early);
    assert_eq!(world.log.add(b"noise"), next);
    world.log.add(&early);
    assert_eq!(history(&mut world, "m@1").class(), Class::Undecided);
}

#[test]
fn wrongly_admitted_and_compromised_events_are_acknowledged_too() {
    let stranger = access(Action::Read, "eve@example.com", 40, &[("m@1", "one")]);
    let good = access(Action::Read, ALICE_ID, ALICE, &[("m@1", "two")]);
    let other = access(Action::Read, ALICE_ID, ALICE, &[("m@1", "three")]);
    let sig = Envelope::parse(&other).unwrap().signatures()[0].clone();
    let payload = Envelope::parse(&good).unwrap().payload().to_vec();
    let forged = Envelope::unsigned(payload).with_signature(sig).unwrap();
    for (entry, class) in [
        (stranger, Class::Undecided),
        (forged.encode(), Class::False),
    ] {
        let mut world = World::new(TestLog::new());
        world.log.read("m@1");
        let index = world.log.add(&entry);
        assert_eq!(history(&mut world, "m@1").class(), class);
        assert_eq!(audit(&mut world.log).class(), class);
        acknowledge(&mut world.log, index);
        let report = history(&mut world, "m@1");
        assert_eq!(report.class(), Class::Verified);
        let mut events = report.members.events.as_ref().unwrap().iter();
        let event = events.find(|event| event.index == index).unwrap();
        assert_eq!(event.notes, ["acknowledged"]);
        assert_ne!(event.signature, "valid");
        assert_eq!(audit(&mut world.log).class(), Class::Verified);
        // By itself it is no evidence.
        let entry = EntryQuery::new(index, &policy(), options());
        assert_eq!(world.log.run(entry).class(), Class::Undecided);
    }
    let mut world = World::new(TestLog::new());
    let payload = access_payload(Action::Register, "bob@example.com", &[("m@1", "one")]);
    world.log.add(&sign(payload, BOB));
    let read = world.log.add(&access(
        Action::Read,
        "bob@example.com",
        BOB,
        &[("m@1", "one")],
    ));
    world.log.revoke("bob@example.com", BOB, 2, Some(read));
    assert_eq!(history(&mut world, "m@1").class(), Class::Undecided);
    acknowledge(&mut world.log, read);
    assert_eq!(history(&mut world, "m@1").class(), Class::Verified);
}

/// The admins cannot silence an event that counts.
#[test]
fn a_valid_event_cannot_be_acknowledged_away() {
    let mut world = World::new(TestLog::new());
    let index = world.log.read("m@1");
    acknowledge(&mut world.log, index);
    let report = history(&mut world, "m@1");
    assert_eq!(report.class(), Class::Verified);
    let events = report.members.events.unwrap();
    assert_eq!((events[0].signature, events[0].notes.len()), ("valid", 0));
    assert_eq!(report.members.acknowledged, None);
}

#[test]
fn admission_takes_acknowledgements_of_the_admins_alone() {
    let mut log = TestLog::new();
    let mut admission = Admission::new(ORIGIN);
    log.add(b"noise");
    for (index, entry) in (0..).zip(&log.entries) {
        admission.replay(index, entry);
    }
    let size = log.edge.size();
    let leaf = leaf_hash(b"noise");
    let known = acknowledgement(&[(size - 1, leaf)], "known");
    let refused = |entry: &[u8]| admission.check(entry).map_err(|refusal| refusal.code());
    assert!(refused(&sign(known.clone(), ADMIN)).is_ok());
    assert_eq!(
        refused(&sign(known.clone(), ALICE)).unwrap_err(),
        "event-unknown-key"
    );
    assert_eq!(
        refused(&Envelope::unsigned(known).encode()).unwrap_err(),
        "event-unsigned"
    );
    let early = acknowledgement(&[(size, leaf)], "known");
    assert_eq!(
        refused(&sign(early, ADMIN)).unwrap_err(),
        "acknowledges-no-entry"
    );
}

#[test]
fn a_history_by_key_lists_what_it_cannot_read() {
    // An event of a known type that breaks its rules has keys, and is shown as unreadable where they are looked up.
    let mut world = World::new(TestLog::new());
    world.log.read("m@1");
    let good = access_payload(Action::Read, ALICE_ID, &[("m@1", "one")]);
    let text = String::from_utf8(good).unwrap();
    let bad = text.replace("\"action\":\"read\"", "\"action\":\"pilfer\"");
    assert_ne!(bad, text);
    world.log.add(&sign(bad.into_bytes(), ALICE));
    let report = history(&mut world, "m@1");
    assert_eq!(report.members.unreadable, Some(1));
    assert_eq!(report.class(), Class::Undecided);
    let query = HistoryQuery::new("m@1", &policy(), options(), true).unwrap();
    assert_eq!(world.log.run(query).class(), Class::Undecided);
}
