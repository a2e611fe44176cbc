//! The key function `access/v2`, against hashes computed by other means, a second reading of its text, and entries of
//! every type.

use super::fixture::{
    ADMIN, CI, access, enrol, genesis, keyid, read, register, sign, sign_bytes, spki, subject,
};
use glasslog_core::event::{
    self, Action, Exception, KeyKind, LookupKey, base_name, key_hashes, keys_of,
};
use glasslog_core::merkle::{Hash, sha256};
use std::collections::BTreeSet;

fn keys(entry: &[u8]) -> Vec<String> {
    let keys = keys_of(entry);
    let hashes: BTreeSet<Hash> = keys.iter().map(LookupKey::hash).collect();
    assert!(hashes.into_iter().eq(key_hashes(entry)));
    keys.iter()
        .map(|key| format!("{} {}", key.kind.as_str(), key.id))
        .collect()
}

#[track_caller]
fn has_exactly(entry: &[u8], expected: &[&str]) {
    let mut expected: Vec<String> = expected.iter().map(|key| key.to_string()).collect();
    let mut found = keys(entry);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn kinds_have_one_number_and_one_name() {
    let numbers: Vec<u8> = KeyKind::ALL.iter().map(|kind| kind.number()).collect();
    assert_eq!(
        numbers,
        [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    );
    for kind in KeyKind::ALL {
        assert_eq!(KeyKind::find(kind.as_str()), Some(*kind));
    }
    assert_eq!(KeyKind::find("detached"), None);
}

/// Computed with Python's hashlib from the definition.
#[test]
fn known_hashes() {
    for (kind, id, hex) in KNOWN {
        assert_eq!(LookupKey::new(*kind, *id).hash().to_hex(), *hex, "{id}");
    }
}

#[test]
fn a_routine_access_has_the_keys_of_its_subjects_actors_and_signers_alone() {
    let mut two = subject("plain");
    two.digests.push(("sha512".into(), "0f".repeat(64)));
    for action in [Action::Read, Action::Execute, Action::Verify] {
        let mut event = access(action, "ci@example.org", 1);
        event.actor.on_behalf_of = Some("alice@example.org".into());
        event.context.environment = Some("prod".into());
        let entry = sign(
            &event.to_statement(&[subject("a@b@2.1"), two.clone()]),
            &[CI, 9],
        );
        has_exactly(
            &entry,
            &[
                "version a@b@2.1",
                "version plain",
                "name a@b",
                "name plain",
                &format!("digest sha256:{}", sha256(b"a@b@2.1").to_hex()),
                &format!("digest sha256:{}", sha256(b"plain").to_hex()),
                &format!("digest sha512:{}", "0f".repeat(64)),
                "actor alice@example.org",
                "actor ci@example.org",
                &format!("key {}", keyid(CI)),
                &format!("key {}", keyid(9)),
            ],
        );
    }
}

/// The keys that an access has beyond those of its subjects, actor and signer.
fn further(action: Action, change: impl Fn(&str) -> String) -> Vec<String> {
    let event = access(action, "ci@example.org", 1);
    let payload = event.to_payload(&[subject("m@1")]).unwrap();
    let payload = change(&String::from_utf8(payload).unwrap());
    let mut found = keys(&sign_bytes(payload.as_bytes(), &[CI]));
    let common = ["version m@1", "name m", "actor ci@example.org"];
    let digest = sha256(b"m@1").to_hex();
    let common = common.map(String::from).into_iter().chain([
        format!("digest sha256:{digest}"),
        format!("key {}", keyid(CI)),
    ]);
    for key in common {
        let at = found.iter().position(|found| *found == key).unwrap();
        found.remove(at);
    }
    let state = [
        "version-state m@1".into(),
        "name-state m".into(),
        format!("digest-state sha256:{digest}"),
    ];
    if found.starts_with(&state) {
        found.splice(..3, ["state".to_string()]);
    }
    found
}

fn with(member: &str) -> impl Fn(&str) -> String {
    move |payload| payload.replacen(r#""log":"#, &format!(r#"{member},"log":"#), 1)
}

#[test]
fn an_access_has_the_keys_of_the_lists_that_it_stands_in() {
    let same = |payload: &str| payload.to_string();
    for action in Action::ALL {
        let found = further(*action, same);
        let expected: &[&str] = match action {
            Action::Read | Action::Execute | Action::Verify => &[],
            Action::Hold | Action::Release => &["state", "attention "],
            Action::Deploy | Action::Undeploy => &["state", "environment "],
            _ => &["state"],
        };
        assert_eq!(found, expected, "{action}");
    }
    // Actions that this version does not know, and none at all, change something for all that anyone knows.
    let renamed = |to: &'static str| move |payload: &str| payload.replace(r#""read""#, to);
    assert_eq!(
        further(Action::Read, renamed(r#""retire""#)),
        ["state", "catalogue "]
    );
    assert_eq!(
        further(Action::Read, renamed(r#""accept""#)),
        ["state", "attention "]
    );
    assert_eq!(further(Action::Read, renamed(r#""copy""#)), ["state"]);
    assert_eq!(further(Action::Read, renamed("7")), ["state"]);
    let digest = format!("sha256:{}", "0f".repeat(32));
    let files = format!(
        r#""files":[{{"path":"a","size":1,"digest":"{digest}"}},{{"digest":"blake3:00"}},{{"digest":"x"}},{{"digest":"sha256:0F"}},{{"digest":"sha256:"}},7]"#
    );
    let listed = [
        "state".to_string(),
        "file blake3:00".into(),
        format!("file {digest}"),
    ];
    assert_eq!(further(Action::Register, with(&files)), listed);
    assert_eq!(further(Action::Write, with(&files)), ["state"]);
    for (member, is_new) in [
        ("true", true),
        ("false", false),
        ("1", false),
        (r#""true""#, false),
    ] {
        let found = further(Action::Register, with(&format!(r#""newName":{member}"#)));
        let expected: &[&str] = if is_new {
            &["state", "catalogue "]
        } else {
            &["state"]
        };
        assert_eq!(found, expected, "{member}");
    }
    assert_eq!(further(Action::Write, with(r#""newName":true"#)), ["state"]);
    let environment = with(r#""context":{"environment":"prod é"}"#);
    assert_eq!(
        further(Action::Deploy, &environment),
        ["state", "environment prod é"]
    );
    assert_eq!(further(Action::Write, &environment), ["state"]);
    for no_label in [
        r#""""#.to_string(),
        "7".into(),
        format!(r#""{}""#, "x".repeat(257)),
    ] {
        let context = format!(r#""context":{{"environment":{no_label}}}"#);
        let found = further(Action::Undeploy, with(&context));
        assert_eq!(found, ["state", "environment "]);
    }
    for (action, expected) in [
        (Action::Grant, &["actor eve", "state", "authority eve"][..]),
        (Action::Revoke, &["actor eve", "state", "authority eve"]),
        (Action::Write, &["actor eve", "state"]),
    ] {
        let mut found = further(action, with(r#""grantee":"eve""#));
        if found[1..].len() >= 3 {
            found.splice(1..4, ["state".to_string()]);
        }
        assert_eq!(found, expected);
    }
    // `null` says that there was no exception.
    assert_eq!(further(Action::Read, with(r#""exception":null"#)), [""; 0]);
    let exception = with(r#""exception":{"approvedBy":["bob","b b"]},"approvals":["eve",7]"#);
    assert_eq!(
        further(Action::Read, exception),
        ["actor bob", "actor eve", "attention "]
    );
}

#[test]
fn an_exception_is_seen_by_its_approvers() {
    let mut event = access(Action::Execute, "ci@example.org", 1);
    event.exception = Some(Exception {
        kind: "emergency".into(),
        approved_by: vec!["bob@example.org".into(), "ci@example.org".into()],
        expires_at: "2026-11-30T00:00:00Z".into(),
        review_by: "2026-11-30T00:00:00Z".into(),
    });
    has_exactly(
        &sign(&event.to_statement(&[subject("m")]), &[CI]),
        &[
            "version m",
            "name m",
            &format!("digest sha256:{}", sha256(b"m").to_hex()),
            "actor bob@example.org",
            "actor ci@example.org",
            &format!("key {}", keyid(CI)),
            "attention ",
        ],
    );
}

#[test]
fn control_events_are_about_no_artifact() {
    has_exactly(&genesis(), &["trust ", &format!("key {}", keyid(ADMIN))]);
    let key = spki(CI).key_id();
    has_exactly(
        &enrol("ci@example.org", CI),
        &[
            "actor ci@example.org",
            "authority ci@example.org",
            &format!("key {key}"),
            &format!("key {}", keyid(ADMIN)),
            &format!("key-state {key}"),
        ],
    );
    let control = |name: &str| {
        let statement = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"bob","digest":{{"a":"00"}}}}],"predicateType":"https://glasslog.dev/{name}","predicate":{{"actor":{{"id":"ann"}},"grantee":"eve","action":"hold"}}}}"#
        );
        let mut found = keys(&sign_bytes(statement.as_bytes(), &[CI]));
        for key in ["actor ann", "actor eve", &format!("key {}", keyid(CI))] {
            let at = found.iter().position(|found| found == key).unwrap();
            found.remove(at);
        }
        found
    };
    for name in [
        "genesis",
        "admins",
        "policy",
        "issuer",
        "rules",
        "time",
        "acknowledge",
    ] {
        assert_eq!(control(&format!("{name}/v1")), ["trust "], "{name}");
    }
    assert_eq!(control("decision/v1"), [""; 0]);
    assert_eq!(control("grant/v1"), ["authority bob", "authority eve"]);
    assert_eq!(
        control("key/v1"),
        ["key a:00", "key-state a:00", "authority bob"]
    );
    // Types that this version does not know are about artifacts, and may change their state.
    for name in ["genesis/v2", "genesis", "Genesis/v1", "x/genesis/v1"] {
        let expected = [
            "version bob",
            "name bob",
            "digest a:00",
            "version-state bob",
            "name-state bob",
            "digest-state a:00",
        ];
        assert_eq!(control(name), expected, "{name}");
    }
}

#[test]
fn an_entry_has_a_key_in_any_case() {
    let mut bad = read("ci@example.org", 1, &[CI]);
    bad.push(b'\n');
    for entry in [&b""[..], b"\xff\xff", b"{}", &bad] {
        has_exactly(entry, &["malformed "]);
    }
    // It is readable, and none of its members bears a key.
    let statement = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"bob","digest":{"a":"00"}}],"predicateType":"https://glasslog.dev/decision/v1","predicate":{}}"#;
    has_exactly(&sign_bytes(statement.as_bytes(), &[]), &["malformed "]);
}

/// No rule about predicates, numbers or algorithms decides about keys.
#[test]
fn what_is_no_event_keeps_its_keys() {
    let good = read("ci@example.org", 1, &[CI]);
    let payload = event::parse(&good).unwrap().envelope.payload().to_vec();
    let payload = String::from_utf8(payload).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(payload.contains(from));
        sign_bytes(payload.replacen(from, to, 1).as_bytes(), &[CI])
    };
    let long = "sig".repeat(7_000);
    let long_signature = {
        let entry = String::from_utf8(good.clone()).unwrap();
        let (before, sig) = entry.rsplit_once(r#""sig":""#).unwrap();
        let (_, after) = sig.split_once('"').unwrap();
        format!(r#"{before}"sig":"{long}"{after}"#).into_bytes()
    };
    for entry in [
        changed(r#""outcome":"success","#, ""),
        changed("2026-11-22", "2026-02-30"),
        changed(r#""type":"workload""#, r#""type":"robot""#),
        changed(r#""log":"models.example.org/access","#, ""),
        changed(r#""predicate":{"#, r#""predicate":{"policy":7,"#),
        long_signature,
    ] {
        assert!(event::parse(&entry).is_err());
        assert_eq!(keys(&entry), keys(&good));
    }
    let register = register("m@1", &["a"], 1, &[CI]);
    assert!(event::parse(&register).is_ok());
}

#[test]
fn base_names() {
    for (name, base) in [
        ("resnet50@2.1", "resnet50"),
        ("resnet50", "resnet50"),
        ("a@b@c", "a@b"),
        ("a@", "a"),
        ("@scope/model", "@scope/model"),
        ("@scope/model@1", "@scope/model"),
        ("@", "@"),
    ] {
        assert_eq!(base_name(name), base, "{name}");
    }
}

const KNOWN: &[(KeyKind, &str, &str)] = &[
    (
        KeyKind::Version,
        "resnet50@2.1",
        "98429ac0804b3b625164c93ab553cbe9d1bac61a6c289a52d6cfc7918a979972",
    ),
    (
        KeyKind::Name,
        "resnet50",
        "72720d650e1b1a845c8cbaa5b60a8d262a34f42653211ab64850d41ba4fe6943",
    ),
    (
        KeyKind::Digest,
        "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "5422180ace5846bed4c7297882930f2c19e3d2d35ee553a03935ba910d27333a",
    ),
    (
        KeyKind::Actor,
        "ci@example.org",
        "2aa0237b2abc3f3d8314cfd06bb28b7b709225f8b94b39b72b9698cc394f70ca",
    ),
    (
        KeyKind::SigningKey,
        "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "27f311575755cde3b4b05ec77c7de7ab9a2ad2a8cab9754dc263e26dfbfee522",
    ),
    (
        KeyKind::Trust,
        "",
        "7b555a8e67cab519944868bc6eb1220c603c14be1973778b7dddd7d1acf0a81f",
    ),
    (
        KeyKind::Malformed,
        "",
        "8b7f767c0226e04afa6e8faf9eb29329e54343ba31ee97d28b787131728d11a8",
    ),
    (
        KeyKind::KeyState,
        "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "b6f6fb8a22e94f71075f3b2dc2d673476b9cd6005cd1ec8fdb5b63a89a8879fe",
    ),
    (
        KeyKind::VersionState,
        "resnet50@2.1",
        "495f6add01b3038706c8e2335d54b041fa00f82633c4534ac9415ad6bb0b56d9",
    ),
    (
        KeyKind::NameState,
        "resnet50",
        "e8390d03b894509345214037711e0d9fcb7b596ff895cfb1d61c91f388ea83c6",
    ),
    (
        KeyKind::DigestState,
        "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "3804600b2ef029b995465f4e6320d14774100fcc3e7e77ec3824ca64b112f75a",
    ),
    (
        KeyKind::Authority,
        "ci@example.org",
        "d6f23129967da168f27d6a1f123b9eaa2cf8b1e744e9904f708b823b8222b587",
    ),
    (
        KeyKind::File,
        "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "1e48e2a32d5b61a18e64dacbeca9d82c5f990c8a2f530bf5a8787e5886054e56",
    ),
    (
        KeyKind::Catalogue,
        "",
        "4b5eaad2e286d458c5e469a3a6d6f0706e97dbecbf73960fc2df11fdc09ad8a2",
    ),
    (
        KeyKind::Attention,
        "",
        "2f8fb3e12d0620a5cd231241f90c777b824eeee7598a809246bc3e61af1507b2",
    ),
    (
        KeyKind::Environment,
        "prod",
        "acbcdb37adf6ffc80204a51a9f70167b0d492366c58ed194c71223786d58230f",
    ),
];
