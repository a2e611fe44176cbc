//! Strangers: what actors without rights over an artifact record changes nothing about its history but remarks
//! (`docs/formats/valid-signature.md`, "Whose events must count").
//!
//! An honest operator keeps a random log in which the owner of some artifacts works, the admins enrol and report keys, and
//! strangers do what they can. The model is the same log without the strangers: the outcome of every history is the same, and
//! no event of it is hidden or judged otherwise.

use std::collections::{BTreeMap, BTreeSet};

use glasslog_core::event::{Action, Envelope, KeyOp, Spki};
use glasslog_core::merkle::sha256;
use glasslog_core::report::{Class, EventView, Report};
use glasslog_core::rules::Admission;
use glasslog_core::verify::{HistoryQuery, Options, Require};

use crate::by_index::world::{World, accepting, audited, indexed, scanning};
use crate::dice::Dice;
use crate::support::*;

/// Actors and the seeds of their keys; the first is the owner.
const KEYS: [(&str, u8); 6] = [
    ("alice@example.com", ALICE),
    ("alice@example.com", 30),
    ("bob@example.com", BOB),
    ("bob@example.com", 31),
    ("mallory@example.com", MALLORY),
    ("mallory@example.com", 32),
];
const OWNERS_KEYS: usize = 2;

/// The names and contents that the owner registers.
const NAMES: [&str; 2] = ["m@1", "m@2"];
const CONTENTS: [&str; 3] = ["one", "two", "licence"];

/// One line of a script: the same whichever other lines the log has.
#[derive(Clone)]
struct Line {
    number: usize,
    by_owner: bool,
    step: Step,
}

#[derive(Clone)]
enum Step {
    /// The admins enrol a key.
    Enrol(usize),
    /// The admins revoke a key, or state since which line a revoked one was compromised.
    Report(usize, Option<usize>),
    /// The actor of a key records an event.
    Record(Record),
}

#[derive(Clone)]
struct Record {
    key: usize,
    action: Action,
    subjects: Vec<(String, String)>,
    is_denied: bool,
    /// The admins sign too.
    by_admins: bool,
    /// A stranger adds a signature before the log has the event.
    added: Option<usize>,
    on_behalf_of_owner: bool,
}

/// A log, and the index of each line that it took.
struct Written {
    log: TestLog,
    admission: Admission,
    indices: BTreeMap<usize, u64>,
    /// Contents that strangers have registered.
    claimed: BTreeSet<String>,
    /// Contents of the owner's registrations.
    registered: BTreeSet<String>,
}

impl Written {
    /// Writes the owner's lines, and the strangers' as well if `strangers`.
    fn new(script: &[Line], strangers: bool) -> Self {
        let log = TestLog::new();
        let mut admission = Admission::new(ORIGIN);
        for (index, entry) in (0..).zip(&log.entries) {
            admission.replay(index, entry);
        }
        let mut written = Self {
            log,
            admission,
            indices: BTreeMap::new(),
            claimed: BTreeSet::new(),
            registered: BTreeSet::new(),
        };
        for line in script.iter().filter(|line| line.by_owner || strangers) {
            written.write(line, strangers);
        }
        written
    }

    fn write(&mut self, line: &Line, strangers: bool) {
        match &line.step {
            Step::Enrol(key) => {
                let (actor, seed) = KEYS[*key];
                let entry = key_event(actor, seed, KeyOp::Enrol, None, None);
                self.submit(line, &entry);
            }
            Step::Report(key, since) => {
                let (actor, seed) = KEYS[*key];
                let ring = self.admission.keyring().unwrap();
                let Some(enrolled) = ring.keys().get(&key_id(seed)).cloned() else {
                    return;
                };
                let since = since.and_then(|line| self.indices.get(&line).copied());
                let (op, acts_on) = match (&enrolled.revoked, since) {
                    (None, _) => (KeyOp::Revoke, enrolled.enrolment),
                    (Some(revoked), Some(_)) => (KeyOp::Amend, revoked.latest),
                    (Some(_), None) => return,
                };
                let entry = key_event(actor, seed, op, Some(acts_on), since);
                self.submit(line, &entry);
            }
            Step::Record(record) => self.record(line, record, strangers),
        }
    }

