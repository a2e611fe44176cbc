//! Access events: what each action asks for, and every member's good and bad values.

use super::entries::WHOLE;
use super::fixture::{ORIGIN, access, sign_bytes, subject};
use glasslog_core::event::{
    self, AccessEvent, Action, ActorType, Context, Event, Exception, Outcome, Party, Reason,
    Statement, Transfer, Weight,
};
use glasslog_core::merkle::Hash;
use glasslog_core::text::json::{self, Value};
use proptest::prelude::*;

fn code(payload: &str) -> &'static str {
    match event::parse(&sign_bytes(payload.as_bytes(), &[])) {
        Ok(entry) => entry.event.type_name(),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error.code()
        }
    }
}

fn payload(event: &AccessEvent) -> String {
    let statement = event.to_statement(&[subject("resnet50@2.1")]);
    String::from_utf8(statement.encode()).unwrap()
}

#[test]
fn weight_follows_from_the_action() {
    let of = |weight: Weight| -> Vec<&str> {
        let all = Action::ALL
            .iter()
            .filter(|action| action.weight() == weight);
        all.map(|action| action.as_str()).collect()
    };
    assert_eq!(of(Weight::Routine), ["read", "execute", "verify"]);
    assert_eq!(of(Weight::Custody), ["transfer", "receive"]);
    assert_eq!(of(Weight::Material).len(), 10);
    for action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(*action));
    }
}

#[test]
fn each_action_asks_for_its_members() {
    for &action in Action::ALL {
        let whole = access(action, "ci@example.org", 1);
        assert_eq!(code(&payload(&whole)), "access", "{action}");
        let expect = |needed: bool, code: &'static str| if needed { code } else { "access" };

        let event = AccessEvent {
            reason: None,
            ..whole.clone()
        };
        let expected = expect(action.needs_reason(), "access-reason-missing");
        assert_eq!(code(&payload(&event)), expected, "{action}");

        for text in [None, Some(""), Some(" \n")] {
            let reason = Reason {
                code: "x".into(),
                text: text.map(Into::into),
                ticket: None,
            };
            let event = AccessEvent {
                reason: Some(reason),
                ..whole.clone()
            };
            assert_eq!(code(&payload(&event)), expected, "{action} {text:?}");
        }

        let event = AccessEvent {
            transfer: None,
            ..whole.clone()
        };
        let expected = expect(action.needs_transfer(), "access-transfer-missing");
        assert_eq!(code(&payload(&event)), expected, "{action}");

        let event = AccessEvent {
            acts_on: None,
            ..whole
        };
        let expected = expect(action.answers().is_some(), "access-acts-on-missing");
        assert_eq!(code(&payload(&event)), expected, "{action}");
    }
}

/// Puts JSON in place of one member, given by its path, adds it, or removes it.
fn with(payload: &str, path: &str, new: Option<&str>) -> String {
    fn set<'a>(target: &mut Value<'a>, path: &[&'a str], new: Option<Value<'a>>) {
        let Value::Object(members) = target else {
            panic!("no object at {path:?}")
        };
        let at = members.iter().position(|(member, _)| member == path[0]);
        match (at, new) {
            (Some(at), new) if path.len() > 1 => set(&mut members[at].1, &path[1..], new),
            (Some(at), Some(new)) => members[at].1 = new,
            (Some(at), None) => {
                members.remove(at);
            }
            (None, new) => members.push((path[0].into(), new.unwrap())),
        }
    }
    let mut value = json::parse(payload.as_bytes()).unwrap();
    let path: Vec<&str> = path.split('/').collect();
    let new = new.map(|json| json::parse(json.as_bytes()).unwrap());
    set(&mut value, &path, new);
    value.encode()
}

