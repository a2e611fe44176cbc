//! Answers of the index equal those of a full scan, byte for byte.

use std::collections::BTreeSet;
use std::ops::Range;

use glasslog_core::event::{Action, Envelope, KeyKind, KeyOp, Spki, keys_of};
use glasslog_core::report::{Outcome, Report};
use glasslog_core::verify::{HistoryQuery, Options};

use super::world::*;
use crate::dice::Dice;
use crate::support::*;

/// The part of a report that a full scan shares: all but the checks of the index and of coverage, and the grounds.
fn shared(report: &Report) -> String {
    let mut value: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let checks = value["checks"].as_array_mut().unwrap();
    checks.retain(|check| {
        let code = check["code"].as_str().unwrap();
        !code.starts_with("index-") && !["coverage", "entries"].contains(&code)
    });
    for grounds in ["completeBy", "headline"] {
        value[grounds].take();
    }
    value.to_string()
}

/// Actors with their keys; two have a second one.
const ACTORS: [(&str, u8); 7] = [
    ("alice@example.com", ALICE),
    ("bob@example.com", BOB),
    ("carol@example.com", 13),
    ("dave@example.com", 14),
    ("mallory@example.com", MALLORY),
    ("alice@example.com", 30),
    ("mallory@example.com", 31),
];

/// The kinds of entries in a random log.
#[derive(Clone, Copy)]
struct Mix {
    /// Of how many entries eleven are of a special kind; the others are accesses.
    of: u64,
    /// Numbers of bare names, and of contents.
    names: u64,
    contents: u64,
}

/// A few busy artifacts and many rare ones.
const WIDE: Mix = Mix {
    of: 40,
    names: 20,
    contents: 25,
};

/// Few names and contents, so that bindings, withdrawals and entries that are no events meet.
const DENSE: Mix = Mix {
    of: 20,
    names: 2,
    contents: 3,
};

const ACCESSES: [Action; 6] = [
    Action::Read,
    Action::Read,
    Action::Execute,
    Action::Write,
    Action::Deploy,
    Action::Hold,
];

