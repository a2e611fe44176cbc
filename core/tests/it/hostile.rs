//! Random hostile worlds: the verified history of an artifact is the same with the events of actors who have no rights over
//! it as without, but for events that name it and for remarks.

use std::collections::BTreeSet;

use crate::by_index::world::{World, accepting, indexed, scanning};
use crate::dice::Dice;
use crate::support::*;
use glasslog_core::event::{Action, KeyOp};
use glasslog_core::merkle::{Hash, leaf_hash, sha256};
use glasslog_core::report::{Check, EventView, Report};
use glasslog_core::rules::Admission;
use glasslog_core::verify::{HistoryQuery, Options};

/// Alice owns `m`; the admins and she have rights over its versions. The others are enrolled and have none.
const OWNER: (&str, u8) = ("alice@example.com", ALICE);
const OTHERS: [(&str, u8); 4] = [
    ("eve@example.com", 41),
    ("mallory@example.com", 42),
    ("sybil@example.com", 43),
    ("trudy@example.com", 44),
];

/// Contents of the owner's versions; the last one is a file that many artifacts share.
const CONTENTS: [&str; 5] = ["weights 1", "config 1", "weights 2", "config 2", "LICENSE"];

const QUESTIONS: [&str; 4] = ["m@1", "m@2", "m", "m@unregistered"];

/// Actions of others beside registering; the other actions act on an event or need two parties.
const ACTIONS: [Action; 8] = [
    Action::Read,
    Action::Verify,
    Action::Write,
    Action::Deploy,
    Action::Undeploy,
    Action::Delete,
    Action::Hold,
    Action::Approve,
];

/// One log with the events of others and one without.
struct Pair {
    with: Side,
    without: Side,
    /// Leaf hashes of the entries of others.
    hostile: BTreeSet<Hash>,
}

struct Side {
    world: World,
    admission: Admission,
}

impl Side {
    fn new() -> Self {
        let mut side = Self {
            world: World::new(TestLog::new()),
            admission: Admission::new(ORIGIN),
        };
        for (index, entry) in side.world.log.entries.iter().enumerate() {
            side.admission.replay(index as u64, entry);
        }
        side
    }

    /// Adds what admission takes.
    fn add(&mut self, entry: &[u8]) -> bool {
        let is_admitted = self.admission.check(entry).is_ok();
        if is_admitted {
            let index = self.world.log.add(entry);
            self.admission.replay(index, entry);
        }
        is_admitted
    }

    fn history(&self, artifact: &str, options: Options) -> Report {
        let query = HistoryQuery::new(artifact, &indexed(), options, false).unwrap();
        self.world.log.run(query)
    }
}

fn digest(content: &str) -> String {
    format!("sha256:{}", sha256(content.as_bytes()).to_hex())
}

