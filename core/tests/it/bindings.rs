//! The worked table of bindings (`docs/formats/bindings.md`): each row is a test, by admission, by a history and by an audit's
//! fold. `docs/formats/vectors/bindings/table.json` has the logs for other implementations;
//! `GLASSLOG_WRITE_VECTORS=1 cargo test -p glasslog-core --test it bindings` writes it anew.

use crate::support::*;
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{Action, Envelope, KeyOp};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::report::{Outcome, Report};
use glasslog_core::rules::{Admission, Keyring, owned};
use glasslog_core::text::wire::base64_encode;
use glasslog_core::verify::HistoryQuery;
use glasslog_core::verify::audit::AuditQuery;
use serde_json::{Value, json};
use std::path::Path;

use Step::{Again, Register, Report as Compromised, Revoke};

/// One entry after the enrolments of the row's keys.
#[derive(Clone, Copy)]
enum Step {
    /// Actor, key, further signature by the admin, version, content.
    Register(&'static str, u8, bool, &'static str, &'static str),
    /// Ordinary end of a key.
    Revoke(u8),
    /// End of a key that is compromised since the step of this number.
    Report(u8, usize),
    /// A copy of the payload of a step, signed by the admin as well.
    Again(usize),
}

/// Keys of two actors, who have two each.
const A1: u8 = 31;
const A2: u8 = 32;
const B1: u8 = 33;
const B2: u8 = 34;
const A: &str = "a@example.org";
const B: &str = "b@example.org";
const KEYS: [(&str, u8); 4] = [(A, A1), (A, A2), (B, B1), (B, B2)];

struct Row {
    about: &'static str,
    /// Each step, and the answer of admission: empty for *admitted*. A refused entry is in the log all the same.
    steps: &'static [(Step, &'static str)],
    /// The step that binds a version in the end, if one does.
    bound: &'static [(&'static str, Option<usize>)],
    /// The owner of `m` in the end.
    owner: Option<&'static str>,
}

const fn register(actor: &'static str, key: u8, name: &'static str, content: &'static str) -> Step {
    Register(actor, key, false, name, content)
}

const fn by_admins(
    actor: &'static str,
    key: u8,
    name: &'static str,
    content: &'static str,
) -> Step {
    Register(actor, key, true, name, content)
}

const CONFLICT: &str = "register-conflict";
const FREED: &str = "register-name-freed";

