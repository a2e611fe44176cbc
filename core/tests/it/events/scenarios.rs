//! The scenarios behind `docs/formats/vectors/events`: each a history, and what comes of it, stated by hand.

use super::fixture::*;
use glasslog_core::event::{
    AccessEvent, Action, FileList, FileListReference, FolderFile, KeyEvent, Outcome, Subject,
};
use glasslog_core::merkle::sha256;
use serde_json::{Value, json};

const WHO: &str = "ci@example.org";

/// A vector: its file's name, what it shows, the entries in log order, and the expected outcome of each.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    about: &'static str,
    entries: Vec<(Vec<u8>, Value)>,
}

impl Scenario {
    /// The file's content.
    pub(crate) fn to_json(&self) -> Value {
        let entries = self.entries.iter().map(|(bytes, expected)| {
            let entry = match core::str::from_utf8(bytes) {
                Ok(text) => json!({ "text": text }),
                Err(_) => json!({ "base64": glasslog_core::text::wire::base64_encode(bytes) }),
            };
            json!({ "entry": entry, "expected": expected })
        });
        json!({
            "about": self.about,
            "origin": ORIGIN,
            "entries": entries.collect::<Vec<_>>(),
        })
    }
}

/// A readable entry that admission takes.
fn taken(entry: Vec<u8>, signature: &str, effect: &str) -> (Vec<u8>, Value) {
    let expected = json!({ "admission": "admitted", "signature": signature, "keyEffect": effect });
    (entry, expected)
}

/// A readable entry that an operator forced in: what verifiers derive, and what admission would have said.
fn forced(entry: Vec<u8>, refusal: (&str, u16), signature: &str, effect: &str) -> (Vec<u8>, Value) {
    let expected = json!({
        "admission": refusal.0, "httpStatus": refusal.1, "signature": signature, "keyEffect": effect,
    });
    (entry, expected)
}

/// An unreadable entry.
fn unreadable(entry: Vec<u8>, error: &str, status: u16) -> (Vec<u8>, Value) {
    (
        entry,
        json!({ "admission": error, "httpStatus": status, "unreadable": true }),
    )
}

fn start() -> Vec<(Vec<u8>, Value)> {
    vec![
        taken(genesis(), "valid", "none"),
        taken(enrol(WHO, CI), "valid", "enrolled"),
    ]
}

fn then(rest: Vec<(Vec<u8>, Value)>) -> Vec<(Vec<u8>, Value)> {
    let mut entries = start();
    entries.extend(rest);
    entries
}

/// Registrations of one folder, and changes of the members that list its files.
fn folders() -> Vec<(Vec<u8>, Value)> {
    let file = |path: &str, content: &str| FolderFile {
        path: path.into(),
        size: content.len() as u64,
        digest: sha256(content.as_bytes()),
    };
    let files = [file("a/b", "one"), file("a.b", "two, longer")];
    let list = FileList::new(files.into()).unwrap();
    let event = |number, listed: usize| AccessEvent {
        files: list.largest(listed),
        file_list: (listed < 2).then(|| FileListReference {
            digest: list.digest(),
            files: 2,
        }),
        new_name: number == 1,
        ..access(Action::Register, WHO, number)
    };
    let signed = |event: &AccessEvent| {
        let subjects = [Subject::new("folder@1", &list.root())];
        event.to_statement(&subjects).encode()
    };
    let [all, some, none] =
        [(1, 2), (2, 1), (3, 0)].map(|(number, listed)| signed(&event(number, listed)));
    let read = AccessEvent {
        action: Action::Write,
        ..event(4, 2)
    };
    let changed = |from: &str, to: &str, error| unreadable(replaced(&all, from, to), error, 400);
    let first = format!("sha256:{}", sha256(b"one").to_hex());
    let other = format!("sha256:{}", sha256(b"1").to_hex());
    vec![
        taken(sign_bytes(&all, &[CI]), "valid", "none"),
        taken(sign_bytes(&some, &[CI]), "valid", "none"),
        taken(sign_bytes(&none, &[CI]), "valid", "none"),
        unreadable(
            sign_bytes(&signed(&read), &[CI]),
            "access-files-elsewhere",
            400,
        ),
        changed(&first, &other, "access-files-root"),
        changed("\"a/b\"", "\"a.c\"", "member-malformed"),
        changed("\"a/b\"", "\"a.b\"", "member-malformed"),
        changed("\"a/b\"", "\"../a\"", "member-malformed"),
        changed("\"size\":3", "\"size\":-3", "member-malformed"),
        changed("\"path\":\"a/b\",", "", "member-missing"),
        unreadable(
            replaced(&some, "\"files\":2", "\"files\":\"2\""),
            "member-malformed",
            400,
        ),
        unreadable(
            replaced(&none, "\"fileList\":", "\"files\":[],\"fileList\":"),
            "member-malformed",
            400,
        ),
    ]
}

