//! A second reading of `docs/formats/mapfn/access-v2.txt`, compared with the first on random entries, and with the
//! strict parser: whatever is an event has the keys that its contents ask for.

use super::fixture::{CI, keyid, sign_bytes};
use glasslog_core::event::{self, keys_of};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn name(value: &Value) -> Option<&str> {
    let text = value.as_str()?;
    let fits = text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && !text.is_empty()).then_some(text)
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let is_hex = hex.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    name(&json!(algorithm)).is_some() && is_hex && !hex.is_empty() && hex.len() % 2 == 0
}

/// The keys of a payload that one key signed, as number and identifier; `None` if it has no outline.
fn expected(payload: &str, keyid: &str) -> Option<BTreeSet<(u8, String)>> {
    let statement: Value = serde_json::from_str(payload).unwrap();
    let fits = statement["_type"] == "https://in-toto.io/Statement/v1";
    let kind = name(&statement["predicateType"]).filter(|_| fits)?;
    let predicate = statement["predicate"]
        .as_object()
        .map(|_| &statement["predicate"])?;
    let short = kind.strip_prefix("https://glasslog.dev/").unwrap_or("");
    let action = predicate["action"].as_str().unwrap_or("");
    let is_access = short == "artifact-access/v1";
    let trust = [
        "genesis",
        "admins",
        "policy",
        "issuer",
        "rules",
        "time",
        "acknowledge",
    ];
    let is_trust = trust.iter().any(|name| short == format!("{name}/v1"));
    let is_control = is_trust || ["key/v1", "grant/v1", "decision/v1"].contains(&short);
    let is_routine = is_access && ["read", "execute", "verify"].contains(&action);
    let is_state = !is_control && !is_routine;
    let mut keys = BTreeSet::from([(5, keyid.to_string())]);
    let mut add = |number: u8, id: &str| {
        keys.insert((number, id.to_string()));
    };
    let subjects = statement["subject"]
        .as_array()
        .filter(|list| !list.is_empty())?;
    for subject in subjects {
        let version = name(&subject["name"])?;
        let base = version
            .rfind('@')
            .filter(|at| *at > 0)
            .map_or(version, |at| &version[..at]);
        let digests = subject["digest"]
            .as_object()
            .filter(|digests| !digests.is_empty())?;
        let mut ids = vec![(1, 10, version.to_string()), (2, 11, base.to_string())];
        for (algorithm, hex) in digests {
            let digest = format!("{algorithm}:{}", hex.as_str()?);
            if algorithm.contains(':') || !is_digest(&digest) {
                return None;
            }
            if short == "key/v1" {
                add(5, &digest);
                add(9, &digest);
            }
            ids.push((3, 12, digest));
        }
        for (number, state, id) in ids {
            if !is_control {
                add(number, &id);
            }
            if is_state {
                add(state, &id);
            }
        }
        if ["key/v1", "grant/v1"].contains(&short) {
            add(13, version);
        }
    }
    let (actor, grantee) = (&predicate["actor"], &predicate["grantee"]);
    let mut actors = vec![actor, &actor["id"], &actor["onBehalfOf"], grantee];
    for list in [
        &predicate["approvals"],
        &predicate["exception"]["approvedBy"],
    ] {
        actors.extend(list.as_array().into_iter().flatten());
    }
    for actor in actors.into_iter().filter_map(name) {
        add(4, actor);
    }
    let is_giving = is_access && ["grant", "revoke"].contains(&action);
    let subject_of_rights = match short {
        "key/v1" => name(actor),
        _ if short == "grant/v1" || is_giving => name(grantee),
        _ => None,
    };
    if let Some(id) = subject_of_rights {
        add(13, id);
    }
    if is_trust {
        add(6, "");
    }
    if is_access {
        if action == "register" {
            for file in predicate["files"].as_array().into_iter().flatten() {
                if let Some(digest) = file["digest"].as_str().filter(|digest| is_digest(digest)) {
                    add(14, digest);
                }
            }
        }
        if action == "retire" || action == "register" && predicate["newName"] == true {
            add(15, "");
        }
        if ["hold", "release", "accept"].contains(&action) || predicate["exception"].is_object() {
            add(16, "");
        }
        if ["deploy", "undeploy"].contains(&action) {
            let environment = predicate["context"]["environment"].as_str().unwrap_or("");
            add(
                17,
                if environment.len() <= 256 {
                    environment
                } else {
                    ""
                },
            );
        }
    }
    Some(keys)
}