/// Adds one entry of any kind: accesses to a few busy artifacts and many rare ones, registrations that agree or
/// conflict, copies, enrolments and revocations, by admins and by others, events about a key's digest, and noise.
fn add_random(dice: &mut Dice, log: &mut TestLog, mix: Mix) {
    let (actor, key) = dice.pick(&ACTORS);
    match dice.roll(mix.of) {
        0 => {
            log.add(format!("noise {}", dice.roll(5)).as_bytes());
        }
        1 => {
            let copied = dice.roll(log.entries.len() as u64) as usize;
            let entry = log.entries[copied].clone();
            log.add(&entry);
        }
        2 => {
            log.enrol(actor, key);
        }
        3 => {
            let of = |entry: &Vec<u8>| *entry == key_event(actor, key, KeyOp::Enrol, None, None);
            if let Some(at) = log.entries.iter().position(of) {
                let since = (dice.roll(2) == 0).then(|| dice.roll(log.edge.size()));
                if dice.roll(3) == 0 {
                    log.revoke(actor, key, at as u64, since);
                }
            }
        }
        4 => {
            // An enrolment that no admin signed.
            let payload = key_event(actor, key, KeyOp::Enrol, None, None);
            let payload = Envelope::parse(&payload).unwrap();
            log.add(&sign(payload.payload().to_vec(), key));
        }
        5..=7 => {
            let name = format!("model{}@{}", dice.roll(mix.names), dice.roll(2));
            let content = format!("weights {}", dice.roll(mix.contents));
            log.add(&access(Action::Register, actor, key, &[(&name, &content)]));
        }
        8 => {
            // The digest of an actor's key, in the place of an artifact's.
            let other = Spki::new(secret(dice.pick(&ACTORS).1).public());
            let payload = access_payload(Action::Read, actor, &[("keys@1", "x")]);
            let usual = glasslog_core::merkle::sha256(b"x").to_hex();
            let payload = String::from_utf8(payload).unwrap();
            let payload = payload.replace(&usual, &other.digest().to_hex());
            log.add(&sign(payload.into_bytes(), key));
        }
        10 => {
            // An access or a key event that names its subject, and is no event.
            let name = format!("model{}@{}", dice.roll(mix.names), dice.roll(2));
            let (entry, from, to) = match dice.roll(2) {
                0 => {
                    let access = access(Action::Read, actor, key, &[(&name, "weights 0")]);
                    (access, r#""outcome":"success""#, r#""outcome":"perhaps""#)
                }
                _ => {
                    let enrolment = key_event(actor, key, KeyOp::Enrol, None, None);
                    (enrolment, r#""op":"enrol""#, r#""op":"lend""#)
                }
            };
            let payload = Envelope::parse(&entry).unwrap().payload().to_vec();
            let payload = String::from_utf8(payload).unwrap().replace(from, to);
            log.add(&sign(payload.into_bytes(), key));
        }
        9 => {
            // Signed by the key of another actor.
            let other = dice.pick(&ACTORS).1;
            log.add(&access(
                Action::Read,
                actor,
                other,
                &[("model0@0", "weights 0")],
            ));
        }
        _ => {
            let sides = dice.pick(&[2, mix.names, 100_000]);
            let number = dice.roll(sides);
            let content = match sides == mix.names {
                true => dice.roll(mix.contents),
                false => number,
            };
            let name = match dice.roll(8) {
                0 => format!("model{number}"),
                _ => format!("model{number}@0"),
            };
            let content = format!("weights {content}");
            let action = dice.pick(&ACCESSES);
            let payload = access_payload(action, actor, &[(&name, &content)]);
            let id = format!("{:012x}", log.edge.size());
            let payload = String::from_utf8(payload).unwrap();
            let payload = payload.replace("2f6f0c1d9e55", &id);
            log.add(&sign(payload.into_bytes(), key));
        }
    }
}

/// Every key of every entry, as ARTIFACT, and some that no entry has.
fn artifacts(log: &TestLog) -> BTreeSet<String> {
    let mut artifacts: BTreeSet<String> = ["absent", "absent@1", "actor:nobody"]
        .map(String::from)
        .into();
    for entry in &log.entries {
        for key in keys_of(entry) {
            let prefix = match key.kind {
                KeyKind::Version | KeyKind::Name => "name:",
                KeyKind::Digest if key.id.starts_with("sha256:") => "",
                KeyKind::Actor => "actor:",
                KeyKind::SigningKey => "key:",
                _ => continue,
            };
            artifacts.insert(format!("{prefix}{}", key.id));
        }
    }
    artifacts
}

/// Cuts `0..size` at random positions.
fn random_ranges(dice: &mut Dice, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < size {
        let end = (start + 1 + dice.roll(1 + size / 3)).min(size);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

/// One in `step` of all artifacts, by index and by scan, for whole histories and for exact ones, of all events and of the
/// state.
fn compare(world: &World, step: usize) {
    for (at, artifact) in artifacts(&world.log).iter().enumerate() {
        if at % step != 0 {
            continue;
        }
        for (exact, state) in [(false, false), (true, false), (false, true), (true, true)] {
            let report = |options: Options| {
                let options = Options { state, ..options };
                let query = HistoryQuery::new(artifact, &indexed(), options, exact).unwrap();
                world.log.run(query)
            };
            let (found, scanned) = (report(accepting()), report(scanning()));
            let question = format!("{artifact}, exact: {exact}, state: {state}");
            assert_eq!(shared(&found), shared(&scanned), "{question}");
            assert_eq!(outcome(&found, "coverage"), Outcome::Pass, "{artifact}");
        }
    }
}

/// A random log of about `size` entries and its index, compared at every manifest and with a tail that has none.
fn compare_a_random_log(seed: u64, size: u64, step: usize) {
    let mut dice = Dice(seed);
    let mut world = World::new(TestLog::new());
    for part in 0..3 {
        for _ in 0..1 + dice.roll(size / 3) {
            add_random(&mut dice, &mut world.log, WIDE);
        }
        let end = world.log.edge.size();
        if part == 1 {
            world.publish();
        } else {
            world.publish_runs(&random_ranges(&mut dice, end));
        }
        compare(&world, step);
    }
    // The index is older than the log now: the tail is scanned.
    for _ in 0..dice.roll(size / 3) {
        add_random(&mut dice, &mut world.log, WIDE);
    }
    world.log.publish(&[]);
    compare(&world, step);
}

#[test]
fn every_key_of_random_logs_at_every_manifest() {
    // GLASSLOG_LONG_TESTS takes more logs, of thousands of events, and every key. Each scan reads its whole log, so the
    // work grows with the square of the size: the logs are shared out among the cores.
    let long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let (seeds, size, step) = if long { (12, 2_500, 1) } else { (3, 150, 23) };
    std::thread::scope(|scope| {
        for seed in 0..seeds {
            scope.spawn(move || compare_a_random_log(seed, size, step));
        }
    });
}

#[test]
fn keys_of_small_dense_logs() {
    // GLASSLOG_LONG_TESTS takes many more logs.
    let long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let worlds = if long { 2_000 } else { 30 };
    let threads = 2;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for seed in (0..worlds).filter(|seed| seed % threads == thread) {
                    let mut dice = Dice(0xde45_e000 + seed);
                    let mut log = TestLog::new();
                    for _ in 0..20 + dice.roll(30) {
                        add_random(&mut dice, &mut log, DENSE);
                    }
                    let mut world = World::new(log);
                    let end = world.log.edge.size();
                    world.publish_runs(&random_ranges(&mut dice, end));
                    compare(&world, 5);
                }
            });
        }
    });
}
