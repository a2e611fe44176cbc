//! Every bound on hostile input, with the reason for its number.

/// Largest log entry in bytes: entry bundles carry a `uint16` length (tlog-tiles, "Log entries").
pub const MAX_ENTRY: usize = 65_535;
