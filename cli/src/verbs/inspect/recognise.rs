//! Recognises the kind of a file by its content alone, because a name can lie.

use glasslog_core::event::{self, Spki, parse_secret_pem};
use glasslog_core::fetch::{Bundle, HEADER};
use glasslog_core::index::fraud::Fraud;
use glasslog_core::merkle::ConsistencyProof;
use glasslog_core::note::{Checkpoint, SignerKey, TlogProof, VerifierKey};
use glasslog_core::text::json::Value;
use glasslog_core::text::limits::{MAX_BUNDLE_BYTES, MAX_TILE_BYTES};
use glasslog_core::tiles::parse_entries;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;

use super::facts;

/// The facts of a file, or what it looks like and why it is not that.
pub(super) fn recognise(bytes: &[u8]) -> Result<Value<'static>, Option<String>> {
    if bytes.starts_with(HEADER.as_bytes()) {
        return like(
            "a bundle",
            Bundle::parse(bytes).map(|bundle| facts::bundle(&bundle)),
        );
    }
    if bytes.starts_with(b"glasslog-inconsistency/") {
        return like(
            "the evidence of an inconsistency",
            Inconsistency::parse(bytes).map(|found| facts::inconsistency(&found)),
        );
    }
    if bytes.starts_with(b"glasslog-index-fraud/") {
        return like(
            "a fraud proof",
            Fraud::parse(bytes).map(|fraud| facts::fraud(&fraud)),
        );
    }
    if bytes.starts_with(b"c2sp.org/tlog-proof@") {
        return like(
            "a proof",
            TlogProof::parse(bytes).map(|proof| facts::proof(&proof)),
        );
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => recognise_text(text).or_else(|why| recognise_bytes(bytes).ok_or(why)),
        Err(_) => recognise_bytes(bytes).ok_or(None),
    }
}

fn recognise_text(text: &str) -> Result<Value<'static>, Option<String>> {
    let line = text.trim_end();
    if text.starts_with("PRIVATE+KEY+") {
        return like(
            "a secret key",
            SignerKey::parse(line).map(|key| facts::signer_key(&key)),
        );
    }
    if text.contains("-----BEGIN PUBLIC KEY-----") {
        return like(
            "a public key",
            Spki::parse_pem(text).map(|(key, actor)| facts::actor_key("public key", &key, actor)),
        );
    }
    if text.contains(" PRIVATE KEY-----") {
        let key = parse_secret_pem(text)
            .map(|(key, actor)| facts::actor_key("secret key", &Spki::new(key.public()), actor));
        return like("a secret key", key);
    }
    if text.starts_with('{') {
        return like(
            "a signed event",
            event::parse(line.as_bytes()).map(|entry| facts::entry(&entry)),
        );
    }
    if text.contains("\n\n\u{2014} ") {
        return like(
            "a checkpoint",
            Checkpoint::parse(text.as_bytes()).map(|checkpoint| facts::checkpoint(&checkpoint)),
        );
    }
    if let Ok(key) = VerifierKey::parse(line) {
        return Ok(facts::verifier_key("public key", &key));
    }
    if let Some(proof) = ConsistencyProof::parse_lines(text)
        .ok()
        .filter(|proof| !proof.hashes().is_empty())
    {
        return Ok(facts::consistency_proof(&proof));
    }
    let policy = TrustPolicy::parse(text.as_bytes()).map(|policy| facts::policy(&policy));
    let keywords = [
        "log ",
        "witness ",
        "group ",
        "quorum ",
        "[log]",
        "[index]",
        "[audit]",
        "[genesis]",
    ];
    if policy.is_ok()
        || text
            .lines()
            .any(|line| keywords.iter().any(|word| line.starts_with(word)))
    {
        return like("a trust policy", policy);
    }
    Err(None)
}

/// Tiles and entry bundles carry no mark. Few tiles are also bundles: their lengths would have to fit by chance.
fn recognise_bytes(bytes: &[u8]) -> Option<Value<'static>> {
    if bytes.is_empty() || bytes.len() > MAX_BUNDLE_BYTES {
        return None;
    }
    if let Some(entries) = count_entries(bytes).and_then(|width| parse_entries(bytes, width).ok()) {
        return Some(facts::entry_bundle(&entries));
    }
    (bytes.len().is_multiple_of(32) && bytes.len() <= MAX_TILE_BYTES).then(|| facts::tile(bytes))
}

/// Returns the number of length-prefixed entries that fill the bytes exactly.
fn count_entries(bytes: &[u8]) -> Option<u16> {
    let mut rest = bytes;
    let mut count = 0;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        rest = after.get(usize::from(u16::from_be_bytes(*length))..)?;
        count += 1;
    }
    (rest.is_empty() && count <= 256).then_some(count)
}

fn like<E: core::fmt::Display>(
    what: &str,
    facts: Result<Value<'static>, E>,
) -> Result<Value<'static>, Option<String>> {
    facts.map_err(|error| Some(format!("{what}, but: {error}")))
}
