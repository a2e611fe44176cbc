//! Then and now: what an event counts for after its key was compromised, and whose events decide about a history
//! (`docs/formats/valid-signature.md`).

use std::collections::BTreeMap;

use glasslog_core::event::{self, Action, Envelope, KeyOp};
use glasslog_core::merkle::{leaf_hash, sha256};
use glasslog_core::report::{Class, EventView, Outcome, Report};
use glasslog_core::rules::{Admission, owned};
use glasslog_core::verify::HistoryQuery;

use crate::by_index::world::{World, accepting, indexed, scanning};
use crate::support::*;

const ALICE_ID: &str = "alice@example.com";
const BOB_ID: &str = "bob@example.com";
const CAROL_ID: &str = "carol@example.com";
const CAROL: u8 = 13;

fn history(log: &TestLog, artifact: &str) -> Report {
    log.run(HistoryQuery::new(artifact, &policy(), options(), false).unwrap())
}

fn event_at(report: &Report, index: u64) -> &EventView {
    let mut events = report.members.events.as_ref().unwrap().iter();
    events.find(|event| event.index == index).unwrap()
}

/// A log in which Carol's key is enrolled too.
fn with_carol() -> (TestLog, u64) {
    let mut log = TestLog::new();
    let enrolled = log.enrol(CAROL_ID, CAROL);
    (log, enrolled)
}

fn reads(log: &mut TestLog, actor: &str, key: u8, name: &str) -> u64 {
    does(log, Action::Read, actor, key, name, "one")
}

/// An access with an id of its own, so that no two entries are copies.
fn does(log: &mut TestLog, action: Action, actor: &str, key: u8, name: &str, content: &str) -> u64 {
    let payload = access_payload(action, actor, &[(name, content)]);
    let id = format!("{:012x}", log.edge.size());
    let payload = String::from_utf8(payload).unwrap();
    log.add(&sign(
        payload.replace("2f6f0c1d9e55", &id).into_bytes(),
        key,
    ))
}

#[test]
fn a_later_event_states_since_when_a_key_was_compromised() {
    let mut log = TestLog::new();
    let first = reads(&mut log, ALICE_ID, ALICE, "m@1");
    let second = reads(&mut log, ALICE_ID, ALICE, "m@1");
    let revoked = log.revoke(ALICE_ID, ALICE, 1, None);
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(report.class(), Class::Verified);
    let stated = log.amend(ALICE_ID, ALICE, revoked, first);
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(report.class(), Class::Undecided);
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
    let event = event_at(&report, second);
    assert_eq!(
        (event.signature, event.signature_then, event.withdrawn_at),
        ("compromised", "valid", Some(stated))
    );
    assert_eq!(
        detail(&report, "event-signatures"),
        format!(
            "the event at {first} counts for nothing: entry {stated} states that its key was compromised since {first}"
        )
    );
    // A history that is not decided is complete all the same.
    assert!(report.complete);
}

#[test]
fn another_actors_compromised_event_is_a_remark() {
    let (mut log, enrolled) = with_carol();
    let bound = does(&mut log, Action::Register, ALICE_ID, ALICE, "m@1", "one");
    let read = reads(&mut log, CAROL_ID, CAROL, "m@1");
    log.revoke(CAROL_ID, CAROL, enrolled, Some(read));
    log.publish(&[]);
    for artifact in ["m@1", "m"] {
        let report = history(&log, artifact);
        assert_eq!(report.class(), Class::Verified, "{artifact}");
        assert_eq!(event_at(&report, read).signature, "compromised");
        assert_eq!(event_at(&report, bound).withdrawn_at, None);
        assert_eq!(
            detail(&report, "event-signatures"),
            "the event is signed by a key valid at its index; 1 other by a key that was compromised there counts for nothing"
        );
    }
    // Of Carol's own history they are the subject.
    for artifact in [
        format!("actor:{CAROL_ID}"),
        format!("key:{}", key_id(CAROL)),
    ] {
        assert_eq!(
            history(&log, &artifact).class(),
            Class::Undecided,
            "{artifact}"
        );
    }
}