fn subjects<'a>(
    dice: &mut Dice,
    names: &[&'a str],
    contents: &[&'a str],
) -> Vec<(&'a str, &'a str)> {
    let count = 1 + dice.roll(4);
    (0..count)
        .map(|_| (dice.pick(names), dice.pick(contents)))
        .collect()
}

fn signed(
    number: u64,
    action: Action,
    actor: (&str, u8),
    of: &[(&str, &str)],
    new: bool,
) -> Vec<u8> {
    let payload = String::from_utf8(access_payload(action, actor.0, of)).unwrap();
    let payload = payload.replace("2f6f0c1d9e55", &format!("{number:012x}"));
    sign(state_new_name(&payload, new).into_bytes(), actor.1)
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            with: Side::new(),
            without: Side::new(),
            hostile: BTreeSet::new(),
        };
        for (actor, key) in OTHERS {
            let entry = key_event(actor, key, KeyOp::Enrol, None, None);
            assert!(pair.with.add(&entry));
        }
        // Versions that the owner has registered; any enrolled actor may register others.
        let first = ["weights 1", "config 1", "LICENSE"].map(|content| ("m@1", content));
        let second = ["weights 2", "config 2", "LICENSE"].map(|content| ("m@2", content));
        for (number, of) in [(0, &first), (1, &second)] {
            let is_new = [true, false];
            let entries = is_new.map(|new| signed(number, Action::Register, OWNER, of, new));
            assert!(entries.iter().any(|entry| pair.own(entry)));
        }
        pair
    }

    /// Adds an event of the owner to both logs.
    fn own(&mut self, entry: &[u8]) -> bool {
        let is_admitted = self.without.add(entry);
        assert_eq!(
            self.with.add(entry),
            is_admitted,
            "others refuse the owner nothing"
        );
        is_admitted
    }

    fn own_random(&mut self, dice: &mut Dice, number: u64) {
        let entry = match dice.roll(6) {
            0 => {
                let of = [
                    ("m@2", "weights 2"),
                    ("m@2", "config 2"),
                    ("m@2", "LICENSE"),
                ];
                signed(number, Action::Register, OWNER, &of, false)
            }
            1 => {
                let names = ["incident", "m", "m@1", "m@unregistered"];
                let of = subjects(dice, &names, &CONTENTS);
                signed(number, Action::Hold, OWNER, &of, false)
            }
            _ => {
                let of = subjects(dice, &["m", "m@1", "m@2", "m@unregistered"], &CONTENTS);
                let action = dice.pick(&[Action::Read, Action::Deploy, Action::Verify]);
                signed(number, action, OWNER, &of, false)
            }
        };
        self.own(&entry);
    }

    fn hostile_random(&mut self, dice: &mut Dice, number: u64) {
        let actor = dice.pick(&OTHERS);
        let names = [
            "m",
            "m@1",
            "m@2",
            "m@3",
            "m@unregistered",
            "n",
            "n@1",
            "n@2",
            "incident",
            "LICENSE",
            "@m",
            "m@",
        ];
        let contents = [CONTENTS.as_slice(), &["evil", "more evil"]].concat();
        let action = dice.pick(&ACTIONS);
        let entries = match dice.roll(12) {
            0 => vec![self.revocation(dice, actor)],
            1..=5 => {
                // Contents and names of the owner's versions, beside others.
                let of = subjects(dice, &names[3..], &contents);
                [true, false]
                    .map(|new| signed(number, Action::Register, actor, &of, new))
                    .to_vec()
            }
            6 => {
                let of = subjects(dice, &names, &contents);
                [true, false]
                    .map(|new| signed(number, Action::Register, actor, &of, new))
                    .to_vec()
            }
            _ => {
                let of = subjects(dice, &names, &contents);
                vec![signed(number, action, actor, &of, false)]
            }
        };
        for entry in entries {
            if self.with.add(&entry) {
                self.hostile.insert(leaf_hash(&entry));
                return;
            }
        }
    }

    /// An admin reports a key of another actor as compromised.
    fn revocation(&self, dice: &mut Dice, (actor, key): (&str, u8)) -> Vec<u8> {
        let enrolment = key_event(actor, key, KeyOp::Enrol, None, None);
        let since = dice.roll(self.with.world.log.edge.size());
        let enrolment = Some(leaf_hash(&enrolment));
        key_event(actor, key, KeyOp::Revoke, enrolment, Some(since))
    }

    /// The two histories of one question.
    fn compare(&self, artifact: &str, options: Options, about: &str) {
        let with = self.with.history(artifact, options);
        let without = self.without.history(artifact, options);
        let about = format!("{about}, {artifact}");
        assert_eq!(
            with.class(),
            without.class(),
            "{about}: {:?}",
            troubles(&with)
        );
        assert_eq!(
            (with.cause, with.claims),
            (without.cause, without.claims),
            "{about}"
        );
        assert!(with.complete, "{about}: {:?}", troubles(&with));
        let required = |report: &Report| -> Vec<_> {
            let outcome = |check: &Check| (check.code, check.outcome);
            let checks = report.checks.iter().filter(|check| check.required);
            checks.map(outcome).collect()
        };
        assert_eq!(required(&with), required(&without), "{about}");
        let events = |report: &Report| report.members.events.clone().unwrap();
        let leaves = |events: &[EventView]| -> BTreeSet<Hash> {
            events.iter().map(|event| event.leaf_hash).collect()
        };
        let (more, fewer) = (events(&with), events(&without));
        let bare = artifact.split('@').next().unwrap();
        let of_name = |name: &str| artifact == bare && name.starts_with("m@");
        let names_it = |event: &EventView| {
            let mut names = event.subjects.iter().map(|subject| subject.name.as_str());
            names.any(|name| name == artifact || name == bare || of_name(name))
        };
        let records = |event: &EventView, contents: &[&str]| {
            let digests = contents.iter().map(|content| digest(content));
            let digests: BTreeSet<String> = digests.collect();
            let mut subjects = event.subjects.iter();
            subjects.any(|subject| digests.contains(&subject.digest) && !subject.name.contains('@'))
        };
        // An event under the name of a version that others registered with the content is about that version; every other
        // event of the owner stays.
        let own = match artifact {
            "m@1" => &["weights 1", "config 1", "LICENSE"][..],
            "m@2" => &["weights 2", "config 2", "LICENSE"][..],
            _ => &[],
        };
        for event in fewer
            .iter()
            .filter(|event| names_it(event) || records(event, own))
        {
            let stays = leaves(&more).contains(&event.leaf_hash);
            assert!(stays, "{about}: others hide {event:?}");
        }
        for event in &more {
            if leaves(&fewer).contains(&event.leaf_hash) {
                continue;
            }
            // A further event names the artifact, or records its content under a name.
            let by_others = self.hostile.contains(&event.leaf_hash);
            let is_linked = event.action.as_deref() != Some("register");
            assert!(by_others || is_linked, "{about}: {event:?}");
            assert!(names_it(event) || is_linked, "{about}: {event:?}");
        }
        // The owner's versions stay as they are.
        let names = |report: &Report| -> Vec<(String, String)> {
            let versions = report.members.versions.clone().unwrap().into_iter();
            let own = versions.filter(|version| version.actor == OWNER.0);
            own.map(|version| (version.name, version.actor)).collect()
        };
        assert_eq!(names(&with), names(&without), "{about}");
    }
}

fn compare_random_logs(seed: u64, size: u64) {
    let mut dice = Dice(seed);
    let mut pair = Pair::new();
    for number in 2..size {
        if dice.roll(4) == 0 {
            pair.own_random(&mut dice, number);
        } else {
            pair.hostile_random(&mut dice, number);
        }
    }
    let size = pair.with.world.log.edge.size();
    if dice.roll(2) == 0 {
        pair.with.world.publish();
    } else {
        let cut = 1 + dice.roll(size - 1);
        pair.with.world.publish_runs(&[0..cut, cut..size]);
    }
    pair.without.world.publish();
    for artifact in QUESTIONS {
        for options in [accepting(), scanning()] {
            pair.compare(artifact, options, &format!("seed {seed}"));
        }
    }
}

#[test]
fn others_change_no_verdict() {
    // GLASSLOG_LONG_TESTS takes thousands of worlds.
    let long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let (seeds, size) = if long { (4_000, 60) } else { (30, 40) };
    let threads = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for seed in (thread..seeds).step_by(threads as usize) {
                    compare_random_logs(seed, size);
                }
            });
        }
    });
}
