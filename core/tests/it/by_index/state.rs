//! The cost of an entry: readers of its subjects pay for it, and no others.

use glasslog_core::event::{Action, KeyKind, LookupKey, Spki};
use glasslog_core::report::{Outcome, Report};
use glasslog_core::verify::{HistoryQuery, Options};

use super::world::*;
use crate::support::*;

#[test]
fn the_state_of_an_artifact_costs_what_changed_it() {
    // GLASSLOG_LONG_TESTS: as many reads as docs/measurements.md states figures for.
    let long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let reads = if long { 33_333 } else { 600 };
    let mut log = TestLog::new();
    let kept: Vec<u64> = (0..3u64)
        .map(|number| {
            for _ in 0..reads {
                log.read("m@1");
            }
            let action = [Action::Register, Action::Write, Action::Hold][number as usize];
            log.add(&access(
                action,
                "alice@example.com",
                ALICE,
                &[("m@1", "m@1")],
            ))
        })
        .collect();
    let mut world = World::new(log);
    world.publish();
    let state = Options {
        state: true,
        ..options()
    };
    let asked = |options: Options| {
        let query = HistoryQuery::new("m@1", &audited(), options, false).unwrap();
        world.asked(query)
    };
    let (few, report) = asked(state);
    assert_eq!(indices(&report), kept);
    assert!(report.to_json().contains(r#""exact":false,"state":true}"#));
    assert!(
        report
            .to_json()
            .contains(r#"{"kind":"version-state","id":"m@1"}"#)
    );
    assert!(report.complete);
    let (many, report) = asked(options());
    assert_eq!(indices(&report).len(), 3 * reads + 3);
    for (files, about) in [(&few, "state"), (&many, "whole")] {
        let bytes: usize = files.values().sum();
        println!("{about} history: {} GETs, {bytes} bytes", files.len());
    }
    assert!(few.len() < many.len());
    assert!(few.values().sum::<usize>() * 2 < many.values().sum());
    // The rights of an actor, and its keys.
    for artifact in ["actor:alice@example.com", &format!("key:{}", key_id(ALICE))] {
        let query = HistoryQuery::new(artifact, &audited(), state, false).unwrap();
        assert_eq!(indices(&world.log.run(query)), [1], "{artifact}");
    }
}

fn key_id(seed: u8) -> String {
    Spki::new(secret(seed).public()).key_id()
}

/// A payload about one artifact, with another digest.
fn with_digest(name: &str, digest: &str) -> Vec<u8> {
    let payload = access_payload(Action::Read, "bob@example.com", &[(name, "x")]);
    let payload = String::from_utf8(payload).unwrap();
    let usual = glasslog_core::merkle::sha256(b"x").to_hex();
    payload.replace(&usual, digest).into_bytes()
}

/// Number of files that the history of `m@1` takes, in a log with 600 events about artifacts of this digest.
fn cost_beside(digest: &str) -> usize {
    let mut log = TestLog::new();
    log.read("m@1");
    for number in 0..600 {
        let payload = with_digest(&format!("other{number:03}@1"), digest);
        log.add(&sign(payload, BOB));
    }
    let mut world = World::new(log);
    world.publish();
    let query = HistoryQuery::new("m@1", &indexed(), accepting(), false).unwrap();
    let (asked, report) = world.asked(query);
    assert_eq!(indices(&report), [3]);
    asked.len()
}

#[test]
fn events_that_name_a_key_as_an_artifact_cost_its_other_readers_nothing() {
    let key = Spki::new(secret(ALICE).public()).digest().to_hex();
    let other = "0f".repeat(32);
    assert_eq!(cost_beside(&key), cost_beside(&other));
}

/// An entry that names its subject, and is no event.
fn no_event(name: &str) -> Vec<u8> {
    let payload = access_payload(Action::Read, "bob@example.com", &[(name, name)]);
    let payload = String::from_utf8(payload).unwrap();
    let payload = payload.replace(r#""outcome":"success""#, r#""outcome":"perhaps""#);
    sign(payload.into_bytes(), BOB)
}

/// An event about a key, of an operation that no version knows.
fn unknown_key_event(actor: &str, key: u8) -> Vec<u8> {
    let entry = key_event(actor, key, glasslog_core::event::KeyOp::Enrol, None, None);
    let envelope = glasslog_core::event::Envelope::parse(&entry).unwrap();
    let payload = String::from_utf8(envelope.payload().to_vec()).unwrap();
    let payload = payload.replace(r#""op":"enrol""#, r#""op":"lend""#);
    sign(payload.into_bytes(), ADMIN)
}

fn unreadable(report: &Report) -> (Option<u64>, Outcome) {
    (report.members.unreadable, outcome(report, "readable"))
}

#[test]
fn what_is_no_event_is_unreadable_for_those_whom_it_names() {
    for in_the_tail in [false, true] {
        let mut world = World::new(TestLog::new());
        for name in ["m@1", "n@1", "o@1"] {
            world.log.read(name);
        }
        let payload = access_payload(Action::Read, "bob@example.com", &[("p@1", "p")]);
        world.log.add(&sign(payload, BOB));
        world.publish();
        world.log.add(&no_event("m@1"));
        world.log.add(&no_event("nobody@1"));
        world.log.add(&unknown_key_event("bob@example.com", BOB));
        match in_the_tail {
            true => drop(world.log.publish(&[])),
            false => world.publish(),
        }
        for (name, expected) in [
            ("m@1", (Some(1), Outcome::Unknown)),
            ("n@1", (Some(0), Outcome::Pass)),
            ("nobody@1", (Some(1), Outcome::Unknown)),
            // The key that signed it has a state that this version cannot tell.
            ("p@1", (Some(1), Outcome::Unknown)),
        ] {
            let (found, scanned) = (
                world.history(name),
                world.history_with(name, &indexed(), scanning()),
            );
            assert_eq!(unreadable(&found), expected, "{name}");
            assert_eq!(unreadable(&scanned), expected, "{name}");
        }
        // Without an outline it concerns everyone.
        world.log.add(b"noise");
        world.log.publish(&[]);
        assert_eq!(
            unreadable(&world.history("n@1")),
            (Some(1), Outcome::Unknown)
        );
    }
}

/// A statement about time, which every reader looks up.
fn time_event(number: usize) -> Vec<u8> {
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"t","digest":{{"sha256":"{number:064x}"}}}}],"predicateType":"https://glasslog.dev/time/v1","predicate":{{}}}}"#
    );
    sign(payload.into_bytes(), ADMIN)
}