fn payload(action: Action, number: u32) -> Vec<u8> {
    let event = AccessEvent {
        new_name: action == Action::Register,
        ..access(action, WHO, number)
    };
    event.to_payload(&[subject("resnet50@2.1")]).unwrap()
}

/// The payload with one text in place of another, signed.
fn replaced(payload: &[u8], from: &str, to: &str) -> Vec<u8> {
    let payload = str::from_utf8(payload).unwrap();
    assert!(payload.contains(from), "{from}");
    sign_bytes(payload.replacen(from, to, 1).as_bytes(), &[CI])
}

fn envelope(from: &str, to: &str) -> Vec<u8> {
    let entry = String::from_utf8(read(WHO, 1, &[CI])).unwrap();
    assert!(entry.contains(from), "{from}");
    entry.replacen(from, to, 1).into_bytes()
}

pub(crate) fn all() -> Vec<Scenario> {
    [good(), keys(), signatures(), payloads(), envelopes()]
        .into_iter()
        .flatten()
        .map(|(name, about, entries)| Scenario {
            name,
            about,
            entries,
        })
        .collect()
}

/// A name that a compromised key registered, and its way to another actor.
fn freed() -> Vec<(Vec<u8>, Value)> {
    const OTHER: &str = "ops@example.org";
    let revoked = KeyEvent {
        compromised_since: Some(3),
        ..revocation(WHO, CI, &enrol(WHO, CI))
    };
    let by_other = |number, new_name, seeds: &[u8]| {
        let event = AccessEvent {
            new_name,
            ..access(Action::Register, OTHER, number)
        };
        sign(&event.to_statement(&[subject("m@1")]), seeds)
    };
    vec![
        taken(enrol(OTHER, OPS), "valid", "enrolled"),
        taken(register("m@1", &["x"], 1, &[CI]), "compromised", "none"),
        forced(
            by_other(2, false, &[OPS]),
            ("register-conflict", 409),
            "valid",
            "none",
        ),
        taken(sign(&revoked.to_statement(), &[ADMIN]), "valid", "revoked"),
        forced(
            by_other(3, true, &[OPS]),
            ("register-name-freed", 409),
            "valid",
            "none",
        ),
        forced(
            by_other(4, false, &[OPS, ADMIN]),
            ("register-new-name-missing", 409),
            "valid",
            "none",
        ),
    ]
}

type Group = Vec<(&'static str, &'static str, Vec<(Vec<u8>, Value)>)>;