/// Values from which members are drawn: right ones twice, for half of all entries should be events.
fn one_of(values: &[Value]) -> impl Strategy<Value = Value> + use<> {
    prop::sample::select(values.to_vec())
}

fn any_subject() -> impl Strategy<Value = Value> {
    let digest = "0f".repeat(32);
    let names = ["m@1", "m@2", "m", "@a", "@a@1", "a@", "b c", ""].map(Value::from);
    let digests = [
        json!({"sha256": digest}),
        json!({"sha256": digest, "sha512": "00"}),
        json!({"sha256": "00"}),
        json!({"a:b": "00"}),
        json!({"sha256": "0F"}),
        json!({}),
        json!(7),
    ];
    let names = prop_oneof![4 => one_of(&names[..6]), 1 => one_of(&names)];
    let digests = prop_oneof![4 => one_of(&digests[..2]), 1 => one_of(&digests)];
    (names, digests).prop_map(|(name, digest)| json!({"name": name, "digest": digest}))
}

fn any_type() -> impl Strategy<Value = Value> {
    let names = [
        "artifact-access/v1",
        "key/v1",
        "grant/v1",
        "decision/v1",
        "genesis/v1",
        "admins/v1",
        "policy/v1",
        "issuer/v1",
        "rules/v1",
        "time/v1",
        "acknowledge/v1",
        "artifact-access/v2",
        "other/v1",
        "",
        "a b",
    ];
    let types = names.map(|name| json!(format!("https://glasslog.dev/{name}")));
    prop_oneof![3 => Just(types[0].clone()), 2 => one_of(&types)]
}

fn any_predicate() -> impl Strategy<Value = Value> {
    let actions = [
        "read", "execute", "verify", "register", "write", "deploy", "undeploy", "hold", "release",
        "grant", "revoke", "retire", "accept", "copy",
    ];
    let actions: Vec<Value> = actions
        .iter()
        .map(|action| json!(action))
        .chain([json!(7)])
        .collect();
    let actors = [
        json!({"id": "ann", "type": "human"}),
        json!({"id": "ann", "type": "robot", "onBehalfOf": "bob"}),
        json!({"id": "a b", "onBehalfOf": "bob"}),
        json!("ann"),
        json!(["ann"]),
    ];
    let contexts = [
        json!({"environment": "prod"}),
        json!({"environment": ""}),
        json!({"environment": "x".repeat(257)}),
        json!({}),
        json!("prod"),
    ];
    let times = json!("2026-11-22T15:04:05Z");
    let exceptions = [
        json!({"kind": "emergency", "approvedBy": ["bob", "eve"], "expiresAt": times, "reviewBy": times}),
        json!({"approvedBy": "bob"}),
        json!([]),
        Value::Null,
    ];
    let reasons = [
        json!({"code": "c", "text": "why"}),
        json!({"code": "c"}),
        json!("why"),
    ];
    let files = [
        json!([{"path": "a", "size": 1, "digest": format!("sha256:{}", "0f".repeat(32))}, {"digest": "x:00"}]),
        json!([{"digest": "sha256:0"}, {"digest": ":00"}, 7, {"path": "a"}]),
        json!({"digest": "sha256:00"}),
    ];
    let truths = [json!(true), json!(false), json!(1), json!("true")];
    let grantees = [json!("eve"), json!("e v e"), json!({"id": "eve"})];
    let approvals = [json!(["bob", "", 7]), json!("bob"), json!([])];
    let maybe = |values: &[Value], of: u8| prop_oneof![u32::from(of) => Just(Value::String("absent".into())), 1 => one_of(values)];
    let members = (
        prop_oneof![9 => one_of(&actions), 1 => one_of(&actions[14..])],
        prop_oneof![3 => one_of(&actors[..1]), 2 => one_of(&actors)],
        maybe(&contexts, 1),
        maybe(&exceptions, 2),
        prop_oneof![4 => Just(reasons[0].clone()), 1 => maybe(&reasons, 1)],
        maybe(&files, 2),
        maybe(&truths, 2),
        maybe(&grantees, 2),
        maybe(&approvals, 2),
    );
    members.prop_map(|(action, actor, context, exception, reason, files, new, grantee, approvals)| {
        let mut predicate = json!({
            "log": "models.example.org/access", "eventId": "019a8c3e-7d1b-7f0e-9b7a-000000000001",
            "outcome": "success", "occurredAt": "2026-11-22T15:04:05Z",
            "actsOn": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
        });
        let members = [
            ("action", action), ("actor", actor), ("context", context), ("exception", exception),
            ("reason", reason), ("files", files), ("newName", new), ("grantee", grantee),
            ("approvals", approvals),
        ];
        for (name, value) in members {
            if value != "absent" {
                predicate[name] = value;
            }
        }
        predicate
    })
}

