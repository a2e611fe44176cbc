//! The JSON Schemas of `docs/formats/schemas` beside the parser: what the parser takes, a schema takes; and both agree where a
//! schema's notation could differ (white space, spare bits of base64).

use super::fixture::{
    ADMIN, CI, OPS, access, enrolment, genesis_event, revocation, rotation, sign_bytes,
};
use glasslog_core::event::{self, Action, Genesis, Predecessor, Statement};
use glasslog_core::merkle::{Hash, TreeHead};
use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats")
}

/// The schema of a predicate type.
fn schema(name: &str) -> Validator {
    let path = formats().join(format!("schemas/{name}-v1.schema.json"));
    let schema = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Returns whether the parser and the schema take a payload.
fn judged(schema: &Validator, payload: &str) -> (bool, bool) {
    let parsed = event::parse(&sign_bytes(payload.as_bytes(), &[])).is_ok();
    let value: Value = serde_json::from_str(payload).unwrap();
    (parsed, schema.is_valid(&value))
}

fn text(statement: &Statement<'_>) -> String {
    String::from_utf8(statement.encode()).unwrap()
}

#[test]
fn what_the_parser_takes_the_schema_takes() {
    let schemas = ["artifact-access", "genesis", "key"].map(|name| (name, schema(name)));
    let mut counts = [0; 3];
    for file in fs::read_dir(formats().join("vectors/events")).unwrap() {
        let vector: Value =
            serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        for entry in vector["entries"].as_array().unwrap() {
            let Some(text) = entry["entry"]["text"].as_str() else {
                continue;
            };
            let Ok(parsed) = event::parse(text.as_bytes()) else {
                continue;
            };
            let statement: Value = serde_json::from_slice(parsed.envelope.payload()).unwrap();
            for (count, (name, schema)) in counts.iter_mut().zip(&schemas) {
                let ours = format!("https://glasslog.dev/{name}/v1");
                if statement["predicateType"] == ours.as_str() {
                    assert!(schema.is_valid(&statement), "{statement}");
                    *count += 1;
                }
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn rotations_are_taken_by_both() {
    let schema = schema("log-key");
    let good = text(&rotation(3).to_statement());
    assert_eq!(judged(&schema, &good), (true, true));
    for (from, to) in [
        ("\"size\":3", "\"size\":-3"),
        ("\"size\":3", "\"size\":\"3\""),
        ("a new machine", " "),
        ("\"genesis\":\"", "\"genesis\":\"x"),
        ("\"old\":\"", "\"old\":\" "),
        ("\"new\":", "\"now\":"),
        ("\"reason\":", "\"because\":"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert_eq!(judged(&schema, &bad), (false, false), "{bad}");
    }
}

#[test]
fn white_space_is_that_of_unicode() {
    let (access_schema, key_schema) = (schema("artifact-access"), schema("key"));
    let write = text(
        &access(Action::Write, "ci@example.org", 1)
            .to_statement(&[super::fixture::subject("resnet50@2.1")]),
    );
    let revoke = text(&revocation("ci@example.org", CI, b"").to_statement());
    for point in (0..0x3100)
        .chain([0xfeff, 0x1f600])
        .filter_map(char::from_u32)
    {
        // A control character is escaped in JSON; the rest stands for itself.
        let word = serde_json::to_string(&point.to_string()).unwrap();
        let is_word = !point.is_whitespace();
        let reason = write.replace("\"Promote to prod\"", &word);
        assert_ne!(reason, write);
        assert_eq!(
            judged(&access_schema, &reason),
            (is_word, is_word),
            "{word}"
        );
        // All others are alike: a few of them, and every white space, are enough for the second schema.
        if point.is_whitespace() || point.is_ascii() || point == '\u{feff}' {
            let reason = revoke.replace("\"laptop stolen\"", &word);
            assert_ne!(reason, revoke);
            assert_eq!(judged(&key_schema, &reason), (is_word, is_word), "{word}");
        }
    }
}

#[test]
fn base64_has_no_spare_bits() {
    let (genesis_schema, key_schema) = (schema("genesis"), schema("key"));
    let before = Predecessor {
        log: "models.example.org/2025".into(),
        head: TreeHead {
            size: 7,
            root: Hash::from_bytes([0; 32]),
        },
        keys: Hash::from_bytes([0xff; 32]),
    };
    let genesis = Genesis {
        succeeds: Some(Box::new(before)),
        ..genesis_event(&[ADMIN, OPS], 1)
    };
    let genesis = text(&genesis.to_statement());
    let enrol = text(&enrolment("ci@example.org", CI).to_statement());
    let revoke = text(&revocation("ci@example.org", CI, b"").to_statement());
    for (schema, good) in [
        (&genesis_schema, &genesis),
        (&key_schema, &enrol),
        (&key_schema, &revoke),
    ] {
        assert_eq!(judged(schema, good), (true, true), "{good}");
        for (at, _) in good.match_indices('=') {
            // The last character before the padding, with one more bit.
            let last = good.as_bytes()[at - 1];
            let other = match last {
                b'0'..=b'7' | b'A'..=b'Y' | b'a'..=b'y' => char::from(last + 1),
                b'8' => '9',
                other => panic!("{}", char::from(other)),
            };
            let bad = format!("{}{other}{}", &good[..at - 1], &good[at..]);
            assert_eq!(judged(schema, &bad), (false, false), "{bad}");
        }
    }
}