fn good() -> Group {
    let every = Action::ALL.iter().zip(1u32..);
    let every = every.map(|(action, number)| {
        taken(
            sign_bytes(&payload(*action, number), &[CI]),
            "valid",
            "none",
        )
    });
    let mut denied = access(Action::Register, WHO, 2);
    denied.outcome = Outcome::Denied;
    vec![
        (
            "actions",
            "Every action, with the members that it asks for.",
            then(every.collect()),
        ),
        (
            "register-conflict",
            "The first successful registration binds a name and version to its digests.",
            then(vec![
                taken(register("m@1", &["x", "y"], 1, &[CI]), "valid", "none"),
                taken(
                    sign(&denied.to_statement(&[subject("m@1")]), &[CI]),
                    "valid",
                    "none",
                ),
                taken(
                    register_again("m@1", &["y", "x"], 3, &[CI]),
                    "valid",
                    "none",
                ),
                forced(
                    register_again("m@1", &["x"], 4, &[CI]),
                    ("register-conflict", 409),
                    "valid",
                    "none",
                ),
                taken(register_again("m@2", &["x"], 5, &[CI]), "valid", "none"),
                taken(register_again("m", &["x"], 6, &[CI]), "valid", "none"),
                taken(register_again("m", &["y"], 7, &[CI]), "valid", "none"),
            ]),
        ),
        (
            "register-new-name",
            "A registration states `newName` exactly if it makes a bare name owned.",
            then(vec![
                forced(
                    register_again("m@1", &["x"], 1, &[CI]),
                    ("register-new-name-missing", 409),
                    "valid",
                    "none",
                ),
                forced(
                    register("m@2", &["x"], 2, &[CI]),
                    ("register-new-name-false", 409),
                    "valid",
                    "none",
                ),
                forced(
                    register("n", &["x"], 3, &[CI]),
                    ("register-new-name-false", 409),
                    "valid",
                    "none",
                ),
                taken(register("n@1", &["x"], 4, &[CI]), "valid", "none"),
                unreadable(
                    replaced(
                        &payload(Action::Register, 5),
                        "\"newName\":true",
                        "\"newName\":false",
                    ),
                    "member-malformed",
                    400,
                ),
            ]),
        ),
        (
            "register-folder",
            "A registration lists the files of its first subject: all of them with their digest, or some and the whole list.",
            then(folders()),
        ),
        (
            "register-freed",
            "A registration by a key that was compromised is withdrawn; the admins give a name that has no owner.",
            then(freed()),
        ),
        (
            "replayed-payload",
            "The same payload in another envelope has no second position; the same envelope is not asked about.",
            then(vec![
                taken(enrol("ops@example.org", OPS), "valid", "enrolled"),
                taken(read(WHO, 1, &[CI]), "valid", "none"),
                forced(
                    read(WHO, 1, &[CI, OPS]),
                    ("event-replayed", 409),
                    "valid",
                    "none",
                ),
            ]),
        ),
    ]
}

