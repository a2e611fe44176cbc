//! What every fuzz target asks of a parser: it never panics, and what it accepts has one spelling.

use std::fmt::Debug;

/// Parses `bytes`, and where that succeeds, expects `encode` to give back the same bytes.
///
/// # Panics
/// When an accepted input is not the canonical one.
pub fn canonical<T, E>(
    bytes: &[u8],
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
    encode: impl FnOnce(&T) -> Vec<u8>,
) -> Option<T>
where
    E: Debug,
{
    let parsed = parse(bytes).ok()?;
    let encoded = encode(&parsed);
    assert!(
        encoded == bytes,
        "accepted {:?}, which encodes as {:?}",
        String::from_utf8_lossy(bytes),
        String::from_utf8_lossy(&encoded)
    );
    Some(parsed)
}

/// Input as text, for parsers of text.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// A trust policy, the newest checkpoint of its log, and a bundle of that log: made once, kept as seeds.
pub const POLICY: &[u8] = include_bytes!("../seeds/policy/trust");
/// See [`POLICY`].
pub const CHECKPOINT: &[u8] = include_bytes!("../seeds/checkpoint/log");
/// See [`POLICY`].
pub const BUNDLE: &[u8] = include_bytes!("../seeds/bundle/history");