const ROWS: &[Row] = &[
    Row {
        about: "the first registration binds",
        steps: &[(register(A, A1, "m@1", "x"), "")],
        bound: &[("m@1", Some(0)), ("m@2", None)],
        owner: Some(A),
    },
    Row {
        about: "register again, the same",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(A, A2, "m@1", "x"), ""),
            (register(B, B1, "m@1", "x"), ""),
        ],
        bound: &[("m@1", Some(0))],
        owner: Some(A),
    },
    Row {
        about: "register again, other contents",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(A, A1, "m@1", "y"), CONFLICT),
            (register(B, B1, "m@1", "y"), CONFLICT),
            (by_admins(B, B1, "m@1", "z"), CONFLICT),
        ],
        bound: &[("m@1", Some(0))],
        owner: Some(A),
    },
    Row {
        about: "another version by another actor",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(B, B1, "m@2", "y"), ""),
        ],
        bound: &[("m@1", Some(0)), ("m@2", Some(1))],
        owner: Some(A),
    },
    Row {
        about: "register, revoke: a key that ends leaves what it did",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (Revoke(A1), ""),
            (register(B, B1, "m@1", "y"), CONFLICT),
        ],
        bound: &[("m@1", Some(0))],
        owner: Some(A),
    },
    Row {
        about: "register, revoke as compromised from later on",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(A, A1, "m@2", "y"), ""),
            (Compromised(A1, 1), ""),
            (register(B, B1, "m@1", "z"), CONFLICT),
        ],
        bound: &[("m@1", Some(0)), ("m@2", None)],
        owner: Some(A),
    },
    Row {
        about: "register by a key that is revoked",
        steps: &[
            (Revoke(A1), ""),
            (register(A, A1, "m@1", "x"), "event-revoked-key"),
            (register(B, B1, "m@1", "y"), ""),
        ],
        bound: &[("m@1", Some(2))],
        owner: Some(B),
    },
    Row {
        about: "freed with its owner: the owner binds it again",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(A, A1, "m@2", "evil"), ""),
            (Compromised(A1, 1), ""),
            (register(B, B1, "m@2", "y"), FREED),
            (register(A, A2, "m@2", "y"), ""),
            (register(A, A2, "m@2", "evil"), CONFLICT),
        ],
        bound: &[("m@1", Some(0)), ("m@2", Some(4))],
        owner: Some(A),
    },
    Row {
        about: "freed with another actor's key: the owner binds it",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(B, B1, "m@2", "evil"), ""),
            (Compromised(B1, 1), ""),
            (register(B, B2, "m@2", "y"), FREED),
            (register(A, A1, "m@2", "y"), ""),
        ],
        bound: &[("m@1", Some(0)), ("m@2", Some(4))],
        owner: Some(A),
    },
    Row {
        about: "freed without an owner: the admins give it",
        steps: &[
            (register(A, A1, "m@1", "evil"), ""),
            (Compromised(A1, 0), ""),
            (register(A, A2, "m@1", "x"), FREED),
            (register(B, B1, "m@1", "y"), FREED),
            (register(B, B1, "m@2", "z"), ""),
            (by_admins(A, A2, "m@1", "x"), ""),
            (register(B, B1, "m@1", "y"), CONFLICT),
        ],
        bound: &[("m@1", Some(5)), ("m@2", Some(4))],
        owner: Some(A),
    },
    Row {
        about: "freed: a registration that changed nothing then does not bind now",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (register(B, B1, "m@1", "x"), ""),
            (register(B, B1, "m@1", "y"), CONFLICT),
            (Compromised(A1, 0), ""),
        ],
        bound: &[("m@1", None)],
        owner: None,
    },
    Row {
        about: "freed, bound again, freed again",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (Compromised(A1, 0), ""),
            (by_admins(B, B1, "m@1", "y"), ""),
            (Compromised(B1, 2), ""),
            (register(B, B2, "m@1", "z"), FREED),
        ],
        bound: &[("m@1", None)],
        owner: None,
    },
    Row {
        about: "freed: a copy of what bound it changes nothing",
        steps: &[
            (register(A, A1, "m@1", "x"), ""),
            (Compromised(A1, 0), ""),
            (Again(0), "event-revoked-key"),
        ],
        bound: &[("m@1", None)],
        owner: None,
    },
    Row {
        about: "revoked as compromised before the registration: it has no effect and frees nothing",
        steps: &[
            (Compromised(A1, 0), ""),
            (register(A, A1, "m@1", "x"), "event-revoked-key"),
            (register(B, B1, "m@1", "y"), ""),
        ],
        bound: &[("m@1", Some(2))],
        owner: Some(B),
    },
];

fn signed(payload: Vec<u8>, keys: &[u8]) -> Vec<u8> {
    let keys: Vec<SecretKey> = keys.iter().map(|key| secret(*key)).collect();
    let keys: Vec<&SecretKey> = keys.iter().collect();
    Envelope::sign(payload, &keys).unwrap().encode()
}

