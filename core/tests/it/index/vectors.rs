//! The vectors under `docs/formats/vectors/index/`, for any implementation: this one makes and judges exactly these.
//!
//! `GLASSLOG_WRITE_VECTORS=1 cargo test -p glasslog-core --test it index::vectors` writes them anew.

use std::collections::BTreeMap;
use std::path::Path;

use glasslog_core::event::keys_of;
use glasslog_core::index::format::{BucketName, LATEST_PATH, MapFunction};
use glasslog_core::index::fraud::Fraud;
use glasslog_core::index::read::IndexProof;
use glasslog_core::merkle::Hash;
use glasslog_core::text::wire::{base64_encode, hex_encode};
use serde_json::{Value, json};

use super::fraud::true_fraud;
use super::key_cases::key_cases;
use super::refusals::{bucket_cases, bucket_run, manifest_cases};
use super::world::{INDEX, NOW, World, auditor, event, index_key, log_key, trust};

/// Compares a vector with what is made now, or writes it.
fn check(name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/vectors/index");
    let path = folder.join(name);
    if std::env::var_os("GLASSLOG_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    let stored = std::fs::read(&path).unwrap();
    assert!(stored == bytes, "{name} differs");
}

fn check_json(name: &str, value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    check(name, text.as_bytes());
}

/// The code of an error, which precedes its message.
fn code(expected: &str) -> Value {
    match expected.split_once(':') {
        Some((code, _)) => code.into(),
        None => Value::Null,
    }
}

fn policy() -> String {
    format!(
        "[log]\nlog {}\nquorum none\n[index]\nlog {index}\nquorum none\n[audit]\nlog {index}\nwitness a {}\nquorum a\n",
        log_key().verifier(),
        auditor().verifier(),
        index = index_key().verifier(),
    )
}

#[test]
fn buckets() {
    let run = bucket_run();
    let cases = bucket_cases().into_iter();
    // The one that is too large would be a large file.
    let cases = cases.filter(|(_, bytes, _)| bytes.len() < 1 << 20);
    let cases: Vec<Value> = cases
        .map(|(name, bytes, expected)| {
            let name = match name {
                BucketName::Number(number) => json!(number),
                BucketName::Reserved => json!("reserved"),
            };
            json!({"bucket": name, "hex": hex_encode(&bytes), "error": code(expected)})
        })
        .collect();
    let value = json!({
        "mapfn": "access/v2", "start": run.start, "end": run.end, "b": run.bits, "cases": cases,
    });
    check_json("buckets.json", &value);
}

/// The keys of entries at every border of the key function's text.
#[test]
fn keys() {
    let cases = key_cases().into_iter().map(|(about, entry)| {
        let keys: Vec<Value> = keys_of(&entry)
            .into_iter()
            .map(|key| json!([key.kind.number(), key.id]))
            .collect();
        let entry = match String::from_utf8(entry) {
            Ok(text) => json!({ "text": text }),
            Err(bytes) => json!({ "base64": base64_encode(bytes.as_bytes()) }),
        };
        json!({"about": about, "entry": entry, "keys": keys})
    });
    let cases: Vec<Value> = cases.collect();
    check_json("keys.json", &json!({"mapfn": "access/v2", "cases": cases}));
}

#[test]
fn manifests() {
    let cases = manifest_cases().into_iter();
    let cases: Vec<Value> = cases
        .filter(|(text, _)| text.len() < 1 << 15)
        .map(|(text, expected)| json!({"manifest": text, "error": code(expected)}))
        .collect();
    check_json("manifests.json", &json!({"cases": cases}));
}

/// A log of 30 entries, its index in two runs, and where each key is.
#[test]
fn a_log() {
    let mut entries: Vec<Vec<u8>> = (0..29)
        .map(|serial| event(&format!("m{}@1", serial % 9), "ann@example.com", serial))
        .collect();
    entries.insert(11, b"no event".to_vec());
    let mut world = World::with(MapFunction::AccessV2, entries);
    world.publish(&[0..20, 20..30]);
    let index = world.bind(30).unwrap();
    let keys: Vec<Hash> = world.scan(30).into_keys().collect();
    let answer = world.lookup(&index, keys.iter().copied()).unwrap();
    let lookups: BTreeMap<String, Vec<u64>> = keys
        .iter()
        .map(|key| (key.to_hex(), answer.positions(key).unwrap().to_vec()))
        .collect();
    let files = world.files.iter();
    let files: BTreeMap<&String, String> = files
        .filter(|(path, _)| path.starts_with("index/") && *path != LATEST_PATH)
        .map(|(path, bytes)| (path, hex_encode(bytes)))
        .collect();
    let entries: Vec<String> = world
        .entries
        .iter()
        .map(|entry| base64_encode(entry))
        .collect();
    let manifest = String::from_utf8(world.manifests[0].clone()).unwrap();
    let value = json!({
        "policy": policy(), "now": NOW, "index": INDEX, "entries": entries, "manifest": manifest,
        "files": files, "lookups": lookups,
    });
    check_json("log.json", &value);
    check("latest.tlog-proof", &world.files[LATEST_PATH]);
    assert!(IndexProof::parse(&world.files[LATEST_PATH]).is_ok());
}

#[test]
fn a_fraud() {
    let (_, fraud) = true_fraud();
    check("omission.fraud", &fraud.encode());
    check("trust.policy", policy().as_bytes());
    assert_eq!(
        trust(),
        glasslog_core::trust::TrustPolicy::parse(policy().as_bytes()).unwrap()
    );
    let guilt = Fraud::parse(&fraud.encode())
        .unwrap()
        .verify(&trust(), NOW)
        .unwrap();
    let value = json!({
        "file": "omission.fraud", "policy": "trust.policy", "now": NOW, "kind": guilt.kind,
        "manifest": guilt.manifest, "audited": guilt.is_audited, "detail": guilt.detail,
    });
    check_json("fraud.json", &value);
}