fn keys() -> Group {
    let enrolled = enrol(WHO, CI);
    let revoked = revoke(WHO, CI, &enrolled);
    let since = KeyEvent {
        compromised_since: Some(3),
        ..revocation(WHO, CI, &enrolled)
    };
    let noise = [read(WHO, 1, &[CI]), b"\n".to_vec()].concat();
    let beyond = KeyEvent {
        compromised_since: Some(3),
        ..revocation(WHO, CI, &enrolled)
    };
    let beyond = sign(&beyond.to_statement(), &[ADMIN]);
    let amended = amend(WHO, CI, &revoked, 4);
    let again = KeyEvent {
        reason: Some("again".into()),
        ..enrolment(WHO, CI)
    };
    let eve = enrol("eve@example.org", CI);
    let two_of_three = sign(
        &genesis_event(&[10, 11, 12], 2).to_statement(),
        &[10, 11, 12],
    );
    let by = |seeds: &[u8]| sign(&enrolment(WHO, CI).to_statement(), seeds);
    vec![
        (
            "key-revoked",
            "A key is valid after its enrolment and up to its revocation, by position; a revocation is final.",
            then(vec![
                taken(read(WHO, 1, &[CI]), "valid", "none"),
                taken(revoked.clone(), "valid", "revoked"),
                forced(
                    read(WHO, 2, &[CI]),
                    ("event-revoked-key", 403),
                    "revoked-key",
                    "none",
                ),
                forced(
                    sign(&again.to_statement(), &[ADMIN]),
                    ("key-already-revoked", 409),
                    "valid",
                    "key-already-revoked",
                ),
                forced(
                    read(WHO, 3, &[CI]),
                    ("event-revoked-key", 403),
                    "revoked-key",
                    "none",
                ),
            ]),
        ),
        (
            "key-compromised",
            "Events from the stated index to the revocation count for nothing once it is logged.",
            then(vec![
                taken(read(WHO, 1, &[CI]), "valid", "none"),
                taken(read(WHO, 2, &[CI]), "compromised", "none"),
                taken(sign(&since.to_statement(), &[ADMIN]), "valid", "revoked"),
            ]),
        ),
        (
            "key-amended",
            "After the revocation, an amendment states or lowers the index, and never raises it. Each names the event before it.",
            then(vec![
                taken(read(WHO, 1, &[CI]), "valid", "none"),
                taken(read(WHO, 2, &[CI]), "compromised", "none"),
                taken(read(WHO, 3, &[CI]), "compromised", "none"),
                forced(
                    amend(WHO, CI, &enrolled, 4),
                    ("key-not-revoked", 409),
                    "valid",
                    "key-not-revoked",
                ),
                taken(revoked.clone(), "valid", "revoked"),
                taken(amended.clone(), "valid", "amended"),
                forced(
                    amend(WHO, CI, &revoked, 2),
                    ("key-of-another-revocation", 409),
                    "valid",
                    "key-of-another-revocation",
                ),
                forced(
                    amend(WHO, CI, &amended, 5),
                    ("key-compromise-not-lowered", 409),
                    "valid",
                    "key-compromise-not-lowered",
                ),
                taken(amend(WHO, CI, &amended, 3), "valid", "amended"),
            ]),
        ),
        (
            "key-compromise-beyond-end",
            "An index beyond the log's end is refused; forced in, the revocation takes effect and the amendment does not.",
            then(vec![
                taken(read(WHO, 1, &[CI]), "valid", "none"),
                forced(
                    beyond.clone(),
                    ("key-compromise-beyond-end", 409),
                    "valid",
                    "revoked",
                ),
                forced(
                    amend(WHO, CI, &beyond, 4),
                    ("key-compromise-beyond-end", 409),
                    "valid",
                    "key-compromise-beyond-end",
                ),
            ]),
        ),
        (
            "acknowledge",
            "The admins know of an entry that is no event; an actor, or an entry that is not there yet, changes nothing.",
            then(vec![
                unreadable(noise.clone(), "envelope-not-canonical", 400),
                taken(acknowledge(2, &noise, &[ADMIN]), "valid", "none"),
                forced(
                    acknowledge(2, &noise, &[CI]),
                    ("event-unknown-key", 403),
                    "unknown-key",
                    "none",
                ),
                forced(
                    acknowledge(9, &noise, &[ADMIN]),
                    ("acknowledges-no-entry", 409),
                    "valid",
                    "none",
                ),
            ]),
        ),
        (
            "log-key",
            "The log changes its key: the admins and the old key sign, and no submission does it.",
            then(vec![
                forced(
                    rotate(3, &[ADMIN], &[11]),
                    ("rotation-submitted", 409),
                    "valid",
                    "none",
                ),
                forced(
                    rotate(4, &[ADMIN], &[]),
                    ("rotation-submitted", 409),
                    "unknown-key",
                    "none",
                ),
                forced(
                    rotate(5, &[CI], &[11]),
                    ("rotation-submitted", 409),
                    "unknown-key",
                    "none",
                ),
                forced(
                    falsify(&rotate(6, &[ADMIN], &[11]), &[ADMIN]),
                    ("rotation-submitted", 409),
                    "invalid",
                    "none",
                ),
            ]),
        ),
        (
            "key-before-enrolment",
            "A key speaks from the entry after its enrolment on, not before.",
            vec![
                taken(genesis(), "valid", "none"),
                forced(
                    read(WHO, 1, &[CI]),
                    ("event-unknown-key", 403),
                    "unknown-key",
                    "none",
                ),
                taken(enrolled.clone(), "valid", "enrolled"),
                taken(read(WHO, 2, &[CI]), "valid", "none"),
            ],
        ),
        (
            "key-second-enrolment",
            "The first valid enrolment binds a key; a revocation names it, and its actor.",
            then(vec![
                forced(
                    eve.clone(),
                    ("key-already-enrolled", 409),
                    "valid",
                    "key-already-enrolled",
                ),
                forced(
                    read("eve@example.org", 1, &[CI]),
                    ("event-actor-mismatch", 403),
                    "actor-mismatch",
                    "none",
                ),
                forced(
                    revoke(WHO, CI, &eve),
                    ("key-of-another-enrolment", 409),
                    "valid",
                    "key-of-another-enrolment",
                ),
                forced(
                    revoke("eve@example.org", CI, &enrolled),
                    ("key-of-another-actor", 409),
                    "valid",
                    "key-of-another-actor",
                ),
                taken(read(WHO, 2, &[CI]), "valid", "none"),
            ]),
        ),
        (
            "key-revocation-too-early",
            "A revocation counts at its first position only: a copy after the enrolment revokes nothing.",
            vec![
                taken(genesis(), "valid", "none"),
                forced(
                    revoked.clone(),
                    ("key-not-enrolled", 409),
                    "valid",
                    "key-not-enrolled",
                ),
                taken(enrolled, "valid", "enrolled"),
                forced(
                    revoked,
                    ("event-replayed", 409),
                    "valid",
                    "key-event-replayed",
                ),
                taken(read(WHO, 1, &[CI]), "valid", "none"),
            ],
        ),
        (
            "admins-threshold",
            "Two of three admins must sign; a false signature of one spoils the event, a stranger's counts nothing.",
            vec![
                taken(two_of_three, "valid", "none"),
                forced(
                    by(&[]),
                    ("event-unsigned", 422),
                    "none",
                    "key-event-not-by-admins",
                ),
                forced(
                    by(&[10]),
                    ("event-not-by-admins", 403),
                    "unknown-key",
                    "key-event-not-by-admins",
                ),
                forced(
                    by(&[10, CI]),
                    ("event-not-by-admins", 403),
                    "unknown-key",
                    "key-event-not-by-admins",
                ),
                forced(
                    falsify(&by(&[10, 11, 12]), &[12]),
                    ("event-bad-signature", 422),
                    "invalid",
                    "key-event-bad-signature",
                ),
                taken(by(&[12, 11]), "valid", "enrolled"),
                forced(
                    by(&[10, 11, 12]),
                    ("event-replayed", 409),
                    "valid",
                    "key-event-replayed",
                ),
            ],
        ),
        (
            "admin-is-no-actor",
            "An admin's key cannot be enrolled, and signs no access event.",
            vec![
                taken(genesis(), "valid", "none"),
                forced(
                    enrol("admin@example.org", ADMIN),
                    ("key-is-an-admins", 409),
                    "valid",
                    "key-is-an-admins",
                ),
                forced(
                    read("admin@example.org", 1, &[ADMIN]),
                    ("event-unknown-key", 403),
                    "unknown-key",
                    "none",
                ),
            ],
        ),
    ]
}