    fn record(&mut self, line: &Line, record: &Record, strangers: bool) {
        // A stranger who registers a name or content first has rights over it.
        let is_first = record.subjects.iter().any(|(name, content)| {
            let is_bound = self.admission.registrations().binding(name).is_some();
            let is_registered = self.registered.contains(content);
            NAMES.contains(&name.as_str()) && !is_bound
                || CONTENTS.contains(&content.as_str()) && !is_registered
        });
        if !line.by_owner && record.action == Action::Register && is_first {
            return;
        }
        // The log refuses an event with a signature that does not count; then it comes without that.
        let added = record.added.filter(|_| strangers);
        let added = [added, None].into_iter().skip(usize::from(added.is_none()));
        // The log knows whether a registration is the first of its name, and takes only the one that says so.
        for (added, is_new) in added.flat_map(|added| [(added, false), (added, true)]) {
            let entry = record.entry(line.number, is_new, added);
            if self.submit(line, &entry) {
                if record.action == Action::Register {
                    let contents = record.subjects.iter().map(|(_, content)| content.clone());
                    let registered = match line.by_owner {
                        true => &mut self.registered,
                        false => &mut self.claimed,
                    };
                    registered.extend(contents);
                }
                return;
            }
        }
    }

    /// Submits an entry; an honest operator decides.
    fn submit(&mut self, line: &Line, entry: &[u8]) -> bool {
        let Ok(admitted) = self.admission.check(entry) else {
            return false;
        };
        let index = self.log.add(entry);
        self.admission.apply(index, &admitted);
        self.indices.insert(line.number, index);
        true
    }
}

impl Record {
    fn entry(&self, number: usize, is_new: bool, added: Option<usize>) -> Vec<u8> {
        let (actor, seed) = KEYS[self.key];
        let subjects: Vec<(&str, &str)> = self
            .subjects
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_str()))
            .collect();
        let payload = access_payload(self.action, actor, &subjects);
        let mut payload = String::from_utf8(payload)
            .unwrap()
            .replace("2f6f0c1d9e55", &format!("{number:012x}"));
        if self.is_denied {
            payload = payload.replace(r#""outcome":"success""#, r#""outcome":"denied""#);
        }
        if self.on_behalf_of_owner {
            let owner = KEYS[0].0;
            payload = payload.replace(
                r#""type":"workload""#,
                &format!(r#""type":"workload","onBehalfOf":"{owner}""#),
            );
        }
        let payload = state_new_name(&payload, is_new).into_bytes();
        let mut secrets = vec![secret(seed)];
        secrets.extend(self.by_admins.then(|| secret(ADMIN)));
        secrets.extend(added.map(|key| secret(KEYS[key].1)));
        let secrets: Vec<_> = secrets.iter().collect();
        Envelope::sign(payload, &secrets).unwrap().encode()
    }
}

fn key_id(seed: u8) -> String {
    Spki::new(secret(seed).public()).key_id()
}

/// A random script; its first line registers an artifact of the owner.
fn script(dice: &mut Dice) -> Vec<Line> {
    let mut lines = Vec::new();
    for number in 0..6 + dice.roll(10) as usize {
        let by_owner = number == 0 || dice.roll(2) == 0;
        let own: Vec<usize> = lines
            .iter()
            .filter(|line: &&Line| line.by_owner)
            .map(|line| line.number)
            .collect();
        let step = match (number, by_owner) {
            (0, _) => Step::Record(record(dice, 0, Action::Register, &["m@1"])),
            (_, true) => owners_step(dice, &own),
            (_, false) => strangers_step(dice, number),
        };
        lines.push(Line {
            number,
            by_owner,
            step,
        });
    }
    lines
}

fn record(dice: &mut Dice, key: usize, action: Action, names: &[&str]) -> Record {
    let subjects = names
        .iter()
        .map(|name| (name.to_string(), dice.pick(&CONTENTS).to_string()));
    Record {
        key,
        action,
        subjects: subjects.collect(),
        is_denied: false,
        by_admins: false,
        added: None,
        on_behalf_of_owner: false,
    }
}

fn owners_step(dice: &mut Dice, own: &[usize]) -> Step {
    let key = dice.roll(OWNERS_KEYS as u64) as usize;
    match dice.roll(9) {
        0 => Step::Enrol(1),
        // Since one of the owner's lines, so that the same events are meant without the strangers.
        1..=2 => Step::Report(key, (dice.roll(3) > 0).then(|| dice.pick(own))),
        3..=4 => {
            let name = dice.pick(&NAMES);
            let mut made = record(dice, key, Action::Register, &[name, name]);
            made.subjects.dedup();
            made.by_admins = dice.roll(4) == 0;
            made.added = (dice.roll(4) == 0).then(|| dice.pick(&[2, 4]));
            Step::Record(made)
        }
        _ => {
            let name = dice.pick(&["m@1", "m@2", "m", "incident@7"]);
            let action = dice.pick(&[Action::Read, Action::Write, Action::Hold]);
            let mut made = record(dice, key, action, &[name]);
            made.added = (dice.roll(4) == 0).then(|| dice.pick(&[2, 4]));
            Step::Record(made)
        }
    }
}

