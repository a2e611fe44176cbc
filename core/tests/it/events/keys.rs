//! The key function `access/v1`, against hashes computed by other means and entries of every type.

use super::fixture::{ADMIN, CI, access, enrol, genesis, keyid, read, sign, spki, subject};
use glasslog_core::event::{
    self, Action, Exception, KeyKind, LookupKey, base_name, key_hashes, keys_of,
};
use glasslog_core::merkle::{Hash, sha256};
use std::collections::BTreeSet;

fn keys(entry: &[u8]) -> Vec<String> {
    let parsed = event::parse(entry).ok();
    let keys = keys_of(parsed.as_ref());
    let hashes: BTreeSet<Hash> = keys.iter().map(LookupKey::hash).collect();
    assert!(hashes.into_iter().eq(key_hashes(parsed.as_ref())));
    keys.iter()
        .map(|key| format!("{} {}", key.kind.as_str(), key.id))
        .collect()
}

/// Computed with Python's hashlib from the definition.
#[test]
fn known_hashes() {
    for (kind, id, hex) in KNOWN {
        assert_eq!(LookupKey::new(*kind, *id).hash().to_hex(), *hex, "{id}");
    }
}

#[test]
fn keys_of_an_access_event() {
    let mut event = access(Action::Read, "ci@example.org", 1);
    event.actor.on_behalf_of = Some("alice@example.org".into());
    event.exception = Some(Exception {
        kind: "emergency".into(),
        approved_by: vec!["bob@example.org".into(), "ci@example.org".into()],
        expires_at: "2026-11-30T00:00:00Z".into(),
        review_by: "2026-11-30T00:00:00Z".into(),
    });
    let mut two = subject("plain");
    two.digests.push(("sha512".into(), "0f".repeat(64)));
    let entry = sign(&event.to_statement(&[subject("a@b@2.1"), two]), &[CI, 9]);
    let mut expected = vec![
        "version a@b@2.1".to_string(),
        "version plain".into(),
        "name a@b".into(),
        "name plain".into(),
        format!("digest sha256:{}", sha256(b"a@b@2.1").to_hex()),
        format!("digest sha256:{}", sha256(b"plain").to_hex()),
        format!("digest sha512:{}", "0f".repeat(64)),
        "actor alice@example.org".into(),
        "actor bob@example.org".into(),
        "actor ci@example.org".into(),
        format!("key {}", keyid(CI)),
        format!("key {}", keyid(9)),
    ];
    let mut found = keys(&entry);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn keys_of_other_entries() {
    let found = keys(&genesis());
    assert!(found.contains(&"trust ".to_string()));
    assert!(found.contains(&format!("key {}", keyid(ADMIN))));
    assert!(found.contains(&"version models.example.org/access".to_string()));

    let found = keys(&enrol("ci@example.org", CI));
    for expected in [
        "actor ci@example.org".to_string(),
        format!("key {}", keyid(CI)),
        format!("key {}", keyid(ADMIN)),
        format!("digest {}", spki(CI).key_id()),
        "version ci@example.org".to_string(),
    ] {
        assert!(found.contains(&expected), "{expected}");
    }
    assert!(!found.iter().any(|key| key.starts_with("trust")));

    let foreign = String::from_utf8(
        event::parse(&read("ci@example.org", 1, &[]))
            .unwrap()
            .envelope
            .payload()
            .to_vec(),
    )
    .unwrap()
    .replace(
        "https://glasslog.dev/artifact-access/v1",
        "https://slsa.dev/provenance/v1",
    );
    let found = keys(&super::fixture::sign_bytes(foreign.as_bytes(), &[CI]));
    assert!(found.contains(&"version resnet50@2.1".to_string()));
    assert!(found.contains(&"actor ci@example.org".to_string()));
    assert!(found.contains(&format!("key {}", keyid(CI))));
}

#[test]
fn what_cannot_be_read_has_one_key() {
    let mut bad = read("ci@example.org", 1, &[CI]);
    bad.push(b'\n');
    for entry in [&b""[..], b"\xff\xff", b"{}", &bad] {
        assert_eq!(keys(entry), ["malformed "]);
    }
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
        KeyKind::Detached,
        "",
        "3ae2266edc66b0ae8fe1aaa627356cd468455ac41a04dc694f535255adea155f",
    ),
];