fn signatures() -> Group {
    let good = read(WHO, 1, &[CI]);
    let mut foreign = access(Action::Read, WHO, 1);
    foreign.log = "other.example/log".into();
    let foreign = sign(&foreign.to_statement(&[subject("resnet50@2.1")]), &[CI]);
    let one = |name, about, entry: Vec<u8>, refusal, signature| {
        (
            name,
            about,
            then(vec![forced(entry, refusal, signature, "none")]),
        )
    };
    vec![
        one(
            "signature-none",
            "An event without a signature.",
            read(WHO, 1, &[]),
            ("event-unsigned", 422),
            "none",
        ),
        one(
            "signature-false",
            "One bit of the signature differs.",
            falsify(&good, &[CI]),
            ("event-bad-signature", 422),
            "invalid",
        ),
        one(
            "signature-unknown-key",
            "Signed by a key that is not enrolled.",
            read(WHO, 1, &[9]),
            ("event-unknown-key", 403),
            "unknown-key",
        ),
        one(
            "signature-keyid-changed",
            "The keyid names another key than the one that signed: it only locates a key.",
            envelope(&keyid(CI), &keyid(9)),
            ("event-unknown-key", 403),
            "unknown-key",
        ),
        one(
            "signature-stranger-beside",
            "A stranger's signature beside a good one is not admitted, and changes no verdict.",
            read(WHO, 1, &[CI, 9]),
            ("event-unknown-key", 403),
            "valid",
        ),
        one(
            "signature-other-log",
            "Signed for another log.",
            foreign,
            ("event-for-other-log", 403),
            "other-log",
        ),
        (
            "signature-other-actor",
            "Signed by one actor, as another.",
            then(vec![
                taken(enrol("ops@example.org", OPS), "valid", "enrolled"),
                forced(
                    read(WHO, 1, &[OPS]),
                    ("event-actor-mismatch", 403),
                    "actor-mismatch",
                    "none",
                ),
                taken(read(WHO, 1, &[OPS, CI]), "valid", "none"),
            ]),
        ),
        (
            "genesis-second",
            "A genesis event stands at index 0 only.",
            then(vec![forced(
                genesis(),
                ("genesis-second", 400),
                "unknown-key",
                "none",
            )]),
        ),
    ]
}