fn strangers_step(dice: &mut Dice, number: usize) -> Step {
    let key = OWNERS_KEYS + dice.roll((KEYS.len() - OWNERS_KEYS) as u64) as usize;
    match dice.roll(10) {
        0 => Step::Enrol(key),
        1 => {
            let since = dice.roll(number as u64) as usize;
            Step::Report(key, Some(since))
        }
        2..=5 => {
            let other = format!("n{}@1", dice.roll(3));
            let next = format!("m@{}", 3 + dice.roll(9));
            let names = [&other, "m@1", "m@2", next.as_str(), "incident@7", "m", "n"];
            let (first, second) = (dice.pick(&names), dice.pick(&names));
            let mut made = record(dice, key, Action::Register, &[first, second]);
            if dice.roll(3) == 0 {
                made.subjects[1].1 = format!("evil {}", dice.roll(3));
            }
            Step::Record(made)
        }
        _ => {
            let name = dice.pick(&["m@1", "m@2", "m", "m@3", "incident@7", "incident@8"]);
            let action = dice.pick(&[
                Action::Read,
                Action::Write,
                Action::Hold,
                Action::Deploy,
                Action::Approve,
            ]);
            let mut made = record(dice, key, action, &[name]);
            if dice.roll(3) == 0 {
                made.subjects[0].1 = format!("evil {}", dice.roll(3));
            }
            made.is_denied = dice.roll(6) == 0;
            made.on_behalf_of_owner = dice.roll(4) == 0;
            Step::Record(made)
        }
    }
}

/// A question, with what is left out.
#[derive(Clone, Debug)]
struct Asked {
    artifact: String,
    exact: bool,
    state: bool,
}

/// A question about what the owner holds in this log.
fn question(dice: &mut Dice, written: &Written) -> Asked {
    let registrations = written.admission.registrations();
    let mut artifacts: Vec<String> = NAMES
        .iter()
        .filter(|name| registrations.binding(name).is_some())
        .map(|name| name.to_string())
        .collect();
    artifacts.push("m".into());
    artifacts.extend(written.registered.iter().map(|content| digest(content)));
    artifacts.push(format!("actor:{}", KEYS[0].0));
    artifacts.extend([0, 1].map(|key| format!("key:{}", key_id(KEYS[key].1))));
    Asked {
        artifact: artifacts[dice.roll(artifacts.len() as u64) as usize].clone(),
        exact: dice.roll(3) == 0,
        state: dice.roll(3) == 0,
    }
}

fn digest(content: &str) -> String {
    format!("sha256:{}", sha256(content.as_bytes()).to_hex())
}

fn ask(log: &TestLog, asked: &Asked, policy: &[u8], options: Options) -> Report {
    let options = Options {
        state: asked.state,
        ..options
    };
    let query = HistoryQuery::new(&asked.artifact, policy, options, asked.exact);
    log.run(query.unwrap())
}

/// The verdict on an event, with lines in the place of indices.
fn judged(event: &EventView, lines: &BTreeMap<u64, usize>) -> (String, String, Option<usize>) {
    (
        event.signature.to_string(),
        event.signature_then.to_string(),
        event.withdrawn_at.map(|at| lines[&at]),
    )
}