fn any_payload() -> impl Strategy<Value = String> {
    let subjects =
        prop_oneof![20 => prop::collection::vec(any_subject(), 1..4), 1 => Just(Vec::new())];
    (any_type(), subjects, any_predicate()).prop_map(|(kind, subjects, predicate)| {
        json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": kind,
            "predicate": predicate,
        })
        .to_string()
    })
}

fn found(entry: &[u8]) -> BTreeSet<(u8, String)> {
    let keys = keys_of(entry).into_iter();
    keys.map(|key| (key.kind.number(), key.id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn two_readings_of_the_text_agree(payload in any_payload()) {
        let entry = sign_bytes(payload.as_bytes(), &[CI]);
        let malformed = BTreeSet::from([(7, String::new())]);
        let expected = expected(&payload, &keyid(CI)).unwrap_or(malformed);
        prop_assert_eq!(found(&entry), expected);
    }

    /// An entry that admission takes is found by all that it names.
    #[test]
    fn every_event_has_an_outline(payload in any_payload()) {
        let entry = sign_bytes(payload.as_bytes(), &[CI]);
        if let Ok(parsed) = event::parse(&entry) {
            let keys = found(&entry);
            for subject in &parsed.subjects {
                let has = |number: u8, id: &str| keys.contains(&(number, id.to_string()));
                if let Some(access) = parsed.access() {
                    prop_assert!(has(1, &subject.name));
                    prop_assert!(has(4, &access.actor.id));
                    let is_routine = access.action.weight() == event::Weight::Routine;
                    prop_assert_eq!(has(10, &subject.name), !is_routine);
                    prop_assert_eq!(has(16, ""), access.exception.is_some()
                        || matches!(access.action, event::Action::Hold | event::Action::Release));
                }
                for (algorithm, hex) in &subject.digests {
                    let is_artifact = matches!(parsed.event, event::Event::Access(_));
                    let digest = format!("{algorithm}:{hex}");
                    prop_assert!(!is_artifact || has(3, &digest));
                }
            }
            prop_assert!(!keys.contains(&(7, String::new())));
        }
    }
}

/// The two properties above see enough of each kind of entry.
#[test]
fn random_entries_are_of_every_kind() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut kinds, mut events, mut malformed) = (BTreeSet::new(), 0, 0);
    for _ in 0..2_000 {
        let payload = any_payload().new_tree(&mut runner).unwrap().current();
        let entry = sign_bytes(payload.as_bytes(), &[CI]);
        let keys = found(&entry);
        kinds.extend(keys.iter().map(|(number, _)| *number));
        events += u32::from(event::parse(&entry).is_ok());
        malformed += u32::from(keys.contains(&(7, String::new())));
    }
    let every: Vec<u8> = event::KeyKind::ALL
        .iter()
        .map(|kind| kind.number())
        .collect();
    assert!(kinds.into_iter().eq(every));
    assert!(events > 200 && malformed > 200, "{events} {malformed}");
}