fn payloads() -> Group {
    let write = payload(Action::Write, 1);
    let without = |action, change: &dyn Fn(&mut glasslog_core::event::AccessEvent)| {
        let mut event = access(action, WHO, 1);
        change(&mut event);
        sign_bytes(
            &event.to_statement(&[subject("resnet50@2.1")]).encode(),
            &[CI],
        )
    };
    let one = |name, about, entry, error| (name, about, then(vec![unreadable(entry, error, 400)]));
    vec![
        one(
            "no-reason",
            "A material action without a reason.",
            without(Action::Write, &|event| event.reason = None),
            "access-reason-missing",
        ),
        one(
            "blank-reason",
            "A reason of white space says nothing.",
            replaced(&write, "Promote to prod", " \\t"),
            "access-reason-missing",
        ),
        one(
            "no-transfer",
            "A transfer that names no parties.",
            without(Action::Transfer, &|event| event.transfer = None),
            "access-transfer-missing",
        ),
        one(
            "no-acts-on",
            "A release that names no hold.",
            without(Action::Release, &|event| event.acts_on = None),
            "access-acts-on-missing",
        ),
        one(
            "unknown-action",
            "Unknown members are ignored; unknown actions are not.",
            replaced(&write, "\"write\"", "\"peek\""),
            "member-malformed",
        ),
        one(
            "duplicate-member",
            "A member that appears twice, once with an escape.",
            replaced(&write, "\"action\"", "\"\\u0061ction\":\"read\",\"action\""),
            "json-duplicate-member",
        ),
        one(
            "duplicate-unknown-member",
            "Members that nobody reads are read strictly too.",
            replaced(&write, "\"action\"", "\"x\":[{\"y\":1,\"y\":1}],\"action\""),
            "json-duplicate-member",
        ),
        one(
            "float",
            "Numbers are integers.",
            replaced(&write, "\"action\"", "\"x\":1.0,\"action\""),
            "json-not-an-integer",
        ),
        one(
            "big-integer",
            "Integers fit 64 bits.",
            replaced(&write, "\"action\"", "\"x\":9223372036854775808,\"action\""),
            "json-not-an-integer",
        ),
        one(
            "too-deep",
            "Seventeen containers inside each other, the Statement and its predicate among them.",
            replaced(
                &write,
                "\"action\"",
                &format!("\"x\":{}{},\"action\"", "[".repeat(15), "]".repeat(15)),
            ),
            "json-too-deep",
        ),
        one(
            "trailing-bytes",
            "Nothing follows the Statement.",
            replaced(&write, "\"resnet50@2.1\"", "\"resnet50@2.1\"}}"),
            "json-syntax",
        ),
        one(
            "lone-surrogate",
            "An escape that is half a character.",
            replaced(&write, "Promote", "\\ud83d"),
            "json-syntax",
        ),
        one(
            "look-alike-name",
            "A Cyrillic letter in the name of a subject.",
            replaced(&write, "resnet50@2.1", "r\u{435}snet50@2.1"),
            "member-malformed",
        ),
        one(
            "upper-case-digest",
            "Digests are lower-case hex.",
            replaced(&write, "\"sha256\":\"", "\"sha256\":\"A"),
            "member-malformed",
        ),
        one(
            "invalid-utf8",
            "The payload is not UTF-8.",
            sign_bytes(&[&write[..], &[0xff]].concat(), &[CI]),
            "json-not-utf8",
        ),
        one(
            "leap-second",
            "There is no second 60.",
            replaced(&write, "15:04:05Z", "23:59:60Z"),
            "member-malformed",
        ),
        (
            "unknown-members",
            "Members that are not of the format are ignored.",
            then(vec![taken(
                replaced(
                    &write,
                    "\"action\"",
                    "\"new\":{\"x\":[null,true,-1]},\"action\"",
                ),
                "valid",
                "none",
            )]),
        ),
        (
            "unknown-predicate-type",
            "A Statement of another type is not admitted; one that stands in a log is readable, and judged by its signature.",
            then(vec![forced(
                replaced(&write, "artifact-access/v1", "other/v1"),
                ("predicate-type-unknown", 400),
                "valid",
                "none",
            )]),
        ),
    ]
}

