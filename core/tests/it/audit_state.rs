//! The vectors of states of audits (`docs/formats/audit-state.md`), and the states that are refused.

use glasslog_core::merkle::sha256;
use glasslog_core::text::wire::hex_encode;
use glasslog_core::verify::audit::state::{AuditState, AuditStateError};
use std::fs;
use std::path::PathBuf;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/vectors/audit-state")
}

fn state(name: &str) -> Vec<u8> {
    fs::read(vectors().join(name)).unwrap()
}

/// The same text with the digest that it needs.
fn sealed(text: &[u8]) -> Vec<u8> {
    let digest = format!("sha256 {}\n", hex_encode(sha256(text).as_bytes()));
    [text, digest.as_bytes()].concat()
}

fn without_digest(state: &[u8]) -> &[u8] {
    &state[..state.len() - 72]
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from);
    let at = at.unwrap_or_else(|| panic!("{:?} is in it", String::from_utf8_lossy(from)));
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn states_are_read_and_written_again() {
    for (name, read) in [
        ("whole.state", 5),
        ("plain.state", 5),
        ("partial.state", 8_192),
    ] {
        let bytes = state(name);
        let parsed = AuditState::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(parsed.read(), read, "{name}");
        assert_eq!(parsed.encode(), bytes, "{name}");
        assert_eq!(sealed(without_digest(&bytes)), bytes, "{name}");
    }
}

#[test]
fn what_the_vectors_refuse_is_refused() {
    let whole = state("whole.state");
    let cases: serde_json::Value =
        serde_json::from_slice(&fs::read(vectors().join("refused.json")).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() > 15);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let changed = replace(&whole, text("from").as_bytes(), text("to").as_bytes());
        let changed = match case["sealed"].as_bool().unwrap() {
            true => sealed(without_digest(&changed)),
            false => changed,
        };
        let code = AuditState::parse(&changed).map_err(|error| error.code());
        assert_eq!(code.err(), Some(text("code")), "{case}");
    }
}

#[test]
fn no_damage_passes() {
    let whole = state("whole.state");
    for end in 0..whole.len() {
        assert!(AuditState::parse(&whole[..end]).is_err(), "cut at {end}");
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(AuditState::parse(&damaged).is_err(), "byte {at}");
    }
    let longer = [whole.as_slice(), b"\n"].concat();
    assert_eq!(AuditState::parse(&longer), Err(AuditStateError::Damaged));
}

#[test]
fn whatever_is_sealed_has_one_spelling() {
    let whole = state("whole.state");
    let text = without_digest(&whole);
    for at in (0..text.len()).step_by(3) {
        let mut changed = text.to_vec();
        changed[at] ^= 1;
        let changed = sealed(&changed);
        if let Ok(parsed) = AuditState::parse(&changed) {
            assert_eq!(parsed.encode(), changed, "byte {at}");
        }
    }
}