/// A row in a log: its admission, and the index of each step.
struct World {
    log: TestLog,
    admission: Admission,
    enrolments: Vec<u64>,
    steps: Vec<u64>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            log: TestLog::new(),
            admission: Admission::new(ORIGIN),
            enrolments: Vec::new(),
            steps: Vec::new(),
        };
        for index in 0..3 {
            let entry = world.log.entries[index].clone();
            world.admission.replay(index as u64, &entry);
        }
        for (actor, key) in KEYS {
            let entry = key_event(actor, key, KeyOp::Enrol, None, None);
            let index = world.add(&entry).1;
            world.enrolments.push(index);
        }
        world
    }

    /// Asks admission, and adds the entry whatever it says.
    fn add(&mut self, entry: &[u8]) -> (&'static str, u64) {
        let code = self.admission.check(entry).err();
        let code = code.map_or("", |refusal| refusal.code());
        let index = self.log.add(entry);
        self.admission.replay(index, entry);
        (code, index)
    }

    fn entry(&self, number: usize, step: Step) -> Vec<u8> {
        let revoke = |key: u8, since: Option<usize>| {
            let at = KEYS.iter().position(|(_, known)| *known == key).unwrap();
            let enrolment = leaf_hash(&self.log.entries[self.enrolments[at] as usize]);
            let first = self.log.edge.size() - self.steps.len() as u64;
            // An index beyond the log's end is refused.
            let last = self.log.edge.size() - 1;
            let since = since.map(|step| (first + step as u64).min(last));
            key_event(KEYS[at].0, key, KeyOp::Revoke, Some(enrolment), since)
        };
        match step {
            Register(actor, key, admins, name, content) => {
                let bare = name.split('@').next().unwrap();
                let new_name = self.is_new(bare, admins);
                let payload = registration(actor, name, content, number, new_name);
                let keys = [key, ADMIN];
                signed(payload, &keys[..1 + usize::from(admins)])
            }
            Revoke(key) => revoke(key, None),
            Compromised(key, since) => revoke(key, Some(since)),
            Again(step) => {
                let entry = &self.log.entries[self.steps[step] as usize];
                let payload = Envelope::parse(entry).unwrap().payload().to_vec();
                signed(payload, &[A1, ADMIN])
            }
        }
    }

    /// A bare name without an owner is new, also if it was freed and the admins give it.
    fn is_new(&self, bare: &str, admins: bool) -> bool {
        let registrations = self.admission.registrations();
        let keyring = self.admission.keyring().unwrap();
        match registrations.binding(&owned(bare)) {
            None => true,
            Some(_) => admins && registrations.in_force(&owned(bare), keyring).is_none(),
        }
    }
}

fn registration(actor: &str, name: &str, content: &str, number: usize, new: bool) -> Vec<u8> {
    let payload = access_payload(Action::Register, actor, &[(name, content)]);
    let payload = String::from_utf8(payload).unwrap();
    let payload = payload.replace("2f6f0c1d9e55", &format!("{number:012x}"));
    state_new_name(&payload, new).into_bytes()
}

fn history(log: &TestLog, artifact: &str) -> Report {
    log.run(HistoryQuery::new(artifact, &policy(), options(), false).unwrap())
}

/// The log of a row, with the answers of admission.
fn play(row: &Row) -> World {
    let mut world = World::new();
    for (number, (step, expected)) in row.steps.iter().enumerate() {
        let entry = world.entry(number, *step);
        let (code, index) = world.add(&entry);
        assert_eq!(code, *expected, "{}, step {number}", row.about);
        world.steps.push(index);
    }
    world
}