/// Asks one question in a random world, with and without the strangers; what the outcome was.
fn compare(seed: u64) -> Option<Class> {
    let mut dice = Dice(seed);
    let script = script(&mut dice);
    let (mut alone, together) = (Written::new(&script, false), Written::new(&script, true));
    let owners = |written: &Written| -> Vec<usize> {
        let lines = written.indices.keys().copied();
        lines.filter(|line| script[*line].by_owner).collect()
    };
    assert_eq!(owners(&alone), owners(&together), "seed {seed}: refused");
    let asked = question(&mut dice, &alone);
    alone.log.publish(&[]);
    let expected = ask(&alone.log, &asked, &indexed(), scanning());
    let is_claimed = together
        .claimed
        .iter()
        .any(|content| digest(content) == asked.artifact);
    // Content that several actors registered has no holder: then the owner's withdrawn events are remarks.
    if is_claimed && expected.class() == Class::Undecided {
        return None;
    }
    let lines = |written: &Written| -> BTreeMap<u64, usize> {
        let indices = written.indices.iter();
        indices.map(|(line, index)| (*index, *line)).collect()
    };
    let (own, all) = (lines(&alone), lines(&together));
    let indices = together.indices;
    let mut world = World::new(together.log);
    let by_scan = dice.roll(2) == 0;
    let report = match by_scan {
        true => {
            world.log.publish(&[]);
            ask(&world.log, &asked, &indexed(), scanning())
        }
        false => {
            world.publish();
            ask(&world.log, &asked, &audited(), options())
        }
    };
    let context = format!("seed {seed}, by scan: {by_scan}, {asked:?}");
    let outcome = |report: &Report| (report.class(), report.complete, report.cause);
    assert_eq!(outcome(&report), outcome(&expected), "{context}");
    let events = report.members.events.as_ref().unwrap();
    for event in expected.members.events.iter().flatten() {
        // Key events before the script have the same index in both.
        let index = own
            .get(&event.index)
            .map_or(event.index, |line| indices[line]);
        let found = events.iter().find(|found| found.index == index);
        let found = found.unwrap_or_else(|| panic!("{context}: entry {index} is hidden"));
        assert_eq!(
            judged(found, &all),
            judged(event, &own),
            "{context}, entry {index}"
        );
    }
    Some(expected.class())
}

#[test]
fn strangers_change_no_outcome_of_thousands_of_histories() {
    // GLASSLOG_LONG_TESTS takes many more worlds.
    let long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let worlds = if long { 200_000 } else { 2_000 };
    let threads = 2;
    let seen: Vec<Option<Class>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let seeds = (0..worlds).filter(move |seed| seed % threads == thread);
                scope.spawn(move || seeds.map(compare).collect::<Vec<_>>())
            })
            .collect();
        let results = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        results.collect()
    });
    // The worlds must reach both outcomes often, or they would show little.
    let count = |class: Class| seen.iter().filter(|found| **found == Some(class)).count();
    assert!(count(Class::Verified) > seen.len() / 4, "{seen:?}");
    assert!(count(Class::Undecided) > seen.len() / 10, "{seen:?}");
    assert!(seen.iter().filter(|found| found.is_none()).count() < seen.len() / 10);
}

/// Asks for the files that the owner alone registers in a random world, with and without the strangers; the outcomes.
fn compare_files(seed: u64) -> Vec<Class> {
    let mut dice = Dice(seed);
    let script = script(&mut dice);
    let (mut alone, together) = (Written::new(&script, false), Written::new(&script, true));
    alone.log.publish(&[]);
    let mut world = World::new(together.log);
    world.publish();
    let owned = alone.registered.iter();
    let owned = owned.filter(|content| !together.claimed.contains(*content));
    let ask = |log: &TestLog, content: &str, options: Options| {
        let options = Options {
            require: Some(Require::Registered),
            ..options
        };
        let query = HistoryQuery::of_files(&[digest(content)], None, &indexed(), options);
        log.run(query.unwrap()).class()
    };
    let classes = owned.map(|content| {
        let expected = ask(&alone.log, content, scanning());
        for options in [scanning(), accepting()] {
            let found = ask(&world.log, content, options);
            assert_eq!(found, expected, "seed {seed}, {content}");
        }
        expected
    });
    classes.collect()
}

#[test]
fn strangers_change_no_verdict_about_a_file() {
    // GLASSLOG_LONG_TESTS takes many more worlds.
    let long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let worlds = if long { 50_000 } else { 400 };
    let threads = 2;
    let seen: Vec<Class> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let seeds = (0..worlds).filter(move |seed| seed % threads == thread);
                scope.spawn(move || seeds.flat_map(compare_files).collect::<Vec<_>>())
            })
            .collect();
        let results = workers.into_iter();
        results.flat_map(|worker| worker.join().unwrap()).collect()
    });
    let count = |class: Class| seen.iter().filter(|found| **found == class).count();
    for class in [Class::Verified, Class::Held] {
        assert!(count(class) > seen.len() / 20, "{seen:?}");
    }
}

#[test]
fn worlds_that_once_differed() {
    // A stranger's denied hold led to a withdrawn hold by the owner.
    compare(5_728);
    // A stranger registered the name and the content of a later hold by the owner.
    compare(11_303);
}