#[test]
fn required_members() {
    let good = payload(&access(Action::Read, "ci@example.org", 1));
    for member in [
        "log",
        "eventId",
        "action",
        "outcome",
        "occurredAt",
        "actor",
        "actor/id",
        "actor/type",
    ] {
        let without = with(&good, &format!("predicate/{member}"), None);
        assert_eq!(code(&without), "member-missing", "{member}");
        for wrong in [
            "null",
            "1",
            "[]",
            "{}",
            "true",
            "\"\"",
            "\"a b\"",
            "\"\\u0000\"",
        ] {
            let wrong = with(&good, &format!("predicate/{member}"), Some(wrong));
            assert!(code(&wrong).starts_with("member-"), "{member}: {wrong}");
        }
    }
}

#[test]
fn good_and_bad_values() {
    let good = payload(&access(Action::Transfer, "ci@example.org", 1));
    let long = format!("\"{}\"", "x".repeat(257));
    let text = format!("\"{}\"", "é".repeat(1024));
    let long_text = format!("\"{}\"", "é".repeat(1025));
    let names = |count: usize| format!("[{}]", vec!["\"a\""; count].join(","));
    let hash = Hash::from_bytes([9; 32]).to_base64();
    let digest = format!(r#"{{"sha256":"{}"}}"#, "0f".repeat(32));
    let reference = |digest: &str| format!(r#"[{{"name":"oms-bundle","digest":{digest}}}]"#);
    let exception = |approvers: &str, kind: &str, until: &str| {
        format!(
            r#"{{"kind":"{kind}","approvedBy":{approvers},"expiresAt":"{until}","reviewBy":"2026-12-01T00:00:00Z"}}"#
        )
    };
    let policy = |decision: &str| {
        format!(r#"{{"engine":"cedar","policySet":{{}},"decision":"{decision}"}}"#)
    };
    let time = "2026-11-30T00:00:00Z";
    for (path, value, fine) in [
        ("action", r#""read""#, true),
        ("action", r#""peek""#, false),
        ("action", r#""Read""#, false),
        ("outcome", r#""denied""#, true),
        ("outcome", r#""ok""#, false),
        ("eventId", r#""019a8c3e-7d1b-7f0e-9b7a-2f6f0c1d9e55""#, true),
        (
            "eventId",
            r#""019A8C3E-7D1B-7F0E-9B7A-2F6F0C1D9E55""#,
            false,
        ),
        ("eventId", r#""019a8c3e7d1b7f0e9b7a2f6f0c1d9e55""#, false),
        (
            "eventId",
            r#""{019a8c3e-7d1b-7f0e-9b7a-2f6f0c1d9e55}""#,
            false,
        ),
        ("occurredAt", r#""2026-11-22T15:04:05.123456789Z""#, true),
        ("occurredAt", r#""2026-11-22T15:04:05+01:00""#, false),
        ("occurredAt", r#""2026-02-30T15:04:05Z""#, false),
        ("occurredAt", "1795467600", false),
        ("log", &long, false),
        ("actor/id", r#""spiffe://example.org/ns/ml""#, true),
        ("actor/id", "\"c\u{456}@example.org\"", false),
        ("actor/id", &long, false),
        ("actor/type", r#""agent""#, true),
        ("actor/type", r#""robot""#, false),
        ("actor/roles", "[]", true),
        ("actor/roles", &names(32), true),
        ("actor/roles", &names(33), false),
        ("actor/roles", r#"["a b"]"#, false),
        ("actor/roles", r#""a""#, false),
        (
            "actor/onBehalfOf",
            r#""oidc:https://idp.example.org#00u1""#,
            true,
        ),
        ("actor/onBehalfOf", r#""""#, false),
        ("actor/onBehalfOf", "null", false),
        ("actor/somethingNew", r#"{"a":[1]}"#, true),
        ("context", "{}", true),
        ("context", "null", false),
        ("context", r#"{"environment":"prod"}"#, true),
        ("context", r#"{"environment":"пр од"}"#, true),
        ("context", r#"{"environment":""}"#, false),
        ("context", r#"{"environment":1}"#, false),
        (
            "context",
            r#"{"pipeline":{"name":"Deploy to prod","uri":"x"}}"#,
            true,
        ),
        ("context", r#"{"pipeline":{}}"#, false),
        ("context", r#"{"pipeline":"deploy"}"#, false),
        ("reason/code", r#""a b""#, false),
        ("reason/text", &text, true),
        ("reason/text", &long_text, false),
        ("reason/ticket", r#""CHG 1""#, true),
        ("reason/ticket", "1", false),
        (
            "transfer/from",
            r#"{"custodian":"team a","location":"s3://x/"}"#,
            true,
        ),
        ("transfer/from", r#""team""#, false),
        ("transfer/to", r#"{"location":"s3://x/"}"#, false),
        ("policy", &policy("allow"), true),
        ("policy", &policy("maybe"), false),
        ("policy", "{}", false),
        ("exception", "null", true),
        (
            "exception",
            &exception(r#"["boss@example.org"]"#, "emergency", time),
            true,
        ),
        (
            "exception",
            &exception(r#"["boss@example.org"]"#, "whim", time),
            false,
        ),
        ("exception", &exception("[]", "emergency", time), false),
        (
            "exception",
            &exception(r#"["a b"]"#, "emergency", time),
            false,
        ),
        (
            "exception",
            &exception(r#"["a"]"#, "break-glass", "tomorrow"),
            false,
        ),
        ("references", "[]", true),
        ("references", &reference(&digest), true),
        ("references", &reference("{}"), false),
        ("references", "[1]", false),
        (
            "references",
            &format!(
                "[{}]",
                vec![reference(&digest).trim_matches(['[', ']']); 33].join(",")
            ),
            false,
        ),
        ("actsOn", &format!("\"{hash}\""), true),
        ("actsOn", r#""abc=""#, false),
        ("actsOn", "null", false),
        ("unknownMember", r#"{"deep":[[[1]]]}"#, true),
    ] {
        let changed = with(&good, &format!("predicate/{path}"), Some(value));
        let expected = if fine { "access" } else { "member-malformed" };
        let found = code(&changed);
        assert!(
            found == expected || (!fine && found == "member-missing"),
            "{path} = {value}: {found}"
        );
    }
}

#[test]
fn duplicate_members_at_every_level() {
    let good = payload(&access(Action::Transfer, "ci@example.org", 1));
    for member in [
        "\"_type\":\"https://in-toto.io/Statement/v1\"",
        "\"name\":\"resnet50@2.1\"",
        "\"action\":\"transfer\"",
        "\"id\":\"ci@example.org\"",
        "\"code\":\"release\"",
        "\"custodian\":\"team:ml-prod\"",
    ] {
        let twice = good.replacen(member, &format!("{member},{member}"), 1);
        assert_ne!(twice, good, "{member}");
        assert_eq!(code(&twice), "json-duplicate-member", "{member}");
    }
    for unknown in ["{\"x\":1,\"x\":1}", "[[{\"x\":1,\"\\u0078\":2}]]"] {
        let payload = good.replacen("\"action\"", &format!("\"new\":{unknown},\"action\""), 1);
        assert_eq!(code(&payload), "json-duplicate-member", "{unknown}");
    }
}

#[test]
fn other_payloads() {
    let good = payload(&access(Action::Read, "ci@example.org", 1));
    for (payload, expected) in [
        (format!("{good} "), "access"),
        (format!("{good}{{}}"), "json-syntax"),
        (format!("{good}\0"), "json-syntax"),
        (
            good.replace("artifact-access/v1", "artifact-access/v2"),
            "other",
        ),
        (
            good.replace("\"action\":\"read\"", "\"action\":\"read\",\"n\":1.5"),
            "json-not-an-integer",
        ),
        (
            good.replace(
                "\"action\":\"read\"",
                "\"action\":\"read\",\"n\":18446744073709551616",
            ),
            "json-not-an-integer",
        ),
        (
            good.replace(
                "\"action\":\"read\"",
                &format!(
                    "\"action\":\"read\",\"n\":{}{}",
                    "[".repeat(14),
                    "]".repeat(14)
                ),
            ),
            "access",
        ),
        (
            good.replace(
                "\"action\":\"read\"",
                &format!(
                    "\"action\":\"read\",\"n\":{}{}",
                    "[".repeat(15),
                    "]".repeat(15)
                ),
            ),
            "json-too-deep",
        ),
    ] {
        assert_eq!(code(&payload), expected, "{payload}");
    }
    let invalid_utf8 = [good.as_bytes(), b"\xff"].concat();
    let error = event::parse(&sign_bytes(&invalid_utf8, &[])).unwrap_err();
    assert_eq!(error.code(), "json-not-utf8");
}

#[test]
fn to_payload_refuses_what_admission_would() {
    let mut event = access(Action::Write, "ci@example.org", 1);
    let subjects = [subject("resnet50@2.1")];
    assert!(event.to_payload(&subjects).is_ok());
    assert_eq!(
        event.to_payload(&[]).unwrap_err().code(),
        "member-malformed"
    );
    event.reason = None;
    let error = event.to_payload(&subjects).unwrap_err();
    assert_eq!(error.code(), "access-reason-missing");
    assert_eq!(
        error.to_string(),
        "action `write` needs a reason with `code` and `text`"
    );
}

fn any_event() -> impl Strategy<Value = AccessEvent> {
    let label = || "[^\u{0}]{1,40}";
    let name = || "[!-~]{1,256}";
    let party = move || {
        (label(), prop::option::of(any::<String>())).prop_map(|(custodian, location)| Party {
            custodian,
            location,
        })
    };
    let actor = (
        name(),
        0..ActorType::ALL.len(),
        prop::collection::vec(name(), 0..3),
        prop::option::of(name()),
    );
    let context = (
        prop::option::of(label()),
        prop::option::of(label()),
        prop::option::of(label()),
    );
    let reason = (name(), "x.{0,200}", prop::option::of(any::<String>()));
    let extra = (
        any::<bool>(),
        prop::collection::vec(name(), 1..3),
        any::<[u8; 32]>(),
        0..3usize,
    );
    (
        0..Action::ALL.len(),
        actor,
        context,
        reason,
        party(),
        party(),
        extra,
    )
        .prop_map(
            |(action, actor, context, reason, from, to, (more, approvers, hash, outcome))| {
                let mut event = access(Action::ALL[action], &actor.0, 7);
                event.outcome = Outcome::ALL[outcome];
                event.actor.kind = ActorType::ALL[actor.1];
                event.actor.roles = actor.2;
                event.actor.on_behalf_of = actor.3;
                event.context.environment = context.0;
                event.context.region = context.1;
                event.context.pipeline = context.2.as_deref().map(Context::pipeline_named);
                if more || event.action.needs_reason() {
                    event.reason = Some(Reason {
                        code: reason.0,
                        text: Some(reason.1),
                        ticket: reason.2,
                    });
                }
                if more || event.action.needs_transfer() {
                    event.transfer = Some(Transfer { from, to });
                }
                if more || event.action.answers().is_some() {
                    event.acts_on = Some(Hash::from_bytes(hash));
                }
                if more {
                    let whole = event::parse(&sign_bytes(WHOLE, &[])).unwrap();
                    let whole = whole.access().unwrap();
                    event.policy = whole.policy.clone();
                    event.references = whole.references.clone();
                }
                event.exception = more.then(|| Exception {
                    kind: "emergency".into(),
                    approved_by: approvers,
                    expires_at: "2026-11-22T15:04:05Z".into(),
                    review_by: "2026-11-22T15:04:05.5Z".into(),
                });
                event
            },
        )
}

proptest! {
    #[test]
    fn events_round_trip(event in any_event()) {
        let statement = event.to_statement(&[subject("a@1"), subject("b")]);
        let payload = event::encode(&statement).unwrap();
        prop_assert_eq!(Statement::parse(&payload).unwrap(), statement);
        let entry = event::parse(&sign_bytes(&payload, &[1, 2])).unwrap();
        prop_assert_eq!(entry.event.log(), Some(ORIGIN));
        prop_assert_eq!(entry.event, Event::Access(Box::new(event)));
    }
}
