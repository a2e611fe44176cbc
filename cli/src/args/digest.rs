//! Digests as arguments.

use glasslog_core::event;
use glasslog_core::merkle::Hash;

use crate::failure::Failure;

/// Reads `sha256:HEX`, or the hex digits alone.
///
/// # Errors
/// The text has another form (exit 2).
pub(crate) fn parse_digest(text: &str) -> Result<Hash, Failure> {
    event::parse_digest(text).ok_or_else(|| {
        Failure::usage(format!(
            "`{text}` is not a digest: expected `sha256:` and 64 hex digits"
        ))
    })
}
