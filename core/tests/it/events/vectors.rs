//! The files in `docs/formats/vectors/events`, as any reader would check them.

use super::fixture::ORIGIN;
use super::scenarios;
use glasslog_core::event::{self, keys_of};
use glasslog_core::rules::{Admission, KeyEffect, Keyring, RefusalClass};
use glasslog_core::text::wire::base64_decode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/vectors/events")
}

fn encode(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

#[test]
#[ignore = "writes the vectors; run it when a scenario is added, and read the difference"]
fn write_vectors() {
    fs::create_dir_all(folder()).unwrap();
    for scenario in scenarios::all() {
        let path = folder().join(format!("{}.json", scenario.name));
        fs::write(path, encode(&scenario.to_json())).unwrap();
    }
}

#[test]
fn the_files_are_the_scenarios() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let scenarios = scenarios::all();
    let names: BTreeSet<String> = scenarios
        .iter()
        .map(|scenario| format!("{}.json", scenario.name))
        .collect();
    assert_eq!(names.len(), scenarios.len(), "two scenarios share a name");
    assert_eq!(files, names);
    for scenario in scenarios {
        let path = folder().join(format!("{}.json", scenario.name));
        assert_eq!(
            fs::read_to_string(path).unwrap(),
            encode(&scenario.to_json()),
            "{}",
            scenario.name
        );
    }
}

/// The HTTP status that the vectors give for each class of refusals.
fn status_of(class: RefusalClass) -> u16 {
    match class {
        RefusalClass::Malformed => 400,
        RefusalClass::TooLarge => 413,
        RefusalClass::Signature => 422,
        RefusalClass::Untrusted => 403,
        RefusalClass::Conflict => 409,
    }
}

/// Replays one file: admission asked before each entry, verdicts from the keyring at the end.
fn outcomes(entries: &[Vec<u8>]) -> Vec<Value> {
    let mut admission = Admission::new(ORIGIN);
    let mut keyring: Option<Keyring> = None;
    let mut found = Vec::new();
    for (bytes, index) in entries.iter().zip(0u64..) {
        let mut outcome = match admission.check(bytes) {
            Ok(_) => json!({ "admission": "admitted" }),
            Err(refusal) => {
                json!({ "admission": refusal.code(), "httpStatus": status_of(refusal.class()) })
            }
        };
        match event::parse(bytes) {
            Err(_) => outcome["unreadable"] = json!(true),
            Ok(parsed) => {
                let effect = keyring.as_mut().map(|ring| ring.apply(index, &parsed));
                outcome["keyEffect"] = match effect {
                    Some(KeyEffect::Enrolled) => json!("enrolled"),
                    Some(KeyEffect::Revoked) => json!("revoked"),
                    Some(KeyEffect::Amended) => json!("amended"),
                    Some(KeyEffect::None(reason)) if reason.code() != "not-a-key-event" => {
                        json!(reason.code())
                    }
                    _ => json!("none"),
                };
                if index == 0 {
                    keyring = Some(Keyring::from_genesis(ORIGIN, &parsed).unwrap());
                }
            }
        }
        let keys = keys_of(bytes);
        let malformed = keys.iter().any(|key| key.kind.as_str() == "malformed");
        assert!(!malformed || outcome["unreadable"] == true);
        admission.replay(index, bytes);
        found.push(outcome);
    }
    let ring = keyring.unwrap();
    for ((outcome, bytes), index) in found.iter_mut().zip(entries).zip(0u64..) {
        if let Ok(parsed) = event::parse(bytes) {
            outcome["signature"] = json!(ring.judge(index, &parsed).as_str());
        }
    }
    found
}

#[test]
fn every_file_has_its_outcome() {
    let mut files = 0;
    for file in fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let vector: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(vector["origin"], ORIGIN);
        let entries = vector["entries"].as_array().unwrap();
        let bytes: Vec<Vec<u8>> = entries
            .iter()
            .map(|entry| match &entry["entry"]["text"] {
                Value::String(text) => text.clone().into_bytes(),
                _ => base64_decode(entry["entry"]["base64"].as_str().unwrap()).unwrap(),
            })
            .collect();
        for (index, (found, entry)) in outcomes(&bytes).iter().zip(entries).enumerate() {
            assert_eq!(
                found,
                &entry["expected"],
                "{} entry {index}",
                path.display()
            );
        }
        files += 1;
    }
    assert!(files >= 40, "only {files} vectors");
}