#[test]
fn the_table_as_vectors() {
    let rows: Vec<Value> = ROWS
        .iter()
        .map(|row| {
            let world = play(row);
            let entries = world.log.entries.iter();
            let entries: Vec<String> = entries.map(|entry| base64_encode(entry)).collect();
            let mut refusals = vec![""; entries.len() - row.steps.len()];
            refusals.extend(row.steps.iter().map(|(_, code)| *code));
            let bound = row.bound.iter();
            let bound = bound
                .map(|(name, step)| (name.to_string(), json!(step.map(|step| world.steps[step]))));
            json!({
                "about": row.about, "origin": ORIGIN, "entries": entries, "refusals": refusals,
                "bound": bound.collect::<serde_json::Map<_, _>>(), "owner": row.owner,
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "rows": rows })).unwrap() + "\n";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/vectors/bindings");
    let path = folder.join("table.json");
    if std::env::var_os("GLASSLOG_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "table.json differs"
    );
}

#[test]
fn every_row_of_the_table() {
    for row in ROWS {
        let mut world = play(row);
        let keyring: &Keyring = world.admission.keyring().unwrap();
        let registrations = world.admission.registrations();
        let bound = |name: &str| registrations.in_force(name, keyring);
        let owner = bound(&owned("m")).map(|owner| owner.actor.as_str());
        assert_eq!(owner, row.owner, "{}", row.about);
        world.log.publish(&[]);
        for (name, step) in row.bound {
            let expected = step.map(|step| world.steps[step]);
            let found = bound(name).map(|binding| binding.at);
            assert_eq!(found, expected, "{}: {name}", row.about);
            // A version's history, and that of the bare name, find the same.
            for artifact in [*name, "m"] {
                let report = history(&world.log, artifact);
                let versions = report.members.versions.as_ref().unwrap();
                let version = versions.iter().find(|version| version.name == *name);
                let found = version.map(|version| version.index);
                assert_eq!(found, expected, "{}: {name} in {artifact}", row.about);
            }
        }
        let report = history(&world.log, "m");
        let refused = row
            .steps
            .iter()
            .any(|(_, code)| [CONFLICT, FREED].contains(code));
        let expected = if refused {
            Outcome::Unknown
        } else {
            Outcome::Pass
        };
        assert_eq!(outcome(&report, "registrations"), expected, "{}", row.about);
        let report = audit(&world.log);
        assert_eq!(outcome(&report, "registrations"), expected, "{}", row.about);
    }
}

/// A registration says that it is the first of a bare name exactly if it is; admission refuses others, and an audit finds
/// them.
#[test]
fn a_wrong_new_name_is_refused_and_found() {
    for (first, second, wrong, code) in [
        (true, false, None, ["", ""]),
        (false, false, Some(0), ["register-new-name-missing", ""]),
        (true, true, Some(1), ["", "register-new-name-false"]),
    ] {
        let mut world = World::new();
        let mut indices = Vec::new();
        for (number, new) in [first, second].into_iter().enumerate() {
            let name = format!("m@{}", number + 1);
            let payload = registration(A, &name, "x", number, new);
            let (answer, index) = world.add(&signed(payload, &[A1]));
            assert_eq!(answer, code[number]);
            indices.push(index);
        }
        world.log.publish(&[]);
        for report in [history(&world.log, "m"), audit(&world.log)] {
            let expected = match wrong {
                None => "no name and version is bound to two contents".to_string(),
                Some(step) => format!(
                    "entry {} states wrongly whether it is the first registration of `m`",
                    indices[step]
                ),
            };
            assert_eq!(detail(&report, "registrations"), expected);
        }
    }
}

fn audit(log: &TestLog) -> Report {
    log.run(AuditQuery::new(&policy(), options(), None))
}

/// The past stays decided: before the report the name was bound, and the entry after it finds the name free.
#[test]
fn a_name_is_bound_until_the_report() {
    let mut world = World::new();
    let first = world.entry(0, register(A, A1, "m@1", "x"));
    let index = world.add(&first).1;
    world.steps.push(index);
    let second = world.entry(1, register(B, B1, "m@1", "y"));
    assert_eq!(world.admission.check(&second).unwrap_err().code(), CONFLICT);
    let before = world.admission.clone();
    let report = world.entry(1, Compromised(A1, 0));
    world.add(&report);
    let name = |admission: &Admission| {
        let keyring = admission.keyring().unwrap();
        let binding = admission.registrations().in_force("m@1", keyring);
        binding.map(|binding| binding.at)
    };
    assert_eq!((name(&before), name(&world.admission)), (Some(index), None));
    let refusal = world.admission.check(&second).unwrap_err();
    assert_eq!(refusal.code(), FREED);
    assert_eq!(
        refusal.to_string(),
        format!(
            "`m@1` was freed when its registration at index {index} was withdrawn; only the admins may bind it again"
        )
    );
}