/// An actor who registers another's content first does not spoil its history later, by a compromised key of its own.
#[test]
fn content_that_several_actors_registered_has_no_holder() {
    let digest = format!("sha256:{}", sha256(b"one").to_hex());
    for squats in [false, true] {
        let (mut log, enrolled) = with_carol();
        if !squats {
            does(&mut log, Action::Register, ALICE_ID, ALICE, "m@1", "one");
        }
        does(&mut log, Action::Register, CAROL_ID, CAROL, "copy@1", "one");
        let read = reads(&mut log, CAROL_ID, CAROL, "copy@1");
        log.revoke(CAROL_ID, CAROL, enrolled, Some(read));
        log.publish(&[]);
        // While nobody else registered it, the content is Carol's.
        let alone = history(&log, &digest).class();
        assert_eq!(alone == Class::Undecided, squats);
        does(&mut log, Action::Register, ALICE_ID, ALICE, "m@2", "one");
        log.publish(&[]);
        assert_eq!(history(&log, &digest).class(), Class::Verified);
        assert_eq!(history(&log, "copy@1").class(), Class::Undecided);
    }
}

#[test]
fn the_holders_compromised_event_is_decisive() {
    let mut log = TestLog::new();
    does(&mut log, Action::Register, ALICE_ID, ALICE, "m@1", "one");
    reads(&mut log, BOB_ID, BOB, "m@1");
    let read = reads(&mut log, ALICE_ID, ALICE, "m@1");
    log.revoke(ALICE_ID, ALICE, 1, Some(read));
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(report.class(), Class::Undecided);
    assert_eq!(event_at(&report, read).signature, "compromised");
}

#[test]
fn a_withdrawn_registration_leaves_its_name_undecided() {
    let (mut log, enrolled) = with_carol();
    let bound = does(&mut log, Action::Register, CAROL_ID, CAROL, "m@2", "one");
    // An event that relied on it stays, and proves nothing about it.
    reads(&mut log, BOB_ID, BOB, "m@2");
    log.revoke(CAROL_ID, CAROL, enrolled, Some(bound));
    log.publish(&[]);
    assert_eq!(history(&log, "m@2").class(), Class::Undecided);
    let exact = HistoryQuery::new("m@2", &policy(), options(), true).unwrap();
    assert_eq!(log.run(exact).class(), Class::Undecided);
}

#[test]
fn remarks_alone_are_no_evidence() {
    let (mut log, enrolled) = with_carol();
    let read = reads(&mut log, CAROL_ID, CAROL, "m@1");
    log.revoke(CAROL_ID, CAROL, enrolled, Some(read));
    log.publish(&[]);
    assert_eq!(history(&log, "m@1").class(), Class::Undecided);
    // Nobody holds it, and an event that counts is evidence.
    reads(&mut log, BOB_ID, BOB, "m@1");
    log.publish(&[]);
    assert_eq!(history(&log, "m@1").class(), Class::Verified);
}

/// A copy of a compromised event, signed by another key of the actor, does not revive it.
#[test]
fn a_compromised_event_spends_its_payload() {
    let (mut log, enrolled) = with_carol();
    let other = 14;
    log.enrol(CAROL_ID, other);
    let payload = access_payload(Action::Read, CAROL_ID, &[("m@1", "one")]);
    let first = log.add(&sign(payload.clone(), CAROL));
    log.revoke(CAROL_ID, CAROL, enrolled, Some(first));
    let copy = log.add(&sign(payload, other));
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(event_at(&report, copy).notes, ["replayed"]);
    assert_eq!(report.class(), Class::Undecided);
}

/// Numbers that only look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % sides
    }
}

/// A log as an honest operator keeps it: hostile actors submit, and admission decides.
struct Honest {
    log: TestLog,
    admission: Admission,
}

/// The names of every question about artifacts in these logs.
const NAMES: [&str; 4] = ["m@1", "n@1", "o@1", "p@1"];
/// Actors, each with the seed of the key that is enrolled first and of the one that may come later.
const ACTORS: [(&str, u8, u8); 3] = [
    (ALICE_ID, ALICE, 30),
    (BOB_ID, BOB, 31),
    (CAROL_ID, CAROL, 32),
];

impl Honest {
    fn new() -> Self {
        let (log, _) = with_carol();
        let mut admission = Admission::new(ORIGIN);
        for (index, entry) in (0..).zip(&log.entries) {
            admission.replay(index, entry);
        }
        Self { log, admission }
    }

    fn submit(&mut self, entry: &[u8]) {
        if let Ok(admitted) = self.admission.check(entry) {
            let index = self.log.add(entry);
            self.admission.apply(index, &admitted);
        }
    }

