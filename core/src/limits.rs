//! Every bound on hostile input, with the reason for its number.

/// Largest log entry in bytes: entry bundles carry a `uint16` length (tlog-tiles, "Log entries").
pub const MAX_ENTRY: usize = 65_535;

/// Most hashes in an inclusion proof: a tree of up to 2^64 − 1 leaves is at most 64 levels high (RFC 9162 §2.1.3).
pub const MAX_INCLUSION_PROOF: usize = 64;

/// Most hashes in a consistency proof: one for the old tree's edge, and a path of at most 64 levels (RFC 9162 §2.1.4).
pub const MAX_CONSISTENCY_PROOF: usize = 65;