fn envelopes() -> Group {
    let one = |name, about, entry, error, status| {
        (name, about, then(vec![unreadable(entry, error, status)]))
    };
    let twice = envelope(
        "\"signatures\":[",
        "\"signatures\":[{\"keyid\":\"KEY\",\"sig\":\"\"},",
    );
    let twice = String::from_utf8(twice)
        .unwrap()
        .replace("KEY", &keyid(CI))
        .into_bytes();
    vec![
        one(
            "envelope-white-space",
            "The envelope has no white space.",
            envelope(",\"payloadType\"", ", \"payloadType\""),
            "envelope-not-canonical",
            400,
        ),
        one(
            "envelope-newline",
            "Nothing follows the envelope, not even a line break.",
            [read(WHO, 1, &[CI]), b"\n".to_vec()].concat(),
            "envelope-not-canonical",
            400,
        ),
        one(
            "envelope-escape",
            "An escape where a plain character does.",
            envelope("vnd.in-toto", "vnd.in\\u002dtoto"),
            "envelope-not-canonical",
            400,
        ),
        one(
            "envelope-extra-member",
            "No members beside those of the format.",
            envelope("{\"payload\"", "{\"a\":1,\"payload\""),
            "envelope-not-canonical",
            400,
        ),
        one(
            "envelope-unpadded",
            "Base64 is padded.",
            envelope("==\"", "\""),
            "member-malformed",
            400,
        ),
        one(
            "envelope-duplicate-signer",
            "One signature for each key.",
            twice,
            "envelope-duplicate-signer",
            400,
        ),
        one(
            "envelope-payload-type",
            "The payload is an in-toto Statement.",
            envelope("in-toto+json", "in-toto+cbor"),
            "envelope-payload-type",
            400,
        ),
        one(
            "envelope-upper-case-keyid",
            "A keyid is lower-case hex.",
            envelope("sha256:", "SHA256:"),
            "member-malformed",
            400,
        ),
        one(
            "envelope-too-large",
            "An entry has at most 65,535 bytes.",
            vec![b' '; 65_536],
            "entry-too-large",
            413,
        ),
        one(
            "not-json",
            "Bytes of another kind.",
            vec![0x89, b'P', b'N', b'G'],
            "json-not-utf8",
            400,
        ),
    ]
}