    /// Submits one thing that an actor or an admin may want to do.
    fn step(&mut self, dice: &mut Dice) {
        let (actor, first, second) = ACTORS[dice.roll(3) as usize];
        let key = [first, second][dice.roll(2) as usize];
        let size = self.log.edge.size();
        match dice.roll(10) {
            0 => self.submit(&key_event(actor, key, KeyOp::Enrol, None, None)),
            1 => {
                let ring = self.admission.keyring().unwrap();
                let Some(enrolled) = ring.keys().get(&key_id(key)).cloned() else {
                    return;
                };
                let since = (dice.roll(2) == 0).then(|| dice.roll(size + 1));
                let (op, acts_on, since) = match &enrolled.revoked {
                    None => (KeyOp::Revoke, enrolled.enrolment, since),
                    Some(revoked) => (KeyOp::Amend, revoked.latest, since.or(Some(size / 2))),
                };
                self.submit(&key_event(actor, key, op, Some(acts_on), since));
            }
            roll => {
                let name = NAMES[dice.roll(4) as usize];
                let content = ["one", "two", "three"][dice.roll(3) as usize];
                let action = match roll {
                    2..=4 => Action::Register,
                    5 => Action::Hold,
                    _ => Action::Read,
                };
                let payload = access_payload(action, actor, &[(name, content)]);
                let id = format!("{size:012x}");
                let payload = String::from_utf8(payload).unwrap();
                let bare = name.split('@').next().unwrap();
                let bound = self.admission.registrations().binding(&owned(bare));
                let is_new = action == Action::Register && bound.is_none();
                let payload = state_new_name(&payload.replace("2f6f0c1d9e55", &id), is_new);
                self.submit(&sign(payload.into_bytes(), key));
            }
        }
    }
}

/// An event of a hostile but honestly admitted log, by the definitions of the page alone.
struct Told {
    actor: String,
    names: Vec<String>,
    registers: bool,
    withdrawn_at: Option<u64>,
}

/// Reads the log as the page says, without the keyring: which events there are, and what withdraws them.
fn tell(entries: &[Vec<u8>]) -> BTreeMap<u64, Told> {
    let parsed: Vec<_> = entries
        .iter()
        .map(|entry| event::parse(entry).unwrap())
        .collect();
    let mut told = BTreeMap::new();
    for (index, entry) in (0u64..).zip(&parsed) {
        let Some(access) = entry.access() else {
            continue;
        };
        let keyid = entry.keyid();
        // Admission takes only statements that lower the index.
        let withdrawn_at = (0u64..).zip(&parsed).find_map(|(at, statement)| {
            let event::Event::Key(event) = &statement.event else {
                return None;
            };
            let is_later = at > index && event.spki.key_id() == keyid;
            let since = event.compromised_since.filter(|_| is_later)?;
            (since <= index).then_some(at)
        });
        let names = entry.subjects.iter().map(|subject| subject.name.clone());
        told.insert(
            index,
            Told {
                actor: access.actor.id.clone(),
                names: names.collect(),
                registers: access.action == Action::Register,
                withdrawn_at,
            },
        );
    }
    told
}

/// Every question about the log.
fn questions() -> Vec<String> {
    let names = NAMES.map(String::from).into_iter();
    let bare = ["m", "n", "o", "p"].map(String::from);
    let digests = ["one", "two", "three"].map(|content| {
        let hash = glasslog_core::merkle::sha256(content.as_bytes());
        format!("sha256:{}", hash.to_hex())
    });
    let actors = ACTORS.map(|(actor, _, _)| format!("actor:{actor}"));
    let keys = ACTORS
        .iter()
        .flat_map(|(_, first, second)| [*first, *second]);
    let keys = keys.map(|key| format!("key:{}", key_id(key)));
    names
        .chain(bare)
        .chain(digests)
        .chain(actors)
        .chain(keys)
        .collect()
}

