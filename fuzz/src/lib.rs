//! Properties that every fuzz target checks of a parser: it never panics, and accepts one spelling of each value.

use std::fmt::Debug;

/// Parses `bytes`, and if that succeeds, expects `encode` to return the same bytes.
///
/// # Panics
/// The parser accepted an input that is not canonical.
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

/// Returns the input as text, for parsers of text.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// A trust policy, the newest checkpoint of its log, and a bundle of that log, kept as seeds.
pub const POLICY: &[u8] = include_bytes!("../seeds/policy/trust");
/// See [`POLICY`].
pub const CHECKPOINT: &[u8] = include_bytes!("../seeds/checkpoint/log");
/// See [`POLICY`].
pub const BUNDLE: &[u8] = include_bytes!("../seeds/bundle/history");