#[test]
fn the_list_of_trust_is_read_whole() {
    let mut log = TestLog::new();
    let read = log.read("m@1");
    for number in 0..100 {
        log.add(&time_event(number));
    }
    let mut world = World::new(log);
    world.publish();
    let honest = world.history("m@1");
    assert_eq!(indices(&honest), [read]);
    assert_eq!(outcome(&honest, "index-positions"), Outcome::Pass);
    // The list ends with an event that has nothing to do with trust.
    world.log.read("n@1");
    let last = world.log.edge.size() - 1;
    let trust = LookupKey::new(KeyKind::Trust, "").hash();
    let run = forged(&world, |pairs| pairs.push((trust, last as u32)));
    world.publish_built(&[run]);
    let report = world.history("m@1");
    assert_eq!(outcome(&report, "index-positions"), Outcome::Fail);
    assert!(report.to_json().contains(r#""fault":"insertion""#));
}

#[test]
fn an_event_that_is_read_is_not_among_the_malformed() {
    let mut log = TestLog::new();
    for number in 0..100u8 {
        log.add(&[number]);
    }
    let read = log.read("m@1");
    let mut world = World::new(log);
    world.publish();
    assert_eq!(world.history("m@1").members.unreadable, Some(100));
    let malformed = LookupKey::new(KeyKind::Malformed, "").hash();
    let run = forged(&world, |pairs| pairs.push((malformed, read as u32)));
    world.publish_built(&[run]);
    let report = world.history("m@1");
    assert_eq!(outcome(&report, "index-positions"), Outcome::Fail);
    assert!(report.to_json().contains(&format!(r#"{{"index":{read},"#)));
}