/// The verdict on an event is the same by every question, by a scan and by the index, and as the page defines it.
#[test]
fn a_verdict_does_not_depend_on_the_question() {
    for seed in 0..cases(12) {
        let mut dice = Dice(seed);
        let mut honest = Honest::new();
        for _ in 0..20 + dice.roll(40) {
            honest.step(&mut dice);
        }
        let told = tell_all(&honest.log);
        let mut world = World::new(honest.log);
        world.publish();
        for question in questions() {
            for options in [accepting(), scanning()] {
                let report = world.history_with(&question, &indexed(), options);
                for event in report.members.events.iter().flatten() {
                    if event.r#type != "access" {
                        assert_eq!((event.signature, event.withdrawn_at), ("valid", None));
                        continue;
                    }
                    let expected = told[&event.index].withdrawn_at;
                    let signature = match expected {
                        None => "valid",
                        Some(_) => "compromised",
                    };
                    let context = format!("seed {seed}, {question}, entry {}", event.index);
                    assert_eq!(event.signature, signature, "{context}");
                    assert_eq!(event.withdrawn_at, expected, "{context}");
                    assert_eq!(event.signature_then, "valid", "{context}");
                }
            }
        }
    }
}

fn tell_all(log: &TestLog) -> BTreeMap<u64, Told> {
    tell(&log.entries)
}

/// The outcome of the history of a version is decided by its holder's events, whatever other actors did.
#[test]
fn only_the_holder_changes_the_outcome() {
    let mut seen = BTreeMap::new();
    for seed in 0..cases(80) {
        let mut dice = Dice(0x5eed_0000 + seed);
        let mut honest = Honest::new();
        for _ in 0..10 + dice.roll(40) {
            honest.step(&mut dice);
        }
        let told = tell_all(&honest.log);
        honest.log.publish(&[]);
        for name in NAMES {
            let about = || {
                told.iter()
                    .filter(|(_, event)| event.names.contains(&name.into()))
            };
            let query = HistoryQuery::new(name, &policy(), options(), true).unwrap();
            let found = honest.log.run(query).class();
            let expected = expected_outcome(about());
            assert_eq!(found, expected, "seed {seed}, {name}");
            let remarks = about().any(|(_, event)| event.withdrawn_at.is_some());
            *seen.entry((format!("{expected:?}"), remarks)).or_insert(0) += 1;
        }
    }
    // The worlds must reach every outcome, or they would show little.
    assert_eq!(seen.len(), 4, "{seen:?}");
}

/// The outcome for a version by the definitions of the page: `about` are its events in log order.
fn expected_outcome<'a>(about: impl Iterator<Item = (&'a u64, &'a Told)> + Clone) -> Class {
    let holder = about.clone().find(|(_, event)| event.registers);
    let counts = |event: &Told| event.withdrawn_at.is_none();
    if about.clone().next().is_none() {
        return Class::Nothing;
    }
    if !about.clone().any(|(_, event)| counts(event)) {
        return Class::Undecided;
    }
    let decisive = |index: &u64, event: &Told| {
        holder.is_some_and(|(from, holder)| holder.actor == event.actor && index >= from)
    };
    match about
        .clone()
        .any(|(index, event)| !counts(event) && decisive(index, event))
    {
        true => Class::Undecided,
        false => Class::Verified,
    }
}

/// Random worlds; many more with GLASSLOG_LONG_TESTS.
fn cases(usual: u64) -> u64 {
    match std::env::var_os("GLASSLOG_LONG_TESTS") {
        Some(_) => usual * 100,
        None => usual,
    }
}

fn key_id(seed: u8) -> String {
    glasslog_core::event::Spki::new(secret(seed).public()).key_id()
}

/// An operator who lets in what admission refuses is shown, whoever the event names.
#[test]
fn what_the_operator_let_in_counts_against_the_log() {
    let honest = |log: &mut TestLog| {
        does(log, Action::Register, ALICE_ID, ALICE, "m@1", "one");
    };
    let stranger = access(Action::Read, "eve@example.com", 40, &[("m@1", "one")]);
    let mut log = TestLog::new();
    honest(&mut log);
    log.add(&stranger);
    log.publish(&[]);
    assert_eq!(history(&log, "m@1").class(), Class::Undecided);

    let mut log = TestLog::new();
    honest(&mut log);
    let good = access(Action::Read, BOB_ID, BOB, &[("m@1", "one")]);
    let other = access(Action::Read, BOB_ID, BOB, &[("m@1", "two")]);
    let sig = Envelope::parse(&other).unwrap().signatures()[0].clone();
    let payload = Envelope::parse(&good).unwrap().payload().to_vec();
    let forged = Envelope::unsigned(payload).with_signature(sig).unwrap();
    assert_ne!(leaf_hash(&forged.encode()), leaf_hash(&good));
    log.add(&forged.encode());
    log.publish(&[]);
    assert_eq!(history(&log, "m@1").class(), Class::False);
}
